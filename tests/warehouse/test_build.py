"""A build checks itself before anything is published: keys, sums, refused rows.

Equal inputs give equal snapshots.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline import build as pipeline
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.build import build_tables, check_conservation
from kpi_pipeline.warehouse.facts import read_build_facts
from tests.support.landings import GOOD, HEADER, Files, encounters, land, line, tables_of, take_in
from tests.support.said import said

REFUSED = line("", admitted_at="2026-10-01")


def faults_of_build(folder: Path, files: Files, *, settings: Settings = Settings()) -> list[str]:
    with pytest.raises(CheckError) as caught, tables_of(folder, files, settings=settings):
        pass
    return [str(fault) for fault in caught.value.faults]


def test_a_facility_may_not_be_named_like_the_whole_system(tmp_path: Path) -> None:
    assert faults_of_build(tmp_path, encounters(line("E1", facility_id="all"))) == [
        "facilities: 'all' is reserved for the whole system. Give the facility another id."
    ]


def test_a_facility_may_be_named_nearly_like_it(tmp_path: Path) -> None:
    with tables_of(tmp_path, encounters(line("E1", facility_id="All"))) as connection:
        assert connection.execute("SELECT facility_id FROM facilities").fetchall() == [("All",)]


def test_an_extract_of_which_nothing_can_be_used_is_refused_however_small(tmp_path: Path) -> None:
    assert faults_of_build(tmp_path, encounters(REFUSED, REFUSED)) == [
        "encounters: all 2 rows were refused, so there is nothing to count. "
        "See kpi check --landing DIR for the reasons."
    ]


def test_keys_are_unique_in_every_kept_table(tmp_path: Path) -> None:
    rows = [GOOD, GOOD, line("E1", person_id="P2"), line("E2"), line("E3", discharged_at="")]
    census = "facility_id,unit_id,census_on,patients\nF1,,2026-10-01,3\nF1,,2026-10-01,4\nF1,U1,2026-10-01,4\n"
    files = {**encounters(*rows), "census.csv": census, "diagnoses.csv": "encounter_id,code\nE1,I10\nE1,I10\n"}
    with tables_of(tmp_path, files) as connection:
        assert connection.execute("SELECT COUNT(*) FROM encounters").fetchall() == [(3,)]
        assert connection.execute("SELECT COUNT(*) FROM census").fetchall() == [(2,)]
        assert connection.execute("SELECT COUNT(*) FROM diagnoses").fetchall() == [(1,)]


def test_a_key_that_is_not_unique_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kpi_pipeline.warehouse.engines import engine
    from kpi_pipeline.warehouse.tables import load_tables

    doubled = tuple(
        table.model_copy(update={"sql": f"{table.sql} UNION ALL {table.sql}"}) if table.name == "training" else table
        for table in load_tables()
    )
    monkeypatch.setattr(engine, "load_tables", lambda: doubled)
    training = "case_manager_id,course\nCM1,Ethics\n"
    assert faults_of_build(tmp_path, {**encounters(GOOD), "training.csv": training}) == [
        "training: 1 values of its key (case_manager_id, course, due_on) are not unique."
    ]


def test_rows_that_do_not_add_up_stop_the_build() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            """CREATE TABLE row_ledger AS SELECT * FROM (VALUES
                ('encounters', 'a.csv', 10, 7, 1, 1, 1), ('denials', 'd.csv', 1200, 1198, 1, 0, 0)
            ) AS rows (table_name, file_name, rows_in, staged, quarantined, duplicate, superseded)"""
        )
        with pytest.raises(CheckError) as caught:
            check_conservation(connection)
    assert str(caught.value) == "d.csv → denials: 1,200 rows went in and 1,199 came out. Report this as a bug."


@pytest.mark.parametrize(
    ("refused", "good", "limit", "stops"),
    [
        (3, 57, 5.0, False),  # exactly 5 %
        (4, 56, 5.0, True),
        (2, 2, 5.0, False),  # half the rows, but fewer than three
        (3, 3, 60.0, False),
        (3, 0, 100.0, False),
    ],
)
def test_more_refused_rows_than_the_limit_stop_the_build(
    refused: int, good: int, limit: float, stops: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load_metrics", dict)  # measures have no part in this
    monkeypatch.setattr(pipeline, "write_all_values", lambda *_, **__: None)
    denials = "denial_id,encounter_id\n" + "".join(f"D{n},E1\n" for n in range(good)) + ",E1\n" * refused
    landing = land(tmp_path / "landing", {**encounters(GOOD), "denials.csv": denials})
    settings = Settings(quarantine_limit_pct=limit, quarantine_limit_from_rows=3)
    if not stops:
        build_warehouse(landing, tmp_path / "kpi.duckdb", settings=settings)
        return
    with pytest.raises(CheckError) as caught:
        build_warehouse(landing, tmp_path / "kpi.duckdb", settings=settings)
    assert str(caught.value) == (
        "denials: 4 of 60 rows were refused, more than the limit of 5%. "
        "See kpi check --landing DIR for the reasons; correct the extract, or raise quarantine_limit_pct."
    )
    assert not (tmp_path / "kpi.duckdb").exists()


def test_the_same_inputs_give_the_same_snapshot_and_any_change_another(tmp_path: Path) -> None:
    def snapshot(files: Files, settings: Settings = Settings()) -> str:
        intake = take_in(tmp_path, files)
        with duckdb.connect() as connection:
            return build_tables(
                connection, intake, reference=None, settings=settings, built_at=datetime.now(UTC).isoformat()
            )

    files = {**encounters(GOOD), "landing.yaml": "icd9: false\n"}
    first = snapshot(files)
    assert snapshot({}, Settings(hospital_name="Another name", quarantine_limit_pct=7)) == first
    others = [
        snapshot({}, Settings(min_denominator=5)),
        snapshot({"landing.yaml": "icd9: true\n"}),
        snapshot({"encounters_2.csv": HEADER + line("E2")}),
    ]
    assert len({first, *others}) == 4


def warnings_of(folder: Path, files: Files) -> list[str]:
    with tables_of(folder, files) as connection:
        return list(said(read_build_facts(connection).warnings))


def test_numbers_that_two_facilities_both_use_are_told(tmp_path: Path) -> None:
    rows = [line("E1", facility_id="F1"), line("E1", facility_id="F2"), line("E2", facility_id="F1")]
    assert warnings_of(tmp_path, encounters(*rows))[:1] == [
        "encounters: 1 row was replaced by a row of another facility with the same encounter_id. "
        "Unless they moved, make the ids unique across facilities."
    ]


def test_an_extract_without_acute_stays_is_told(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, encounters(line("E1", encounter_type="Inpatient")))[-1:] == [
        "No encounter has the encounter_type 'acute inpatient', so there are no stays to measure."
    ]
    assert warnings_of(tmp_path / "upper", encounters(line("E1", encounter_type="Acute Inpatient"))) == []
