"""The whole road with real parts: files land, Dagster builds and drafts, a person approves, Postfix delivers."""

from __future__ import annotations

import email
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.delivery.bounces import read_bounces
from kpi_pipeline.delivery.outbox import list_mails
from kpi_pipeline.delivery.register import archive_of, list_issues
from kpi_pipeline.orchestration.definitions import BUILD_JOB, REPORT_JOB, build_defs
from kpi_pipeline.orchestration.delivery import PUBLISH_JOB, SEND_JOB
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder, open_desk
from kpi_pipeline.state.events import as_stored, chain_faults
from kpi_pipeline.state.models import OutboxEntry
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.orchestration.conftest import execute, hospital_in
from tests.orchestration.test_delivery import run, tick
from tests.orchestration.test_runs import failed_steps
from tests.support.mail_server import DOMAIN, PASSWORD, MailServer, running_mail_server

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
      - {address: gone@hospital.example, name: Ann Departed}
  - name: board
    scope: all
    profile: board
    people:
      - {address: chair@hospital.example, name: Kim Chair}
      - {address: careful@hospital.example, name: Lee Novák}
"""


@pytest.fixture
def server() -> Iterator[MailServer]:
    people = ["ceo", "chair", "careful", "it", "reports"]
    with running_mail_server(people, bouncing=["gone"], greylisted=["careful"]) as started:
        yield started


@pytest.fixture
def hospital(server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """A hospital with settings, audiences and a mail server, and nothing in its landing folder yet."""
    (tmp_path / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
    (tmp_path / "kpi.yaml").write_text(
        f"""
delivery:
  audiences: audiences.yaml
  gate: {{min_coded_pct: 0, min_costed_pct: 0}}
  mail:
    host: localhost
    port: {server.smtp_port}
    user: reports@{DOMAIN}
    sender: reports@{DOMAIN}
    ca_file: {server.ca_file}
    bounces: imaps://reports%40{DOMAIN}@localhost:{server.imap_port}/INBOX
""",
        encoding="utf-8",
    )
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("KPI_SETTINGS", str(tmp_path / "kpi.yaml"))
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    monkeypatch.setenv("KPI_IMAP_PASSWORD_FILE", str(secret))
    (tmp_path / "landing").mkdir()
    return hospital_in(tmp_path)


@pytest.mark.long
def test_files_become_mails_in_a_real_server_with_one_persons_approval(
    hospital: Hospital, server: MailServer, tmp_path: Path
) -> None:
    build_from_files_that_land(hospital, tmp_path)
    draft_on_the_working_day(hospital)
    assert not tick(hospital, "approved_reports").run_requests
    command(hospital, "issue", "approve", MONTH, "--by", "Director of Case Management")
    (request,) = tick(hospital, "approved_reports").run_requests or []
    assert failed_steps(run(hospital, PUBLISH_JOB, request.run_config)) == {}
    send_what_is_due(hospital)
    first = states(hospital)
    assert first.pop("gone") in ("sent", "bounced")  # as quickly as the server sends it back
    assert first == {"ceo": "sent", "chair": "sent", "careful": "queued"}
    (returned,) = server.wait_for("reports", 1)
    a_minute_passes(hospital)
    send_what_is_due(hospital)
    assert states(hospital) == {"ceo": "sent", "gone": "bounced", "chair": "sent", "careful": "sent"}
    assert [one.recipient for one in read_bounces(returned)] == [f"gone@{DOMAIN}"]
    assert tick(hospital, "waiting_mails").skip_message == "No mail is due."
    everybody_has_what_the_archive_has(hospital, server)
    assert len(server.wait_for("it", 1)) == 1  # the operators were told once that it waits for approval


def build_from_files_that_land(hospital: Hospital, folder: Path) -> None:
    """Files are copied in; the sensor builds once they stay as they are."""
    sensor = build_defs().resolve_sensor_def("new_files_in_landing")
    generate_hospital(folder / "sent", scale=0.02)
    cursor: str | None = None
    asked = []
    with dg.DagsterInstance.ephemeral() as instance:
        for moment in ("empty", "copied", "still", "built"):
            if moment == "copied":
                shutil.copytree(folder / "sent", hospital.landing_folder, dirs_exist_ok=True)
            context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"hospital": hospital})
            result = sensor.evaluate_tick(context)
            cursor = result.cursor or cursor
            asked.append(len(result.run_requests or []))
    assert asked == [0, 0, 1, 0]
    assert failed_steps(execute(hospital, BUILD_JOB)) == {}


def draft_on_the_working_day(hospital: Hospital) -> None:
    """The schedule asks for October on a November morning; what was just built is reported and drafted."""
    repository = build_defs().get_repository_def()
    schedule = repository.get_schedule_def("report_on_working_day")
    with dg.DagsterInstance.local_temp() as instance:
        morning = datetime(2026, 11, 12, 6, tzinfo=ZoneInfo("America/New_York"))
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=morning, repository_def=repository
        )
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == MONTH
    done = execute(hospital, REPORT_JOB, months=MONTH, only=["monthly_report", "monthly_issue_draft"])
    assert failed_steps(done) == {}


def send_what_is_due(hospital: Hospital) -> None:
    assert len(tick(hospital, "waiting_mails").run_requests or []) == 1
    assert failed_steps(run(hospital, SEND_JOB)) == {}


def a_minute_passes(hospital: Hospital) -> None:
    """The mail that was put off is due; the test does not wait for it."""
    with open_desk(hospital.warehouse_file, settings=read_settings()) as desk, desk.database.writing() as session:
        due = update(OutboxEntry).where(OutboxEntry.state == "queued")
        session.execute(due.values(next_try_at=as_stored(datetime.now(UTC))))


def command(hospital: Hospital, *words: str) -> str:
    """A command as a person gives it."""
    done = CliRunner().invoke(app, [*words, "--warehouse", hospital.warehouse])
    assert done.exit_code == 0, done.output
    return done.output


def states(hospital: Hospital) -> dict[str, str]:
    with open_desk(hospital.warehouse_file, settings=read_settings()) as desk:
        return {mail.recipient.split("@")[0]: mail.state for mail in list_mails(desk.database)}


def everybody_has_what_the_archive_has(hospital: Hospital, server: MailServer) -> None:
    """One mail each, read by a mail program: its PDF is the archive's, byte for byte."""
    settings = read_settings()
    with open_desk(hospital.warehouse_file, settings=settings) as desk:
        folders = {one.audience: archive_of(desk.database, one.id) for one in list_issues(desk.database)}
        assert {one.state for one in list_issues(desk.database)} == {"issued"}
        with desk.database.reading() as session:
            assert chain_faults(session) == []
    for user, audience in (("ceo", "executives"), ("chair", "board"), ("careful", "board")):
        (content,) = server.wait_for(user, 1)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        (pdf,) = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
        archived = folders[audience]
        assert archived is not None
        (kept,) = (archive_folder(hospital.warehouse_file, settings) / archived[0]).glob("*.pdf")
        assert pdf.get_content() == kept.read_bytes()
        assert "with ESMTPSA" in str(mail["Received"])  # over TLS, logged in
