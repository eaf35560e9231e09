"""The built metric agrees with every golden readmission folder, value by value (give your own with --golden DIR)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.metrics.cases import read_cases
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.reference.importer import import_reference
from tests.support.golden import Answer, GoldenFolder, combined_answer, compare, find_golden_folders
from tests.support.golden_sets import write_hospital_set, write_overlapping_claims
from tests.support.landing import write_landing
from tests.support.pipeline import SETTINGS, plain, read_rows, statuses

DECLARED = ("complete_through", "disposition_required", "icd9")
OWN = Path(__file__).parent / "own"
KINDS = {
    "readmission-value-sets": "",
    "ccs-icd10": "",
    "ccs-icd9": "",
    "ms-drg-table5": "cms_ipps_fy2026_table5.csv",
}
"""Reference kind → its file in the terminology folder ("" is the folder itself)."""
TUVA_NAMES = {
    "admitted_at": "encounter_start_date",
    "discharged_at": "encounter_end_date",
    "total_charges": "charge_amount",
    "procedure_code": "source_code",
    "updated_at": "ingest_datetime",
}


@pytest.fixture(scope="module")
def reference(terminology_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("reference")
    for kind, name in KINDS.items():
        import_reference(kind, terminology_dir / name, store, imported_at=datetime(2026, 1, 1, tzinfo=UTC))
    return store


@pytest.mark.parametrize("road", ["canonical", "tuva"])
def test_the_metric_agrees_with_every_golden_row(
    road: str, golden_dir: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = find_golden_folders(golden_dir)
    if not folders:
        pytest.skip(f"{golden_dir} holds no golden readmission folder")
    faults = []
    for number, golden in enumerate(folders):
        answers = pipeline_answers(golden, tmp_path / str(number), reference, road=road)
        comparison = compare(golden, answers)
        with capsys.disabled():
            print(f"\n  {comparison.summary(str(golden))}", end="")
        assert comparison.values > comparison.rows > 0
        if comparison.wrong:
            faults += [comparison.summary(str(golden)), *comparison.wrong[:20]]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("road", ["canonical", "tuva"])
def test_the_metric_agrees_with_the_cases_of_our_own(road: str, tmp_path: Path) -> None:
    """They need no file from outside: the code tables that come with the program know their few codes."""
    (golden,) = find_golden_folders(OWN)
    comparison = compare(golden, pipeline_answers(golden, tmp_path, None, road=road))
    assert comparison.rows == 20
    assert not comparison.wrong, "\n".join(comparison.wrong)


@pytest.mark.parametrize("write", [write_overlapping_claims, write_hospital_set])
def test_the_metric_agrees_with_a_generated_set(write: Callable[..., GoldenFolder], tmp_path: Path) -> None:
    """The short form of `make golden-sets`, which writes 8,000 and 51,051 encounters for --golden."""
    golden = write(tmp_path / "set", n_encounters=600, seed=20261201)
    comparison = compare(golden, pipeline_answers(golden, tmp_path, None, road="canonical"))
    assert comparison.index_rows > 100
    assert not comparison.wrong, "\n".join(comparison.wrong[:20])


def pipeline_answers(golden: GoldenFolder, folder: Path, reference: Path | None, *, road: str) -> dict[str, Answer]:
    """Builds a warehouse from a golden folder and reads the answers out of the metric and the warehouse.

    road: the folder as it is, or under the names of Tuva's input layer.
    """
    options = {name: golden.options[name] for name in DECLARED if name in golden.options}
    landing = write_landing(folder / "landing", {}, options)
    for table, tuva_table in (("encounters", "encounter"), ("procedures", "procedure")):
        header, rows = (golden.path / f"{table}.csv").read_text(encoding="utf-8-sig").split("\n", 1)
        names = [TUVA_NAMES.get(name, name) if road == "tuva" else name for name in header.strip().split(",")]
        file = landing / f"{tuva_table if road == 'tuva' else table}.csv"
        file.write_text("\n".join([",".join(names), rows.replace("\r", "")]), encoding="utf-8")
    warehouse = folder / "kpi.duckdb"
    build_warehouse(landing, warehouse, source=road, reference=reference, settings=SETTINGS)
    return answers_of(warehouse)


def answers_of(warehouse: Path) -> dict[str, Answer]:
    """One answer per input encounter: a fault, a later part of a stay, or a stay with its case."""
    answers: dict[str, Answer] = {}
    for encounter_id, status in statuses(warehouse).items():
        fault = "invalid:missing_discharge_date" if status == "in_house" else status
        answers[encounter_id] = {"status": fault, "is_index": 0, "exclusion_reason": fault}
    cases = {row["case_id"]: row for row in read_cases(warehouse, "readmission_30d").to_dict("records")}
    stays = read_rows(
        warehouse,
        """
        SELECT stay_encounters.encounter_id, stay_id, COALESCE(
                stays.length_of_stay_days,
                GREATEST(DATE_DIFF('day', stays.admitted_on, stays.billed_through_on), 1)
            ), stay_planned_care.planned_rule
        FROM stay_encounters
        JOIN stays USING (stay_id)
        JOIN stay_planned_care USING (stay_id)
        WHERE stays.discharged_on IS NOT NULL OR stays.billed_through_on IS NOT NULL
        """,
    )
    for encounter_id, stay_id, days, planned_rule in stays:
        if encounter_id == stay_id:
            answers[encounter_id] = _answer_of(cases[stay_id], days=days, planned_rule=planned_rule)
        else:
            answers[encounter_id] = combined_answer(stay_id)
    return answers


def _answer_of(case: Answer, *, days: int, planned_rule: str | None) -> Answer:
    reason = plain(case["exclusion_reason"])
    returned = plain(case["return_case_id"])
    return {
        "status": "ok",
        "stay_id": case["case_id"],
        "combined_into": None,
        "is_index": int(reason is None),
        "exclusion_reason": reason,
        "readmit_encounter_id": returned,
        "days_to_readmit": plain(case["days_to_return"]),
        "readmit_30_all": int(bool(plain(case["is_return_within_30_days"]))),
        "readmit_30_unplanned": plain(case["numerator"]),
        "first_readmit_planned": int(bool(plain(case["is_return_planned"]))) if returned else None,
        "specialty_cohort": plain(case["cohort"]),
        "dx_ccs": plain(case["ccs"]),
        "planned": int(planned_rule is not None),
        "planned_rule": planned_rule,
        "los_days": days,
    }
