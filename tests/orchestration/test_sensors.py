"""When new files start a build, and what is told of a run that failed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.orchestration.definitions import BUILD_JOB, build_defs
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.orchestration.sensors import FailureLog, failed_run_notice, folder_state


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def look(landing: Path, cursor: str | None) -> tuple[int, str, str | None]:
    """One tick: how many runs are asked for, why none, and the new cursor."""
    sensor = build_defs().resolve_sensor_def("new_files_in_landing")
    assert sensor.job_name == BUILD_JOB
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"hospital": Hospital(landing=str(landing))}
        )
        tick = sensor.evaluate_tick(context)
    return len(tick.run_requests or []), tick.skip_message or "", tick.cursor


def test_files_that_stay_for_two_looks_start_one_build(landing: Path) -> None:
    (landing / "encounters.csv").write_text("encounter_id\n1\n", encoding="utf-8")
    runs, reason, cursor = look(landing, None)
    assert (runs, reason) == (0, "Files have changed; waiting until they stay.")
    runs, _, cursor = look(landing, cursor)
    assert runs == 1
    runs, reason, cursor = look(landing, cursor)
    assert (runs, reason) == (0, "Nothing has changed since the last build.")


def test_a_file_that_still_grows_is_waited_for(landing: Path) -> None:
    file = landing / "encounters.csv"
    file.write_text("encounter_id\n", encoding="utf-8")
    _, _, cursor = look(landing, None)
    file.write_text("encounter_id\n1\n", encoding="utf-8")
    runs, reason, cursor = look(landing, cursor)
    assert (runs, reason) == (0, "Files have changed; waiting until they stay.")
    assert look(landing, cursor)[0] == 1


def test_a_wrong_file_that_is_taken_away_again_is_a_change_each_time(landing: Path) -> None:
    right, wrong = landing / "encounters.csv", landing / "wrong.csv"
    right.write_text("encounter_id\n1\n", encoding="utf-8")
    sensor = build_defs().resolve_sensor_def("new_files_in_landing")
    keys, cursor = [], None
    with dg.DagsterInstance.ephemeral() as instance:
        for change in (None, "come", "go", "come", "go"):
            if change == "come":
                wrong.write_text("x", encoding="utf-8")
                os.utime(wrong, (1, 1))  # the very same file each time
            elif change == "go":
                wrong.unlink()
            for _ in range(3):
                context = dg.build_sensor_context(
                    instance=instance, cursor=cursor, resources={"hospital": Hospital(landing=str(landing))}
                )
                tick = sensor.evaluate_tick(context)
                cursor = tick.cursor
                keys += [request.run_key for request in tick.run_requests or []]
    assert len(keys) == len(set(keys)) == 5  # Dagster starts no second run of the same key


@pytest.mark.parametrize("is_there", [True, False])
def test_an_empty_or_missing_folder_starts_nothing(landing: Path, is_there: bool) -> None:
    if not is_there:
        landing.rmdir()
    runs, reason, _ = look(landing, None)
    assert (runs, reason) == (0, "The landing folder is missing or empty.")


def test_the_state_of_a_folder_changes_with_name_and_size_and_not_with_hidden_files(landing: Path) -> None:
    (landing / "a.csv").write_text("x", encoding="utf-8")
    before = folder_state(landing)
    (landing / ".a.csv.part").write_text("x", encoding="utf-8")
    assert folder_state(landing) == before
    (landing / "a.csv").rename(landing / "b.csv")
    assert folder_state(landing) != before


def test_the_cursor_holds_hashes_and_no_file_names(landing: Path) -> None:
    (landing / "encounters_Jane_Doe.csv").write_text("x", encoding="utf-8")
    _, _, cursor = look(landing, None)
    assert cursor is not None
    assert set(json.loads(cursor)) == {"seen", "built", "builds"}
    assert "Jane" not in cursor


def test_a_failed_run_is_told_of_by_name_and_not_by_its_error_text() -> None:
    told: list[tuple[str, str]] = []

    class Listener(FailureLog):
        def tell(self, job_name: str, run_id: str) -> None:
            told.append((job_name, run_id))

    @dg.op
    def reads_a_row() -> None:
        raise ValueError("person 4711")

    @dg.job
    def nightly() -> None:
        reads_a_row()

    with dg.DagsterInstance.ephemeral() as instance:
        result = nightly.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_run_notice",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        failed_run_notice(context, failure_notice=Listener())
    assert told == [("nightly", result.run_id)]
