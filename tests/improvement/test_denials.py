"""Denials by payer and reason: each denial once, with the payer who denied and what became of it in its own time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.denials import read_denials
from kpi_pipeline.improvement.drivers.queries import query_wait_parties
from kpi_pipeline.metrics.declaration import load_metrics
from tests.improvement.test_driver_queries import HEADER as STAY_HEADER
from tests.improvement.test_driver_queries import OCTOBER, STAYS
from tests.support.landings import tables_of

METRICS = load_metrics()
HEADER = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,payer\n"
FILES = {
    "encounters.csv": HEADER
    + "E1,P1,F1,acute inpatient,2025-09-01,2025-09-05,Plan A\n"
    + "E2,P2,F1,acute inpatient,2026-10-01,2026-10-31,Plan A\n"
    + "E3,P3,F1,observation,2026-10-01,2026-10-02,Plan A\n",
    "denials.csv": "denial_id,encounter_id,payer,denied_on,denied_amount,reason_code,appealed_on,decided_on,outcome\n"
    # The cohort of September 2025 is a year old; one of two was won back in time, one a day late.
    "D1,E1,Plan A,2025-09-10,1000,50,2025-09-20,2026-09-10,overturned\n"
    "D2,E1,Plan B,2025-09-11,300,50,2025-09-20,2026-09-12,overturned\n"
    # Received in October 2026: by Plan B, though the stay's payer is Plan A; one without a reason; no stay; no amount.
    "D3,E2,Plan B,2026-10-20,700,197,,,\n"
    "D4,E2,Plan B,2026-10-21,50,,,,\n"
    "D5,E3,Plan B,2026-10-22,9000,50,,,\n"
    "D6,E2,Plan A,2026-10-23,,50,,,\n",
}


def final(name: str, month: str) -> dict[str, str]:
    return {"metric": name, "facility_id": "all", "month": month, "maturity": "final", "status": "ok"}


def test_denials_are_cut_by_the_payer_who_denied_and_by_reason(tmp_path: Path) -> None:
    values = pd.DataFrame(
        [
            final("denied_usd_not_recovered", "2025-09"),
            final("denials_appealed", "2025-09"),
            final("denied_usd_received", "2025-09"),
        ]
    )
    with tables_of(tmp_path, FILES) as connection:
        found = read_denials(connection, Month(2026, 10), metrics=METRICS, values=values)
    assert found is not None
    received = found.received.sums.set_index(["dimension", "group"])
    assert received["numerator"].dropna().to_dict() == {
        ("", ""): 750.0,
        ("payer", "Plan B"): 750.0,
        ("reason_code", "197"): 700.0,
        ("reason_code", ""): 50.0,
    }
    assert received.loc[("payer", "Plan A"), "n_excluded"] == 1  # its amount is not known
    assert received.loc[("payer", "Plan B"), "n_persons"] == 1  # two denials of one patient
    outcomes = {one.metric: one for one in found.outcomes}
    assert outcomes.keys() == {"denied_usd_not_recovered", "denials_appealed"}  # no appeal is final yet
    lost = outcomes["denied_usd_not_recovered"].sums.set_index(["dimension", "group"])
    assert lost["numerator"].to_dict() == {
        ("", ""): 300.0,
        ("payer", "Plan A"): 0.0,
        ("payer", "Plan B"): 300.0,
        ("reason_code", "50"): 300.0,
    }


def test_where_no_denials_were_supplied_there_is_no_table(tmp_path: Path) -> None:
    with tables_of(tmp_path, {"encounters.csv": FILES["encounters.csv"]}) as connection:
        assert read_denials(connection, Month(2026, 10), metrics=METRICS, values=pd.DataFrame()) is None


def test_days_waited_for_one_reason_because_of_two_parties_count_under_each(tmp_path: Path) -> None:
    files = {
        "encounters.csv": STAY_HEADER + "".join(STAYS),
        "avoidable_days.csv": "encounter_id,starts_on,ends_on,reason_code,responsible_party\n"
        "E1,2026-10-02,2026-10-05,BED,payer\nE1,2026-10-03,2026-10-06,BED,hospital\nE3,2026-10-22,2026-10-24,BED,payer\n"
        "E4,2026-10-02,2026-10-05,BED,payer\nE3,2026-10-25,2026-10-26,,\n",
    }
    with tables_of(tmp_path, files) as connection:
        found = query_wait_parties(connection, OCTOBER)
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("", "", 1, 1, 1.0),
        ("BED", "hospital", 1, 1, 3.0),
        ("BED", "payer", 2, 2, 5.0),  # E4 was discharged in November
    ]
