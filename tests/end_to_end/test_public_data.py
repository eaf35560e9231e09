"""Public data that nobody here invented, tied to the plain files by counting them again without the pipeline."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import BuildFacts
from tests.support.said import said

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"

TextRow = dict[str, str]


@dataclass(frozen=True)
class Built:
    """A warehouse built from public files, and those files as plain rows."""

    warehouse: Path
    facts: BuildFacts
    files: dict[str, list[TextRow]]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.warehouse) as connection:
            return connection.execute(query).fetchall()

    def values(self, metric: str) -> pd.DataFrame:
        return read_values(self.warehouse, [metric]).values

    def statuses(self) -> dict[str, set[str]]:
        values = read_values(self.warehouse).values
        return {str(metric): set(rows["status"]) for metric, rows in values.groupby("metric")}


def build(folder: str, tmp: Path, *, source: str, reference: Path | None = None) -> Built:
    path = DATA / folder
    if not path.is_dir():
        pytest.skip(f"the public data are not here: ../shared/data/{folder} does not exist")
    files = {}
    for file in path.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            files[file.name] = list(csv.DictReader(stream))
    built = build_warehouse(path, tmp / "kpi.duckdb", source=source, reference=reference)
    return Built(tmp / "kpi.duckdb", built.facts, files)


def distinct(rows: list[TextRow], key: str) -> dict[str, TextRow]:
    """The first row of each key."""
    first: dict[str, TextRow] = {}
    for row in rows:
        first.setdefault(row[key], row)
    return first


# ---- CMS DE-SynPUF: claims whose rows a join has multiplied ----


@pytest.fixture(scope="module")
def synpuf(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("synpuf2010", tmp_path_factory.mktemp("synpuf"), source="synpuf")


@pytest.fixture(scope="module")
def claims(synpuf: Built) -> list[TextRow]:
    return synpuf.files["2010_claims.csv"]


@pytest.fixture(scope="module")
def inpatient(claims: list[TextRow]) -> dict[str, TextRow]:
    return distinct([row for row in claims if row["claim_type"] == "Inpatient"], "clm_id")


def test_every_claim_counts_once(synpuf: Built, claims: list[TextRow], inpatient: dict[str, TextRow]) -> None:
    assert len(inpatient) == 4_890
    found = synpuf.rows("SELECT encounter_type, COUNT(*), COUNT(DISTINCT encounter_id) FROM encounters GROUP BY ALL")
    outpatient = len(distinct(claims, "clm_id")) - len(inpatient)
    assert sorted(found) == [("acute inpatient", 4_890, 4_890), ("outpatient", outpatient, outpatient)]


def test_payments_are_not_paid_twice(synpuf: Built, claims: list[TextRow], inpatient: dict[str, TextRow]) -> None:
    as_delivered = sum(float(row["clm_pmt_amt"]) for row in claims if row["claim_type"] == "Inpatient")
    once_each = sum(float(row["clm_pmt_amt"]) for row in inpatient.values())
    assert (once_each, as_delivered) == (49_509_210, 50_499_610)
    (paid,) = synpuf.rows("SELECT SUM(paid_amount) FROM encounters WHERE encounter_type = 'acute inpatient'")
    assert paid == (49_509_210,)


def test_the_copies_a_join_made_are_reported(synpuf: Built, claims: list[TextRow]) -> None:
    ledger = {row.table: row for row in synpuf.facts.ledger}["encounters"]
    assert (ledger.rows_in, ledger.staged, ledger.duplicate) == (10_000, 9_876, 124)
    assert (ledger.quarantined, ledger.superseded) == (0, 0)
    copies = synpuf.rows("SELECT source_line FROM row_versions WHERE table_name = 'encounters' AND fate = 'duplicate'")
    kinds = Counter(claims[line - 2]["claim_type"] for (line,) in copies)
    assert kinds == {"Inpatient": 110, "Outpatient": 14}


def test_payments_tie_month_by_month(synpuf: Built, inpatient: dict[str, TextRow]) -> None:
    expected: dict[str, float] = defaultdict(float)
    for row in inpatient.values():
        expected[row["clm_thru_dt"][:7]] += float(row["clm_pmt_amt"])
    found = synpuf.rows(
        "SELECT STRFTIME(discharged_on, '%Y-%m'), SUM(paid_amount) FROM encounters "
        "WHERE encounter_type = 'acute inpatient' GROUP BY ALL"
    )
    assert dict(found) == expected


def test_the_amounts_of_a_stay_are_those_of_its_claims(synpuf: Built) -> None:
    (in_stays,) = synpuf.rows("SELECT SUM(paid_amount) FROM stays")
    (in_their_claims,) = synpuf.rows(
        "SELECT SUM(paid_amount) FROM encounters INNER JOIN stay_encounters USING (encounter_id)"
    )
    assert in_stays == in_their_claims


def test_diagnoses_are_unpivoted_once_for_each_claim(synpuf: Built, claims: list[TextRow]) -> None:
    expected = {
        (row["clm_id"], number, row[f"icd9_dgns_cd_{number}"])
        for row in claims
        for number in (1, 2)
        if row[f"icd9_dgns_cd_{number}"] != "NULL"
    }
    found = synpuf.rows("SELECT encounter_id, sequence, code FROM diagnoses")
    assert len(found) == len(expected)
    assert set(found) == expected


def test_an_id_that_only_looks_like_a_number_is_kept(synpuf: Built, claims: list[TextRow]) -> None:
    facilities = {row["prvdr_num"] for row in claims}
    assert "10S0QS" in facilities
    assert {row[0] for row in synpuf.rows("SELECT facility_id FROM facilities")} == facilities


def test_discharges_are_the_stays_that_ended_within_the_year(synpuf: Built) -> None:
    values = synpuf.values("discharges")
    (ended,) = synpuf.rows("SELECT COUNT(*) FROM stays WHERE discharged_on <= DATE '2010-12-31'")
    system = values[values["facility_id"] == "all"]
    assert system["n_cases"].sum() == ended[0]
    assert (system["value"] == system["n_cases"] - system["n_excluded"]).all()  # out: what a silent feed holds back
    assert set(system["status"]) == {"ok"}


def test_readmission_needs_a_map_of_icd_9_and_has_it_once_imported(
    synpuf: Built, terminology_dir: Path, tmp_path: Path
) -> None:
    (without,) = synpuf.values("readmission_30d").to_dict("records")
    assert (without["status"], without["status_reason"]) == (
        "not_computable",
        "icd_codes_unmapped",
    )
    import_reference("ccs-icd9", terminology_dir, tmp_path / "reference", imported_at=datetime(2026, 1, 1, tzinfo=UTC))
    mapped = build("synpuf2010", tmp_path, source="synpuf", reference=tmp_path / "reference")
    values = mapped.values("readmission_30d")
    system = values[(values["facility_id"] == "all") & (values["maturity"] == "final")]
    assert list(system["month"])[:1] == ["2010-01"]
    assert set(system["status"]) == {"ok"}
    assert 0 < system["numerator"].sum() < system["denominator"].sum()
    unmapped = [warning for warning in said(mapped.facts.warnings) if "in no loaded CCS map" in warning]
    assert len(unmapped) == 1  # codes that lost their leading zeros are counted, not repaired


# ---- Synthea: another shape, another vocabulary, times in UTC ----


@pytest.fixture(scope="module")
def synthea(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("synthea_csv", tmp_path_factory.mktemp("synthea"), source="synthea")


def test_every_encounter_is_accounted_for(synthea: Built) -> None:
    plain = synthea.files["encounters.csv"]
    ledger = {row.table: row for row in synthea.facts.ledger}
    assert ledger["encounters"].rows_in == len(plain) == 7_584
    assert ledger["encounters"].staged == len(distinct(plain, "Id")) == 7_584
    assert ledger["facilities"].rows_in == len(synthea.files["organizations.csv"])
    assert ledger["diagnoses"].rows_in == len(synthea.files["conditions.csv"])
    assert ledger["procedures"].rows_in == len(synthea.files["procedures.csv"])
    assert sum(row.quarantined for row in ledger.values()) == 0


def test_kinds_and_charges_tie(synthea: Built) -> None:
    plain = synthea.files["encounters.csv"]
    kinds = Counter(row["ENCOUNTERCLASS"] for row in plain)
    found = dict(synthea.rows("SELECT encounter_type, COUNT(*) FROM encounters GROUP BY ALL"))
    assert found["acute inpatient"] == kinds["inpatient"] > 0
    assert found["emergency department"] == kinds["emergency"]
    assert sum(found.values()) == sum(kinds.values())
    (charged,) = synthea.rows("SELECT SUM(total_charges) FROM encounters")
    assert charged[0] == pytest.approx(sum(float(row["TOTAL_CLAIM_COST"]) for row in plain))


def test_a_lookup_gives_each_encounter_its_payer_and_its_patient(synthea: Built) -> None:
    payers = {row["Id"]: row["NAME"] for row in synthea.files["payers.csv"]}
    born = {row["Id"]: date.fromisoformat(row["BIRTHDATE"]) for row in synthea.files["patients.csv"]}
    expected = {
        row["Id"]: (payers.get(row["PAYER"]), born.get(row["PATIENT"])) for row in synthea.files["encounters.csv"]
    }
    found = synthea.rows("SELECT encounter_id, payer, birth_date FROM encounters")
    assert {encounter_id: (payer, birth_date) for encounter_id, payer, birth_date in found} == expected


def test_days_are_those_of_the_hospitals_clock(synthea: Built) -> None:
    chicago = ZoneInfo("America/Chicago")

    def local_day(text: str) -> date:
        return datetime.fromisoformat(text).astimezone(chicago).date()

    expected = {row["Id"]: (local_day(row["START"]), local_day(row["STOP"])) for row in synthea.files["encounters.csv"]}
    found = synthea.rows("SELECT encounter_id, admitted_on, discharged_on FROM encounters")
    assert {encounter_id: (start, end) for encounter_id, start, end in found} == expected
    assert any(
        local_day(row["STOP"]) != date.fromisoformat(row["STOP"][:10]) for row in synthea.files["encounters.csv"]
    )


def test_what_snomed_cannot_give_is_said_and_the_rest_is_computed(synthea: Built) -> None:
    statuses = synthea.statuses()
    (readmission,) = synthea.values("readmission_30d").to_dict("records")
    assert (readmission["status"], readmission["status_reason"]) == ("not_computable", "no_icd_codes")
    assert statuses["discharges"] == {"ok"}
    assert statuses["length_of_stay_days"] <= {"ok", "too_few"}
    for metric in ("total_cost_per_case_usd", "case_mix_index", "denials_per_100_discharges"):
        assert statuses[metric] == {"not_supplied"}
