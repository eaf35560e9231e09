"""Months in which anything fails, drawn at random, until each is finished: nothing lost, nothing sent twice.

`make faults ROUNDS=…` runs many months on each database and prints how often each fault happened; here a few.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import create_engine, text

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.delivery.files import safe_name
from kpi_pipeline.delivery.outbox import LEASE, list_mails
from kpi_pipeline.delivery.points import listen
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issues import approve_month, draft_month, publish_month
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.database import _POSTGRESQL_LOCK, sqlite_file
from tests.support.delivery import NOON, OCTOBER, StubDesk
from tests.support.delivery_life import check_month, live_through
from tests.support.smtp_sink import PASSWORD, Sink, settings_for, start_sink
from tests.support.state_server import StateServer

ROUNDS = int(os.environ.get("KPI_FAULT_ROUNDS") or 2)
FIRST_SEED = int(os.environ.get("KPI_FAULT_SEED") or 0)
MAIL_FAULTS = ("grey", "soft", "nouser", "body4", "body5", "drop_before", "drop_during", "drop_after", "drop_forget",
               "drop_reply", "drop_rcpt", "slow")  # fmt: skip
"""What a server does with one recipient's mail (`smtp_sink`)."""
SERVERS: Mapping[str, dict[str, object]] = {
    "expired certificate": {"days": -1},
    "certificate of another": {"name": "elsewhere.example"},
    "no STARTTLS": {"offers_starttls": False},
    "no greeting but trickles": {"greeting": "slow"},
    "service not available": {"greeting": "421 later"},
}
EASTERN = ZoneInfo("America/New_York")
CLOCK_CHANGES = (
    datetime(2026, 11, 1, 1, 50, tzinfo=EASTERN), datetime(2026, 11, 1, 1, 10, fold=1, tzinfo=EASTERN),
    datetime(2027, 3, 14, 2, 30, tzinfo=EASTERN),
)  # fmt: skip
WAS_HIT, UNEXPECTED = 10, 3
"""How a child process ends: the fault was met; something was raised that no operator can read."""

Act = Callable[["Month"], None]


@dataclass
class Month:
    """One month on its way. at: what the clock says; chance: draws what fails next."""

    desk: StubDesk
    room: Mailroom
    sink: Sink
    others: Mapping[str, MailSettings]
    chance: random.Random
    server: StateServer | None
    at: datetime = NOON
    told: Counter[str] = field(default_factory=Counter)

    def states(self) -> set[str]:
        return {one.state for one in list_issues(self.desk.database)}

    def is_finished(self) -> bool:
        return self.states() == {"issued"} and not list_mails(self.desk.database, states=("queued",))


def in_child(month: Month, *acts: Act, then: Callable[[], None] = lambda: None) -> list[int]:
    """Runs each act in a process of its own, at the same time; how each ended: an exit code, or minus its signal."""
    month.desk.database.close()  # no connection is shared with a child
    children = []
    for act in acts:
        child = os.fork()
        if child == 0:
            code = UNEXPECTED
            try:
                month.desk.reopen()
                month.room.database = month.desk.database
                act(month)
                code = WAS_HIT if _hit else 0
            except (KpiError, OSError):
                code = WAS_HIT if _hit else 0  # said in plain words, and begun again
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    then()
    month.desk.reopen()
    month.room.database = month.desk.database
    assert all(end in (0, WAS_HIT, -signal.SIGKILL) for end in ends), f"a child failed ({ends})"
    return ends


_hit: list[str] = []
"""In a child: the fault it met."""


def go_on(month: Month) -> None:
    live_through(month.desk, month.room, at=month.at)


def at_a_point(month: Month, act: Callable[[], None], *, among: str = "", last: int = 14) -> Act:
    """The month's work, in which something is done at the n-th point that is passed, n drawn at random."""
    left = month.chance.randint(1, last)

    def work(inner: Month) -> None:
        def look(point: str) -> None:
            nonlocal left
            left -= point.startswith(among)
            if left == 0 and not _hit:
                _hit.append(point)
                act()

        listen(look)
        go_on(inner)

    return work


def raising(error: OSError) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def hold_the_state(month: Month) -> Callable[[], None]:
    """Another program takes the writing lock and keeps it."""

    def act() -> None:
        file = sqlite_file(month.desk.url)
        if file is None:
            other = psycopg.connect(month.desk.url.replace("+psycopg", ""), autocommit=True)
            ((got_it,),) = other.execute("SELECT pg_try_advisory_lock(%s)", [_POSTGRESQL_LOCK]).fetchall()
            if not got_it:
                _hit.clear()  # in the middle of a writing transaction nobody else can take the lock
            kept.append(other)
        else:
            connection = sqlite3.connect(file, isolation_level=None, timeout=0)
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                _hit.clear()
            kept.append(connection)

    kept: list[object] = []
    return act


def rebuild_after_approval(month: Month) -> None:
    """The report says something else than what was approved: it must not be published before a new approval."""
    if not month.states() <= {"draft", "in_review", "approved"}:
        return

    def prepare(inner: Month) -> None:
        draft_month(inner.desk, OCTOBER, by="Analyst", at=inner.at)
        approve_month(inner.desk, OCTOBER, by="Director", at=inner.at)

    def publish(inner: Month) -> None:
        draft_month(inner.desk, OCTOBER, by="Analyst", at=inner.at)
        _hit.append("rebuilt")
        publish_month(inner.desk, OCTOBER, by="Analyst", at=inner.at)  # refused: a KpiError

    in_child(month, prepare)
    assert month.states() == {"approved"}
    month.desk.says = f"{month.desk.says}, made anew"
    month.told["rebuilt after approval"] += in_child(month, publish).count(WAS_HIT)
    assert month.states() == {"in_review"}


def one_leaves(month: Month) -> None:
    """A recipient leaves the audience between publication and sending."""
    everybody = month.room.audiences
    executives = everybody.audiences[0]
    fewer = executives.model_copy(update={"people": executives.people[:1]})
    month.room.audiences = everybody.model_copy(update={"audiences": (fewer, *everybody.audiences[1:])})
    in_child(month, go_on)
    month.told["recipient left"] += [one.state for one in list_mails(month.desk.database)].count("stopped")
    month.room.audiences = everybody


def draw_fault(month: Month) -> None:
    """One attempt to finish the month, with one thing that fails."""
    chance, on_server = month.chance, month.server is not None
    what = chance.choice([
        "killed", "killed", "killed", "disk full", "archive read-only", "state held", "clock", "rebuilt", "two at once",
        "recipient left", "mail server", *(["state restarted", "state away"] if on_server else []),
    ])  # fmt: skip
    if what == "killed":
        ends = in_child(month, at_a_point(month, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        month.told["killed (-9) at a step"] += ends.count(-signal.SIGKILL)
    elif what in ("disk full", "archive read-only"):
        number = 28 if what == "disk full" else 30
        act = at_a_point(month, raising(OSError(number, os.strerror(number))), among="folder.", last=6)
        month.told[what] += in_child(month, act).count(WAS_HIT)
    elif what == "state held":
        month.told[what] += in_child(month, at_a_point(month, hold_the_state(month))).count(WAS_HIT)
    elif what in ("state restarted", "state away"):
        stop_the_server(month, starts=what == "state restarted")
    elif what == "clock":
        now, month.at = month.at, chance.choice([month.at - timedelta(days=1), *CLOCK_CHANGES])
        month.told["clock set back or changed"] += len(in_child(month, go_on))
        month.at = now
    elif what == "two at once":
        month.told["two publish and send at once"] += len(in_child(month, go_on, go_on)) - 1
    elif what == "mail server":
        usual, name = month.room.mail, chance.choice(sorted(month.others))
        month.room.mail = month.others[name]
        was_issued = month.states() == {"issued"}
        in_child(month, go_on)
        month.told[name] += was_issued
        month.room.mail = usual
    elif what == "rebuilt":
        rebuild_after_approval(month)
    else:
        one_leaves(month)


def stop_the_server(month: Month, *, starts: bool) -> None:
    """PostgreSQL goes away at a step, as when power is lost; back at once, or when the attempt has ended."""
    server = month.server
    assert server is not None

    def act() -> None:
        server.stop()
        if starts:
            server.start()

    what = "state restarted" if starts else "state away"
    ends = in_child(month, at_a_point(month, act), then=server.start_if_stopped)
    month.told[what] += ends.count(WAS_HIT)


@pytest.fixture
def others(tmp_path: Path) -> Iterator[dict[str, MailSettings]]:
    """Mail servers that cannot be trusted or used."""
    sinks, found = [], {}
    for name, options in SERVERS.items():
        folder = tmp_path / safe_name(name)
        folder.mkdir()
        sinks.append(start_sink(folder, **options))  # type: ignore[arg-type]
        found[name] = settings_for(sinks[-1], folder, timeout_seconds=0.5)
    yield found | {"nobody listens": found["no STARTTLS"].model_copy(update={"port": 1})}
    for sink in sinks:
        assert sink.messages == []
        sink.stop()


def test_months_in_which_anything_fails_are_finished_once(
    tmp_path: Path,
    state_url: str,
    others: dict[str, MailSettings],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    monkeypatch.setattr("kpi_pipeline.state.database._WAIT_SECONDS", 0.3)
    server = request.getfixturevalue("state_server") if "postgresql" in state_url else None
    told, ends, started = Counter[str](), Counter[str](), time.monotonic()
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        if server is not None:
            _empty(state_url)
        url = state_url.replace("hospital.state", f"hospital{number}.state")
        chance = random.Random(f"{FIRST_SEED + number}")
        desk, sink = StubDesk(folder, url, monkeypatch), start_sink(folder)
        sink.script = {f"{who}@hospital.example": chance.choice(("", *MAIL_FAULTS)) for who in ("ceo", "cfo", "chair")}
        room = Mailroom(
            desk.database, desk.archive, desk.audiences, settings_for(sink, folder, timeout_seconds=0.5, max_attempts=3)
        )
        month = Month(desk, room, sink, others, chance, server)
        try:
            finish(month)
        except AssertionError as error:
            raise AssertionError(f"month {FIRST_SEED + number}: {error}") from error
        told += month.told + Counter({f"mail: {what}": n for what, n in sink.faults.items()})
        ends.update(mail.state for mail in list_mails(desk.database))
        desk.close()
        sink.stop()
    seconds = time.monotonic() - started
    with capfd.disabled():
        print(
            f"\n{state_url.split(':')[0]}: {ROUNDS} months, {told.total():,} faults, {seconds:,.0f} s, lost 0, twice 0"
        )
        print(f"mails ended {dict(ends)}\n{dict(sorted(told.items()))}")


def finish(month: Month) -> None:
    """One attempt after the other, each with one thing that fails, a day apart; then one in peace."""
    for day in range(40):
        if month.is_finished():
            break
        month.at = NOON + timedelta(days=day)
        draw_fault(month)
        assert max(month.sink.taken().values(), default=0) <= 1, "somebody got it twice"
    month.at = NOON + timedelta(days=60) + LEASE
    go_on(month)
    publish_month(month.desk, OCTOBER, by="Analyst", at=month.at)  # once more: nothing changes
    check_month(month.desk, month.sink)


def _empty(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    engine.dispose()
