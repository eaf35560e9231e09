"""What somebody could try to have a report sent that nobody approved, or a file written where none belongs.

Header injection by every field is in `test_message`, audience files that widen themselves in `declared/test_audiences`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.delivery.archive import issue_path, write_issue
from kpi_pipeline.delivery.files import safe_name
from kpi_pipeline.delivery.issues import approve, finish_publication, reserve_number
from kpi_pipeline.delivery.outbox import claim, mails_of
from kpi_pipeline.delivery.register import Issue, list_issues
from kpi_pipeline.pipeline.issuing.issues import draft_month, publish_month
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.models import IssueEntry
from tests.support.delivery import NOON, OCTOBER, StubDesk
from tests.support.smtp_sink import PASSWORD, settings_for, start_sink

PATH_TRICKS = (
    "..", ".", "../../etc/cron.d/x", "/etc/passwd", "a/../../b", "..\\..\\x", "a\x00b", "", "~root", "$HOME", "%2e%2e",
    "\u2025/\u2025", "con", "nul.txt", "-rf", ".hidden", "a" * 4000, "e\u0301", "\u00e9", "a\nb", "\udcff",
)  # fmt: skip


@pytest.fixture
def unapproved(desk: StubDesk) -> Issue:
    """A report in review that nobody approved."""
    desk.restrict("executives")
    (drafted,) = draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    return drafted.issue


@pytest.mark.parametrize("trick", PATH_TRICKS)
def test_no_facility_or_audience_name_leads_out_of_the_archive(trick: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    path = issue_path(scope=trick, month=trick, number=1, audience=trick)
    written = write_issue(archive, path, {"kpi-report.pdf": b"%PDF-"}, about={})
    folder = (archive / written.path).resolve()
    assert folder.is_relative_to(archive.resolve())
    assert len(folder.relative_to(archive.resolve()).parts) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["archive"]


def test_two_names_never_share_a_folder() -> None:
    assert len({safe_name(trick) for trick in PATH_TRICKS}) == len(PATH_TRICKS)


def test_no_door_of_the_register_publishes_what_nobody_approved(desk: StubDesk, unapproved: Issue) -> None:
    other = "0" * 64
    doors = {
        "publish": lambda: publish_month(desk, OCTOBER, by="Mallory", at=NOON),
        "number": lambda: reserve_number(desk.database, unapproved.id, by="Mallory", at=NOON),
        "finish": lambda: finish(desk, unapproved),
        "approve other bytes": lambda: approve(
            desk.database, unapproved.id, pdf_sha256=other, by="M", at=NOON, comment="", two_person=True
        ),
        "approve one's own": lambda: approve(
            desk.database, unapproved.id, pdf_sha256=unapproved.pdf_sha256, by=" ANALYST", at=NOON, comment="",
            two_person=True,
        ),
    }  # fmt: skip
    for name, door in doors.items():
        with pytest.raises(DeliveryError):
            door()
        assert [(one.state, one.number) for one in list_issues(desk.database)] == [("in_review", None)], name


@pytest.mark.parametrize("state", ["approved", "publishing"])
def test_a_state_set_past_the_register_is_no_approval(desk: StubDesk, unapproved: Issue, state: str) -> None:
    set_state(desk, unapproved, state)
    with pytest.raises(DeliveryError, match="not approved"):
        publish_month(desk, OCTOBER, by="Mallory", at=NOON)
    with pytest.raises(DeliveryError, match=r"not (approved|being published)"):
        finish(desk, unapproved)
    assert not list(desk.archive.rglob("manifest.json"))


@pytest.mark.parametrize("state", ["in_review", "approved", "publishing", "issued"])
def test_a_mail_put_into_the_outbox_past_the_register_sends_nothing(
    desk: StubDesk, unapproved: Issue, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    sink = start_sink(tmp_path)
    set_state(desk, unapproved, state)
    with desk.database.writing() as session:
        session.add_all(mails_of(unapproved, desk.audiences.audiences[0], mail=None, at=NOON))
    room = Mailroom(desk.database, desk.archive, desk.audiences, settings_for(sink, tmp_path))
    assert drain_outbox(room, clock=lambda: NOON).counts["sent"] == 0
    if state != "issued":
        assert claim(desk.database, now=NOON) is None
    with pytest.raises(DeliveryError, match="it is not sent"):
        room.letter(unapproved, "pdf")
    assert sink.messages == []
    sink.stop()


def finish(desk: StubDesk, issue: Issue) -> Issue:
    path = "all/2026-10/issue-1-executives"
    return finish_publication(desk.database, issue.id, path=path, manifest_sha256="0" * 64, mails=[], by="M", at=NOON)


def set_state(desk: StubDesk, issue: Issue, state: str) -> None:
    with desk.database.writing() as session:
        session.execute(update(IssueEntry).where(IssueEntry.id == issue.id).values(state=state))
