"""Denials and waits by party: rows that add up, the rest gathered, and nothing small for a board."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement.denials import Denials, DenialSums
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.drivers.waits import judge_waits
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.tables.denials import judge_denials
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.groups import Span
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.pages.barriers import build_barriers
from tests.metrics.test_gaps import sums
from tests.report.invented_report import LAST, METRICS, report_inputs

OURS = load_metrics()
DENIALS = {name: OURS[name] for name in ("denied_usd_received", "denials_appealed")}
SETTINGS = Settings(denial_reasons={"50": "Not medically necessary"})


def denials(*payers: tuple[str, float, int, int], reason: str = "50") -> Denials:
    """(payer, dollars, denials, appealed) of one reason; the same denials were a year's cohort."""
    n, usd, appealed = (sum(row[at] for row in payers) for at in (2, 1, 3))
    received = sums(*(("payer", name, usd, n) for name, usd, n, _ in payers), ("reason_code", reason, usd, n))
    cohort = sums(*(("payer", name, won, n) for name, _, n, won in payers), ("reason_code", reason, appealed, n))
    cohort["n_event_persons"] = cohort["numerator"]
    return Denials(
        DenialSums("denied_usd_received", Span(12, LAST), received),
        (DenialSums("denials_appealed", Span(12, Month(2026, 8)), cohort),),
    )


def inputs_of(found: Denials, **more: Any) -> ReportInputs:
    return replace(report_inputs(settings=SETTINGS), metrics={**METRICS, **DENIALS}, denials=found, **more)


BOTH = denials(("A", 6000.0, 60, 30), ("B", 3000.0, 40, 20), ("", 1000.0, 30, 12))


def test_rows_are_ordered_by_dollars_and_add_up_to_all() -> None:
    judged = judge_denials(inputs_of(BOTH), {}, {})
    assert judged is not None
    payers, reasons = judged.tables
    assert [(row.name, row.n_denials, row.usd, row.share_pct) for row in payers.rows] == [
        ("A", 60, 6000.0, 60.0),
        ("B", 40, 3000.0, 30.0),
        ("", 30, 1000.0, 10.0),
        ("All", 130, 10000.0, 100.0),
    ]
    assert [row.outcomes["denials_appealed"] for row in payers.rows][:2] == [50.0, 50.0]
    assert [row.name for row in reasons.rows] == ["50", "All"]


def test_many_payers_keep_those_with_most_dollars_and_gather_the_rest() -> None:
    judged = judge_denials(inputs_of(denials(*((f"P{at}", 100.0 * at, 50, 25) for at in range(1, 11)))), {}, {})
    assert judged is not None
    rows = judged.tables[0].rows
    assert [row.name for row in rows] == ["P10", "P9", "P8", "P7", "P6", "P5", "Other", "All"]
    assert (rows[-2].n_denials, rows[-2].usd) == (200, 1000.0)
    assert sum(row.usd for row in rows[:-1]) == rows[-1].usd == 5500.0


def test_for_a_board_a_payer_of_few_denials_takes_the_next_with_it() -> None:
    found = denials(("A", 6000.0, 60, 30), ("B", 3000.0, 40, 20), ("C", 100.0, 4, 2), ("D", 900.0, 35, 18))
    judged = judge_denials(inputs_of(found, privacy="board"), {}, {})
    assert judged is not None
    assert {row.name for row in judged.tables[0].rows if row.is_withheld} == {"C", "D"}
    for row in judged.tables[0].rows:
        assert isinstance(row.outcomes["denials_appealed"], Withheld) == row.is_withheld


def test_many_denials_of_few_patients_are_withheld() -> None:
    found = denials(("A", 6000.0, 60, 30), ("B", 3000.0, 40, 20), ("C", 900.0, 35, 18))
    found.received.sums.loc[found.received.sums["group"] == "A", "n_persons"] = 5.0
    judged = judge_denials(inputs_of(found, privacy="board"), {}, {})
    assert judged is not None
    assert "A" in {row.name for row in judged.tables[0].rows if row.is_withheld}


def test_a_facilitys_copy_that_withholds_has_no_denials() -> None:
    inputs = inputs_of(BOTH, facility_id="A", facility_name="Lakeside", privacy="board")
    assert judge_denials(inputs, {}, {}) is None


def test_the_page_names_the_largest_payer_and_its_figures_are_in_the_table() -> None:
    report, tables = build_report_and_tables(inputs_of(BOTH))
    (page,) = [one for one in report.further_sections if one.name == "barriers"]
    assert page.title == "Payers denied $10,000 in twelve months, A 60% of it"
    assert page.blocks[0].tables[0].rows[2] == ("Not recorded", "30", "$1,000", "10%", "40.0%")
    assert page.blocks[1].tables[0].rows[0][0] == "Not medically necessary"
    assert "barriers/denials_by_payer/A/denied_usd" in tables["figures.csv"]
    assert build_barriers(judge(report_inputs())) is None


WAITS = pd.DataFrame(
    [("BED", None, 60, 60, 150.0), ("PAY", "payer", 50, 50, 90.0)],
    columns=["reason_code", "responsible_party", "n_stays", "n_persons", "days"],
)


def parties(n_few: int) -> Drivers:
    rows = [("BED", "hospital", n_few, n_few, 20.0), ("BED", "payer", 50, 50, 130.0), ("PAY", "payer", 50, 50, 90.0)]
    frame = pd.DataFrame(rows, columns=["reason_code", "responsible_party", "n_stays", "n_persons", "days"])
    first = LAST.plus(-11)
    return Drivers(first_month=first, last_month=LAST, n_discharges=900, waits=WAITS, wait_parties=frame)


def test_waits_stand_by_reason_and_party() -> None:
    judged = judge_waits(report_inputs(), {}, parties(3))
    assert judged is not None
    assert judged.by_party is not None
    assert judged.by_party.parties == ("payer", "hospital")
    assert judged.by_party.rows == {"BED": ((130.0, 20.0), 150.0), "PAY": ((90.0, 0.0), 90.0)}


def test_where_each_reason_has_one_party_the_table_of_reasons_says_it_all() -> None:
    frame = pd.DataFrame(
        [("BED", "hospital", 60, 60, 150.0), ("PAY", "payer", 50, 50, 90.0)],
        columns=["reason_code", "responsible_party", "n_stays", "n_persons", "days"],
    )
    drivers = replace(parties(3), wait_parties=frame)
    judged = judge_waits(report_inputs(), {}, drivers)
    assert judged is not None
    assert judged.by_party is None


def test_for_a_board_a_reason_with_a_party_of_few_stays_shows_no_party() -> None:
    few, many = (judge_waits(report_inputs(privacy="board"), {}, parties(n)) for n in (3, 20))
    assert few is not None
    assert few.by_party is not None
    assert few.by_party.rows["BED"] == ((Withheld.SMALL, Withheld.SMALL), 150.0)
    assert few.by_party.rows["PAY"] == ((90.0, 0.0), 90.0)
    assert many is not None
    assert many.by_party is not None
    assert many.by_party.rows["BED"] == ((130.0, 20.0), 150.0)
