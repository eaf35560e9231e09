"""Dagster runs over a small synthetic hospital: what they make, what stops them, and what they tell."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values, values_file, values_folder
from kpi_pipeline.orchestration import checks
from kpi_pipeline.orchestration.definitions import BUILD_JOB, REPORT_JOB
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.warehouse.tables import kept_tables
from tests.orchestration.conftest import Built, execute

OVER_NEW_YEAR = ("2025-11", "2026-02")


def failed_steps(run: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Each failed step with what Dagster shows of its error."""
    events = [event for event in run.all_events if event.is_step_failure]
    return {
        str(event.step_key): str(event.step_failure_data.user_failure_data or event.step_failure_data.error)
        for event in events
    }


def test_one_run_makes_every_table_and_metric_and_passes_every_check(built: Built) -> None:
    assert failed_steps(built.run) == {}
    made = {event.asset_key for event in built.run.get_asset_materialization_events()}
    assert {("metric", name) for name in load_metrics()} <= {tuple(key.path) for key in made if key}
    evaluations = built.run.get_asset_check_evaluations()
    of_metrics = sum(4 if metric.flows else 3 for metric in load_metrics().values())
    assert len(evaluations) == 2 * len(load_contracts()) + of_metrics
    assert [f"{e.asset_key}: {e.check_name}: {e.description}" for e in evaluations if not e.passed] == []


def test_rows_told_to_dagster_are_the_rows_of_the_files(built: Built) -> None:
    told = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in built.run.get_asset_materialization_events()
        if event.asset_key
    }
    text = (built.hospital.landing_folder / "denials.csv").read_text(encoding="utf-8")
    n_rows = len(list(csv.DictReader(text.splitlines())))
    assert told["staged/denials"]["rows_in"].value == n_rows > 0
    assert told["quarantine"]["dagster/row_count"].value > 0


def test_the_landing_files_are_observed_with_a_hash(built: Built) -> None:
    (observation,) = built.run.get_asset_observation_events()
    assert observation.asset_observation_data.asset_observation.metadata["files"].value > 10


def test_nothing_that_dagster_keeps_holds_a_patients_number(built: Built) -> None:
    with duckdb.connect(str(built.hospital.warehouse_file), read_only=True) as connection:
        ids = {
            str(value)
            for column in ("encounter_id", "person_id")
            for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM encounters").fetchall()
        }
    assert len(ids) > 1000
    told = json.dumps([dg.serialize_value(event) for event in built.run.all_events])
    words = {word for text in told.split('"') for word in text.replace("\\", " ").split()}
    assert "rows_are_conserved" in words
    assert words & ids == set()


@pytest.mark.long
def test_a_range_of_months_is_reported_in_one_run(copied: Hospital) -> None:
    # As many months as are drawn side by side, over the turn of a year; `make browser` launches three years.
    run = execute(copied, REPORT_JOB, months=OVER_NEW_YEAR, only=["monthly_report"])
    assert failed_steps(run) == {}
    pdfs = sorted(copied.reports_folder.glob("*.pdf"))
    assert len(pdfs) == 4
    assert all(pdf.read_bytes().startswith(b"%PDF-") for pdf in pdfs)
    months = {event.partition for event in run.get_asset_materialization_events()}
    assert months == {"2025-11", "2025-12", "2026-01", "2026-02"}


def test_the_monthly_job_goes_from_files_to_report_and_the_same_files_give_the_same_snapshot(
    built: Built, copied: Hospital
) -> None:
    run = execute(copied, REPORT_JOB, months="2026-10")
    assert failed_steps(run) == {}
    assert [path.name for path in copied.reports_folder.glob("*.pdf")] == ["kpi-report-2026-10.pdf"]
    before = read_values(built.hospital.warehouse_file).snapshot_id
    assert read_values(copied.warehouse_file).snapshot_id == before


def test_values_are_there_as_soon_as_the_warehouse_is_swapped_in(built: Built, copied: Hospital) -> None:
    # The warehouse step alone, no metric asset yet: a report asked for now must find every value of the new snapshot.
    before = read_values(built.hospital.warehouse_file).snapshot_id
    denials = copied.landing_folder / "denials.csv"
    denials.write_text("\n".join(denials.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    tables = [f"warehouse/{table.name}" for table in kept_tables()]
    run = execute(copied, BUILD_JOB, only=tables)
    assert failed_steps(run) == {}
    stored = read_values(copied.warehouse_file)
    assert stored.snapshot_id != before
    assert set(stored.values["metric"]) == load_metrics().keys()


def test_a_metric_asset_shows_what_the_build_stored_and_computes_nothing(
    copied: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.metrics.values.compute_values", None)
    run = execute(copied, BUILD_JOB, only=["metric/discharges"])
    assert failed_steps(run) == {}
    (told,) = run.get_asset_materialization_events()
    assert told.materialization.metadata["cases"].value > 1000


def test_too_large_a_quarantine_stops_the_run_before_the_warehouse_is_replaced(
    copied: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copied.warehouse_file.read_bytes()
    set_quarantine_limit(copied, 0.0, monkeypatch)
    failures = failed_steps(execute(copied, REPORT_JOB, months="2026-10"))
    assert list(failures) == ["warehouse"]
    assert "more than the limit of 0%" in failures["warehouse"]
    assert "Traceback" not in failures["warehouse"]
    assert copied.warehouse_file.read_bytes() == before
    assert not copied.reports_folder.exists()


def test_a_failing_warehouse_check_stops_metrics_and_report(copied: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    # The library itself refuses such a build; here it is made to let it pass, to see that the check does not.
    monkeypatch.setattr("kpi_pipeline.pipeline.build._too_many_quarantined", lambda facts, settings: [])
    set_quarantine_limit(copied, 0.0, monkeypatch)
    run = execute(copied, REPORT_JOB, months="2026-10")
    assert list(failed_steps(run)) == ["warehouse_checks"]
    failed = [evaluation for evaluation in run.get_asset_check_evaluations() if not evaluation.passed]
    assert [(e.asset_key.path[-1], e.check_name) for e in failed] == [("encounters", checks.QUARANTINE_SHARE)]
    assert not copied.reports_folder.exists()


def test_rows_that_do_not_add_up_fail_the_check_of_their_table(copied: Hospital) -> None:
    with duckdb.connect(str(copied.warehouse_file)) as connection:
        connection.execute("UPDATE row_ledger SET staged = staged - 1 WHERE table_name = 'denials'")
    failed = failing_checks(copied, "warehouse_checks")
    assert failed == {("denials", checks.CONSERVED)}


def test_values_of_another_snapshot_fail_the_check(copied: Hospital) -> None:
    snapshot_id = read_values(copied.warehouse_file).snapshot_id
    values_file(values_folder(copied.warehouse_file, snapshot_id), load_metrics()["discharges"]).unlink()
    assert failing_checks(copied, "metric_checks") == {("discharges", checks.PRESENT_SNAPSHOT)}


def test_a_case_that_the_values_do_not_count_fails_the_check(copied: Hospital) -> None:
    with duckdb.connect(str(copied.warehouse_file)) as connection:
        connection.execute("DELETE FROM cm_cases WHERE encounter_id = (SELECT MIN(encounter_id) FROM cm_cases)")
        connection.execute("DELETE FROM stays WHERE stay_id = (SELECT MIN(stay_id) FROM stays WHERE NOT is_in_house)")
    failed = failing_checks(copied, "metric_checks")
    assert ("discharges", checks.EVERY_CASE_COUNTED) in failed
    assert {check for _, check in failed} == {checks.EVERY_CASE_COUNTED}


def test_a_missing_landing_folder_is_said_plainly(tmp_path: Path) -> None:
    run = execute(Hospital(landing=str(tmp_path / "nowhere"), warehouse=str(tmp_path / "w.duckdb")), BUILD_JOB)
    failures = failed_steps(run)
    assert list(failures) == ["staged"]
    assert "there is no such landing folder" in failures["staged"]


def test_a_database_error_is_told_by_its_kind_since_its_text_can_quote_a_row(
    copied: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise duckdb.ConversionException("Could not convert string 'Jane Doe' to INT32")

    monkeypatch.setattr("kpi_pipeline.pipeline.build.read_landing", stumble)
    run = execute(copied, BUILD_JOB)
    told = json.dumps([dg.serialize_value(event) for event in run.all_events])
    assert "ConversionException" in told
    assert "Jane Doe" not in told


def set_quarantine_limit(hospital: Hospital, limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = hospital.landing_folder.parent / "kpi.yaml"
    settings.write_text(f"quarantine_limit_pct: {limit}\nquarantine_limit_from_rows: 1\n", encoding="utf-8")
    monkeypatch.setenv("KPI_SETTINGS", str(settings))


def failing_checks(hospital: Hospital, step: str) -> set[tuple[str, str]]:
    """Runs one step of checks alone and returns (table or metric, check) of those that fail."""
    (definition,) = [found for found in checks.build_checks() if found.node_def.name == step]
    job = dg.Definitions(
        asset_checks=[definition],
        jobs=[dg.define_asset_job("look_again", selection=dg.AssetSelection.checks(definition))],
        resources={"hospital": hospital},
        executor=dg.in_process_executor,
    ).resolve_job_def("look_again")
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(instance=instance, raise_on_error=False)
    return {(str(e.asset_key.path[-1]), e.check_name) for e in run.get_asset_check_evaluations() if not e.passed}
