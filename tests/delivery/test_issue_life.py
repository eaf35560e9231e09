"""Draft, gate, approval, publication, supersession, withdrawal: on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from kpi_pipeline.core.errors import DeliveryError, InputError
from kpi_pipeline.delivery.archive import folder_faults, read_manifest
from kpi_pipeline.delivery.gate import Obstacle
from kpi_pipeline.delivery.outbox import counts, list_mails
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issue_story import tell_month, withdraw_issue
from kpi_pipeline.pipeline.issuing.issues import approve_month, draft_month, override_gate, publish_month
from kpi_pipeline.state.events import chain_faults, read_events
from tests.support.delivery import NOON, OCTOBER, StubDesk, failing_at, issue_month


def states(desk: StubDesk) -> list[tuple[str, str, int | None]]:
    return [(one.audience, one.state, one.number) for one in list_issues(desk.database)]


def kinds(desk: StubDesk) -> list[str]:
    with desk.database.reading() as session:
        assert chain_faults(session) == []
        return [event.kind for event in read_events(session)]


def test_a_month_is_drafted_approved_and_published_once(desk: StubDesk) -> None:
    published = issue_month(desk)
    assert states(desk) == [("board", "issued", 1), ("executives", "issued", 1)]
    assert counts(desk.database) == {"queued": 3}
    for one in published:
        assert folder_faults(one.folder) == []
        assert {file.stat().st_mode & 0o777 for file in one.folder.rglob("*") if file.is_file()} == {0o400}
        assert {path.stat().st_mode & 0o777 for path in [one.folder, one.folder / "inputs"]} == {0o500}
        model = json.loads((one.folder / "kpi-report.model.json").read_bytes())
        assert model["front"]["issue"] == "Issue 1"
    above = {path for one in published for path in one.folder.relative_to(desk.archive).parents}
    assert {(desk.archive / path).stat().st_mode & 0o777 for path in above} == {0o700}
    assert publish_month(desk, OCTOBER, by="Analyst", at=NOON) == []  # again, and nothing changes
    assert counts(desk.database) == {"queued": 3}
    assert kinds(desk) == ["drafted"] * 2 + ["approved"] * 2 + ["numbered", "sealed", "issued"] * 2
    story = "\n".join(tell_month(desk, OCTOBER))
    assert "approved by Director" in story
    assert "mail 1 to chair@hospital.example: queued" in story


def test_only_listed_names_approve_and_each_from_its_own_account(
    desk: StubDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.state.events.getpass.getuser", lambda: "dortiz")
    approvers = {"M. Alvarez": "malvarez", "Dana Ortiz": "dortiz", "Lee Novák": ""}
    delivery = desk.settings.delivery.model_copy(update={"approvers": approvers})
    desk.settings = desk.settings.model_copy(update={"delivery": delivery})
    desk.obstacles = [Obstacle("costed", "few are costed")]
    with pytest.raises(DeliveryError, match="Director may not set a gate aside"):
        override_gate(desk, OCTOBER, "costed", by="Director", why="Agreed", at=NOON)
    override_gate(desk, OCTOBER, "costed", by="Lee Novák", why="Agreed", at=NOON)  # listed for any account
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    for name, why in (
        ("Director", r"Director may not approve\. Those who may: M\. Alvarez, Dana Ortiz, Lee Novák"),
        ("M. Alvarez", r"is not this account: it is dortiz's\. M\. Alvarez has to do it as the user malvarez"),
    ):
        with pytest.raises(DeliveryError, match=why):
            approve_month(desk, OCTOBER, by=name, at=NOON)
    approve_month(desk, OCTOBER, by="dana  ORTIZ", at=NOON)
    with desk.database.reading() as session:
        approvals = read_events(session, kind="approved")
    assert {(one.actor, one.account.partition("@")[0], one.body["by_list"]) for one in approvals} == {
        ("dana  ORTIZ", "dortiz", True)
    }
    with pytest.raises(DeliveryError, match="Analyst may not withdraw"):
        withdraw_issue(desk, OCTOBER, "board", "all", by="Analyst", why="Wrong facility.", at=NOON)
    assert {state for _, state, _ in states(desk)} == {"approved"}
    withdraw_issue(desk, OCTOBER, "board", "all", by="Dana Ortiz", why="Wrong facility.", at=NOON)
    with desk.database.reading() as session:
        (withdrawn,) = read_events(session, kind="withdrawn")
    assert withdrawn.body["by_list"] is True


def test_a_month_is_told_with_every_file_that_was_issued(desk: StubDesk) -> None:
    (first, *_) = issue_month(desk)
    story = tell_month(desk, OCTOBER)
    at = story.index(f"  archived in {first.folder}")
    names = [file.relative_to(first.folder).as_posix() for file in first.folder.rglob("*") if file.is_file()]
    assert story[at + 1] == "    kpi-report.pdf"
    assert sorted(line.strip() for line in story[at + 1 : at + 1 + len(names)]) == sorted(names)


def test_a_draft_has_no_number_and_nothing_is_published_without_approval(desk: StubDesk) -> None:
    drafted = draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert [one.issue.state for one in drafted] == ["in_review"] * 2
    assert all(b'"issue": "Draft"' in one.pdf.read_bytes() for one in drafted)
    with pytest.raises(DeliveryError, match="not approved"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert counts(desk.database) == {}
    assert not desk.archive.exists()


@pytest.mark.parametrize("by", ["Analyst", "analyst", "  ANALYST "])
def test_who_drafted_may_not_approve(desk: StubDesk, by: str) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    with pytest.raises(DeliveryError, match="A second person has to approve it") as raised:
        approve_month(desk, OCTOBER, by=by, at=NOON)
    assert len(raised.value.faults) == 2
    assert {state for _, state, _ in states(desk)} == {"in_review"}


def test_a_report_made_anew_needs_a_new_approval(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert {state for _, state, _ in states(desk)} == {"approved"}  # the same bytes
    desk.says = "length of stay is down"
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert {state for _, state, _ in states(desk)} == {"in_review"}
    with pytest.raises(DeliveryError, match="not approved"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)


def test_what_lies_there_must_be_what_was_drafted(desk: StubDesk) -> None:
    drafted = draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    drafted[0].pdf.write_bytes(b"%PDF- another")
    with pytest.raises(DeliveryError, match="what lies there is not what was drafted"):
        approve_month(desk, OCTOBER, by="Director", at=NOON)
    assert {state for _, state, _ in states(desk)} == {"in_review"}


def test_a_warehouse_or_settings_changed_since_stop_the_publication(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    desk.hashes["warehouse"] = "6666"
    with pytest.raises(DeliveryError, match="the warehouse changed since it was drafted"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    desk.hashes["warehouse"] = "5555"
    desk.says = "another sentence, though nothing seems changed"
    with pytest.raises(DeliveryError, match="is not the report that was approved"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert {number for _, _, number in states(desk)} == {None}


def test_the_gate_holds_until_it_is_set_aside_by_name_and_the_report_says_so(desk: StubDesk) -> None:
    desk.obstacles = [Obstacle("costed", "41.0 % of the discharges of October 2026 are costed.")]
    assert {one.issue.state for one in draft_month(desk, OCTOBER, by="Analyst", at=NOON)} == {"draft"}
    with pytest.raises(DeliveryError, match="may not be approved yet"):
        approve_month(desk, OCTOBER, by="Director", at=NOON)
    with pytest.raises(InputError, match="is not a gate"):
        override_gate(desk, OCTOBER, "all", by="CFO", why="We know.", at=NOON)
    with pytest.raises(InputError, match="--why"):
        override_gate(desk, OCTOBER, "costed", by="CFO", why="", at=NOON)
    override_gate(desk, OCTOBER, "costed", by="J. Doe, CFO", why="Costs close on the 20th.", at=NOON)
    drafted = draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert {one.issue.state for one in drafted} == {"in_review"}
    internal, board = (one.pdf.read_bytes().decode(errors="replace") for one in drafted)
    for printed in (internal, board):
        assert "Issued all the same by decision of J. Doe, CFO on November 9, 2026: Costs close on the 20th." in printed
    assert "41.0 %" in internal
    assert "41.0 %" not in board  # a copy that withholds small numbers
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    publish_month(desk, OCTOBER, by="Analyst", at=NOON)


def test_a_second_issue_says_why_it_replaces_the_first(desk: StubDesk) -> None:
    issue_month(desk)
    with pytest.raises(DeliveryError, match="number 1 stands"):
        draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    published = issue_month(desk, why="Costs of two facilities arrived late.")
    for audience in ("board", "executives"):
        assert {(audience, "issued", 2), (audience, "superseded", 1)} <= set(states(desk))
    assert len(states(desk)) == 4
    model = json.loads((published[0].folder / "kpi-report.model.json").read_bytes())
    assert model["front"]["status_words"] == "It replaces issue 1: Costs of two facilities arrived late."
    assert counts(desk.database) == {"queued": 3, "stopped": 3}  # nobody is sent a replaced report


def test_a_withdrawn_report_stops_its_mails_and_the_next_one_has_its_own_number(desk: StubDesk) -> None:
    issue_month(desk)
    _, stopped = withdraw_issue(desk, OCTOBER, "board", "all", by="Director", why="Wrong facility.", at=NOON)
    assert stopped == 1
    assert [mail.state for mail in list_mails(desk.database)] == ["stopped", "queued", "queued"]
    desk.restrict("board")
    issue_month(desk)
    assert ("board", "issued", 2) in states(desk)
    with pytest.raises(DeliveryError, match="has no approved or issued report"):
        withdraw_issue(desk, OCTOBER, "board", "A", by="Director", why="No such.", at=NOON)


def test_numbers_do_not_begin_again_over_an_archive_that_holds_more(desk: StubDesk) -> None:
    issue_month(desk)
    with desk.database.writing() as session:  # as in a state restored from before
        for table in ("outbox", "archive_entries", "approvals", "issues"):
            session.execute(text(f"DELETE FROM {table}"))
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    with pytest.raises(DeliveryError, match="the archive holds issue 1, the state knows none"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)


def test_a_full_disk_at_any_file_leaves_nothing_half_and_the_next_try_finishes(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    for name in ("kpi-report.pdf", "kpi-report.model.json", "cases.parquet", "manifest.json", "inputs/settings.json"):
        full = OSError(28, "No space left on device")
        with failing_at(f"folder.{name}", full), pytest.raises(DeliveryError, match="the disk is full"):
            publish_month(desk, OCTOBER, by="Analyst", at=NOON)
        assert [path.name for path in desk.archive.rglob("*") if path.is_file()] == [".writing.lock"]
    assert len(publish_month(desk, OCTOBER, by="Analyst", at=NOON)) == 2
    assert {(state, number) for _, state, number in states(desk)} == {("issued", 1)}


def test_an_audience_changed_since_the_draft_is_refused(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    board = desk.audiences.audiences[1].model_copy(update={"profile": "internal"})
    desk.audiences = desk.audiences.model_copy(update={"audiences": (desk.audiences.audiences[0], board)})
    with pytest.raises(DeliveryError, match="its audience was changed"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON, audience="board")


def test_what_was_changed_in_the_archive_is_found(desk: StubDesk) -> None:
    (one, _) = issue_month(desk)
    path = one.folder.relative_to(desk.archive).as_posix()
    assert read_manifest(desk.archive, path)["number"] == 1
    _change(one.folder / "kpi-report.pdf", b"%PDF- changed")
    assert folder_faults(one.folder) == ["kpi-report.pdf was changed"]
    _change(one.folder / "manifest.json", b"{}")
    with pytest.raises(DeliveryError, match="its manifest was changed"):
        read_manifest(desk.archive, path, sha256="0" * 64)


def _change(file: Path, content: bytes) -> None:
    file.chmod(0o600)
    file.write_bytes(content)
