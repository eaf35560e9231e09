"""The life of a month from draft to mails, begun again wherever it stopped, and what must be true of it at the end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.outbox import list_mails
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issues import approve_month, draft_month, open_issues, publish_month
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.events import chain_faults, read_events
from tests.support.delivery import OCTOBER, StubDesk
from tests.support.smtp_sink import Sink


def live_through(desk: StubDesk, room: Mailroom, *, at: datetime) -> None:
    """Whatever is still to be done for the month, from wherever it stopped."""
    if len({one.audience for one in list_issues(desk.database)}) < len(desk.audiences.audiences):
        draft_month(desk, OCTOBER, by="Analyst", at=at)
    if any(one.state == "in_review" for one in open_issues(desk.database, str(OCTOBER))):
        approve_month(desk, OCTOBER, by="Director", at=at)
    publish_month(desk, OCTOBER, by="Analyst", at=at)
    drain_outbox(room, clock=lambda: at)


def check_month(desk: StubDesk, sink: Sink) -> None:
    """Both reports issued once, as number 1; each folder whole; every mail there once, and what it says is true."""
    issues = list_issues(desk.database)
    ends = sorted((one.audience, one.state, one.number) for one in issues)
    assert ends == [("board", "issued", 1), ("executives", "issued", 1)]
    folders = sorted(path for path in desk.archive.glob("*/*/*") if not path.name.startswith("."))
    assert [folder.name for folder in folders] == ["issue-1-board", "issue-1-executives"]
    assert all(folder_faults(folder) == [] for folder in folders)
    mails = list_mails(desk.database)
    people = sorted(mail.recipient.split("@")[0] for mail in mails)
    assert people == ["ceo", "cfo", "chair"]  # nobody lost, nobody twice
    taken = sink.taken()
    assert max(taken.values(), default=0) <= 1
    for mail in mails:
        if mail.state == "sent":
            assert taken[mail.recipient] == 1, "called sent, and it never arrived"
        elif mail.state in ("queued", "refused", "stopped"):
            assert taken[mail.recipient] == 0, f"arrived, and is called {mail.state}"
        else:
            assert mail.state == "uncertain"  # a person asks: it may have arrived or not
    with desk.database.reading() as session:
        assert chain_faults(session) == []
        assert Counter(event.kind for event in read_events(session))["issued"] == 2
