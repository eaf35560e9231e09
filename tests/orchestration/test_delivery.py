"""From report to inbox in Dagster: drafted, published after an approval, sent; a backfill does none of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.delivery.outbox import counts
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.orchestration.definitions import REPORT_JOB, build_defs
from kpi_pipeline.orchestration.delivery import PUBLISH_JOB, SEND_JOB, newest_arrival
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.pipeline.issuing.issues import approve_month, open_desk
from tests.orchestration.conftest import execute
from tests.orchestration.test_runs import failed_steps
from tests.support.smtp_sink import PASSWORD, Sink, start_sink

MONTH = "2026-10"
AUDIENCES = """
allowed_domains: [hospital.example]
operators: [it@hospital.example]
audiences:
  - name: executives
    scope: all
    profile: internal
    people:
      - {address: ceo@hospital.example, name: Dana Ortiz}
      - {address: cfo@hospital.example, name: Lee Novák, form: notice}
"""


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    started = start_sink(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def mailing(copied: Hospital, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """The built hospital with audiences and a mail server."""
    (tmp_path / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
    (tmp_path / "kpi.yaml").write_text(
        f"delivery:\n  audiences: audiences.yaml\n  gate: {{min_coded_pct: 0, min_costed_pct: 0}}\n"
        f"  mail: {{host: localhost, port: {sink.port}, user: kpi, ca_file: cert.pem, "
        "sender: reports@hospital.example}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("KPI_SETTINGS", str(tmp_path / "kpi.yaml"))
    return copied


def tick(hospital: Hospital, name: str) -> dg.SensorExecutionData:
    sensor = build_defs().resolve_sensor_def(name)
    with dg.DagsterInstance.ephemeral() as instance:
        return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, resources={"hospital": hospital}))


def run(hospital: Hospital, job: str, config: dict[str, object] | None = None) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        definition = build_defs({"hospital": hospital}).resolve_job_def(job)
        return definition.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


@pytest.mark.slow
def test_a_month_goes_from_report_to_inbox_with_one_approval_by_a_person(mailing: Hospital, sink: Sink) -> None:
    assert tick(mailing, "approved_reports").skip_message == "There is no state yet."
    drafted = execute(mailing, REPORT_JOB, months=MONTH, only=["monthly_issue_draft"])
    assert failed_steps(drafted) == {}
    assert sink.taken() == {"it@hospital.example": 1}  # the operators are told that it waits
    assert not tick(mailing, "approved_reports").run_requests
    settings = read_settings()
    with open_desk(mailing.warehouse_file, settings=settings) as desk:
        approve_month(desk, Month.parse(MONTH), by="Director", at=datetime.now(UTC))
    (request,) = tick(mailing, "approved_reports").run_requests or []
    published = run(mailing, PUBLISH_JOB, request.run_config)
    assert failed_steps(published) == {}
    assert not tick(mailing, "approved_reports").run_requests
    assert len(tick(mailing, "waiting_mails").run_requests or []) == 1
    assert failed_steps(run(mailing, SEND_JOB)) == {}
    assert failed_steps(run(mailing, SEND_JOB)) == {}
    people = {f"{who}@hospital.example": 1 for who in ("ceo", "cfo", "it")}
    assert sink.taken() == people
    assert tick(mailing, "waiting_mails").skip_message == "No mail is due."
    with open_desk(mailing.warehouse_file, settings=settings) as desk:
        assert counts(desk.database) == {"sent": 2}
        assert {one.state for one in list_issues(desk.database)} == {"issued"}


@pytest.mark.slow
def test_a_backfill_drafts_publishes_and_mails_nothing(mailing: Hospital, sink: Sink) -> None:
    done = execute(mailing, REPORT_JOB, months=("2026-09", MONTH), only=["monthly_issue_draft"])
    assert failed_steps(done) == {}
    assert not mailing.warehouse_file.with_suffix(".drafts").exists()
    assert sink.messages == []
    assert not tick(mailing, "approved_reports").run_requests


def test_an_unapproved_month_cannot_be_published_by_the_job(mailing: Hospital) -> None:
    refused = run(mailing, PUBLISH_JOB, {"ops": {"publish": {"config": {"month": MONTH}}}})
    assert "has no draft" in failed_steps(refused)["publish"]


def test_a_source_that_stopped_is_told_once_a_day(
    mailing: Hospital, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "The newest file arrived" in (tick(mailing, "stale_source").skip_message or "")
    assert sink.messages == []
    assert newest_arrival(mailing.landing_folder) is not None
    empty = Hospital(landing=str(mailing.landing_folder / "none"), warehouse=mailing.warehouse)
    assert "1 operators told" in (tick(empty, "stale_source").skip_message or "")
    assert b"arrived: never" in sink.messages[0][1]
