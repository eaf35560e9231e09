"""A publication that broke off, and then the hospital's data went on: finished from the archive, or said what to do."""

from __future__ import annotations

import pytest

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.delivery.archive import archived_models
from kpi_pipeline.delivery.claims import claims_of
from kpi_pipeline.delivery.outbox import counts
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issue_story import find_archived, withdraw_issue
from kpi_pipeline.pipeline.issuing.issues import approve_month, draft_month, publish_month
from kpi_pipeline.state.events import chain_faults, read_events
from tests.delivery.test_claims_kept import OPEN
from tests.support.delivery import NOON, OCTOBER, StubDesk, failing_at, issue_month


class _BrokenOffError(Exception):
    pass


@pytest.fixture
def board(desk: StubDesk) -> StubDesk:
    """One audience, whose report is drafted and approved."""
    desk.restrict("board")
    desk.claims = [OPEN.model_dump(mode="json")]
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    return desk


def break_off(desk: StubDesk, point: str) -> None:
    with failing_at(point, _BrokenOffError()), pytest.raises(_BrokenOffError):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert [(one.state, one.number) for one in list_issues(desk.database)] == [("publishing", 1)]
    desk.hashes["warehouse"] = "6666"  # rows of November came, and the warehouse was built anew
    desk.says = "length of stay is up"


def test_what_lies_in_the_archive_is_issued_as_it_lies_there(board: StubDesk) -> None:
    break_off(board, "publish.archived")
    (done,) = publish_month(board, OCTOBER, by="Analyst", at=NOON)
    assert (done.issue.state, done.issue.number, done.n_mails) == ("issued", 1, 1)
    assert b"length of stay holds" in (done.folder / "kpi-report.pdf").read_bytes()
    assert [one.metric for one in claims_of(board.database, done.issue.id)] == [OPEN.metric]
    assert counts(board.database) == {"queued": 1}
    assert publish_month(board, OCTOBER, by="Analyst", at=NOON) == []
    with board.database.reading() as session:
        assert chain_faults(session) == []
        assert [one.kind for one in read_events(session)] == ["drafted", "approved", "numbered", "sealed", "issued"]


@pytest.mark.parametrize("point", ["publish.reserved", "publish.built", "publish.sealed"])
def test_what_does_not_is_refused_with_the_way_out_and_the_way_out_leads_on(board: StubDesk, point: str) -> None:
    break_off(board, point)
    with pytest.raises(DeliveryError, match="the warehouse changed since it was drafted") as raised:
        publish_month(board, OCTOBER, by="Analyst", at=NOON)
    assert "kpi issue withdraw 2026-10 --audience board --scope all" in str(raised.value)
    assert "number 1" in str(raised.value)
    withdraw_issue(board, OCTOBER, "board", "all", by="Director", why="The data went on.", at=NOON)
    assert counts(board.database) == {}
    (done,) = issue_month(board)
    assert (done.issue.number, done.n_mails) == (2, 1)
    withdraw_issue(board, OCTOBER, "board", "all", by="Director", why="Wrong facility.", at=NOON)
    assert find_archived(board.database, OCTOBER, "board", "all", None).number == 2
    with pytest.raises(DeliveryError, match="has no issue 1"):
        find_archived(board.database, OCTOBER, "board", "all", 1)  # a number, and nothing that was ever read


def test_what_was_changed_in_the_archive_meanwhile_is_not_issued(board: StubDesk) -> None:
    break_off(board, "publish.archived")
    (pdf,) = board.archive.rglob("*.pdf")
    whole, manifest = pdf.read_bytes(), pdf.parent / "manifest.json"
    path = pdf.parent.relative_to(board.archive).as_posix()
    for file, content in ((pdf, b"%PDF- better figures"), (manifest, manifest.read_bytes() + b" ")):
        kept = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(content)
        with pytest.raises(DeliveryError, match="the warehouse changed"):
            publish_month(board, OCTOBER, by="Analyst", at=NOON)
        file.write_bytes(kept)
    assert counts(board.database) == {}
    assert archived_models(board.archive, path, manifest_sha256="0" * 64) is None
    assert len(publish_month(board, OCTOBER, by="Analyst", at=NOON)) == 1
    assert pdf.read_bytes() == whole


def test_one_that_broke_off_does_not_keep_the_others_from_being_drafted_anew(desk: StubDesk) -> None:
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    with failing_at("publish.archived", _BrokenOffError()), pytest.raises(_BrokenOffError):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    desk.hashes["warehouse"] = "6666"
    with pytest.raises(DeliveryError, match="Draft it anew and have it approved"):
        publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert sorted(one.state for one in list_issues(desk.database)) == ["approved", "issued"]
