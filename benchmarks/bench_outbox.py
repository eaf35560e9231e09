"""How many mails a second leave the outbox, on SQLite and on PostgreSQL. Prints a Markdown table.

An issue with thousands of recipients is published, and drained over one TLS connection to a mail server in a process of
its own on this machine. Beside it, the yardstick: the same messages over the same connection with no ledger at all.

Run from the root of the repository: python -m benchmarks.bench_outbox [--mails 10000].
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from kpi_pipeline.declared.audiences import Audiences, Person
from kpi_pipeline.delivery.outbox import counts, list_mails
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.delivery.smtp import deliver, open_connection
from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
from kpi_pipeline.pipeline.issuing.mailroom import Mailroom
from kpi_pipeline.state.events import chain_faults
from tests.support.delivery import NOON, StubDesk, issue_month
from tests.support.smtp_sink import PASSWORD, Sink, settings_for, start_sink
from tests.support.state_server import running_server

PDF_BYTES = 300_000
"""About what a month's report weighs."""
N_BARE = 1_000
"""So many mails at most measure the yardstick, which is a rate."""


def main() -> None:
    """Measures both databases and prints the table. A mail that is not sent, or sent twice, is an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mails", type=int, default=10_000)
    n_mails = parser.parse_args().mails
    os.environ["KPI_SMTP_PASSWORD"] = PASSWORD
    print(f"| {n_mails:,} mails of {PDF_BYTES // 1000} kB | mails a second | processor, ms a mail | without a ledger |")
    print("| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as scratch:
        folder = Path(scratch)
        measure("SQLite", f"sqlite:///{folder}/hospital.state.sqlite", folder / "sqlite", n_mails)
        with running_server(folder) as server:
            measure("PostgreSQL", server.create_database("state"), folder / "postgresql", n_mails)


def measure(name: str, url: str, folder: Path, n_mails: int) -> None:
    """One database: publishes, drains, counts what arrived, and prints a row."""
    folder.mkdir()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(str(folder), theirs))
    server.start()
    port: int = ours.recv()
    mail = settings_for(Sink(server=_Bound(port)), folder)
    with pytest.MonkeyPatch.context() as patch:
        page = _page()
        patch.setattr("tests.support.delivery.one_page", lambda: page)
        desk = StubDesk(folder, url, patch)
        people = tuple(Person(address=f"p{n}@hospital.example", name=f"Person {n}") for n in range(n_mails))
        only = desk.audiences.audiences[0].model_copy(update={"people": people})
        desk.audiences = Audiences.model_validate(desk.audiences.model_copy(update={"audiences": (only,)}).model_dump())
        issue_month(desk)
    room = Mailroom(desk.database, desk.archive, desk.audiences, mail)
    started, worked = time.perf_counter(), time.process_time()
    sent = drain_outbox(room, clock=lambda: NOON)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    assert sent.counts == {"sent": n_mails}, sent
    assert counts(desk.database) == {"sent": n_mails}
    with desk.database.reading() as session:
        assert chain_faults(session) == []
    ours.send("count")
    arrived: dict[str, int] = ours.recv()
    assert len(arrived) == n_mails
    assert set(arrived.values()) == {1}
    n_bare = min(n_mails, N_BARE)
    bare = n_bare / send_bare(room, n_bare)
    print(f"| {name} | {n_mails / seconds:,.0f} | {1000 * cpu / n_mails:.1f} | {bare:,.0f} |", flush=True)
    ours.send("stop")
    server.join()
    desk.close()


def send_bare(room: Mailroom, n_mails: int) -> float:
    """Seconds for the same messages, made and sent with nothing written down."""
    (issue,) = list_issues(room.database)
    mails = list_mails(room.database)
    connection = open_connection(room.mail)
    started = time.perf_counter()
    for mail in mails[:n_mails]:
        deliver(connection, room.mail.sender, mail.recipient, room.message(mail, issue), envelope_id="bare", seconds=60)
    seconds = time.perf_counter() - started
    connection.quit()
    return seconds


def serve(folder: str, line: Connection) -> None:
    """The mail server's process."""
    sink = start_sink(Path(folder))
    line.send(sink.port)
    while line.recv() == "count":
        line.send(dict(sink.taken()))
    sink.stop()


class _Bound:
    """Stands where a sink keeps its server: only its port is asked for."""

    def __init__(self, port: int):
        self.server_address = ("127.0.0.1", port)


def _page() -> bytes:
    from tests.support.delivery import one_page

    return one_page() + b"\n%" + os.urandom(PDF_BYTES // 2).hex().encode()


if __name__ == "__main__":
    main()
