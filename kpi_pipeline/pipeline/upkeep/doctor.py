"""Looks at everything a month needs before it needs it: fonts, rights, disk, zone, state, mail server, clock."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.text.language import counted
from kpi_pipeline.declared.audiences import read_audiences
from kpi_pipeline.delivery.outbox import list_mails
from kpi_pipeline.delivery.smtp import UnreachableError, open_connection
from kpi_pipeline.journal import find_state_url
from kpi_pipeline.journal.keeping import describe_state
from kpi_pipeline.report.drawing.fonts import check_fonts
from kpi_pipeline.state.database import Database, sqlite_file
from kpi_pipeline.state.events import chain_faults, read_events
from kpi_pipeline.state.journal import journal_faults
from kpi_pipeline.warehouse.connection import open_warehouse, read_snapshot_id, store_folder

_LEAST_FREE = 2_000_000_000
_CERTIFICATE_WARNING = timedelta(days=21)
_LONGEST_IN_OUTBOX = timedelta(days=2)
"""Mails that wait longer are told: a server that greylists or is away for a night is no fault."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and what was found."""

    what: str
    is_well: bool
    found: str


def examine(warehouse: Path, *, settings: Settings, now: datetime) -> list[Finding]:
    """Every finding, well or not. Sends no mail and changes nothing."""
    looks: list[tuple[str, Callable[[], Iterator[Finding] | Finding]]] = [
        ("fonts and drawing", _drawing),
        ("time zone", lambda: _zone(settings, now)),
        ("disk", lambda: _disk(warehouse)),
        ("warehouse", lambda: _warehouse(warehouse)),
        ("rights", lambda: _rights(warehouse)),
        ("state", lambda: _state(warehouse, settings, now)),
        ("audiences", lambda: _audiences(settings)),
        ("outbox", lambda: _outbox(warehouse, settings, now)),
        ("mail server", lambda: _mail(settings, now)),
    ]
    findings: list[Finding] = []
    for what, look in looks:
        try:
            seen = look()
            findings += [seen] if isinstance(seen, Finding) else list(seen)
        except (KpiError, OSError, ValueError) as error:
            findings.append(Finding(what, False, str(error)))
    return findings


def _drawing() -> Finding:
    check_fonts(resource_folder("report_templates") / "fonts")
    try:
        import weasyprint  # type: ignore[import-untyped]
    except OSError as error:
        return Finding("fonts and drawing", False, f"a library is missing: {error}")
    return Finding("fonts and drawing", True, f"fonts are there; WeasyPrint {weasyprint.__version__}")


def _zone(settings: Settings, now: datetime) -> Finding:
    local = now.astimezone(ZoneInfo(settings.time_zone))
    return Finding("time zone", True, f"{settings.time_zone}: it is {local:%Y-%m-%d %H:%M} there")


def _disk(warehouse: Path) -> Finding:
    folder = next(parent for parent in warehouse.resolve().parents if parent.is_dir())
    free = shutil.disk_usage(folder).free
    return Finding("disk", free >= _LEAST_FREE, f"{free / 1e9:,.1f} GB free at {folder}")


def _warehouse(warehouse: Path) -> Finding:
    with open_warehouse(warehouse) as connection:
        snapshot = read_snapshot_id(connection)
    return Finding("warehouse", True, f"snapshot {snapshot}, DuckDB {duckdb.__version__}")


def _rights(warehouse: Path) -> Iterator[Finding]:
    private = [warehouse, store_folder(warehouse), warehouse.with_suffix(".archive"), warehouse.with_suffix(".drafts")]
    open_to_others = [str(path) for path in private if path.exists() and path.stat().st_mode & 0o007]
    found = f"others may read {', '.join(open_to_others)}: chmod o-rwx" if open_to_others else "closed to others"
    yield Finding("rights", not open_to_others, found)


def _state(warehouse: Path, settings: Settings, now: datetime) -> Iterator[Finding]:
    url = find_state_url(warehouse, settings=settings)
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        yield Finding("state", True, "none yet")
        return
    yield Finding("state", True, "; ".join(describe_state(url)))
    database = Database(url)
    try:
        with database.reading() as session:
            faults = [*chain_faults(session), *journal_faults(session)]
            newest = max((event.at for event in read_events(session)), default=now)
    finally:
        database.close()
    yield Finding("chain of events", not faults, "; ".join(faults) or "unbroken")
    ahead = newest - now
    clock = (
        f"the newest event is {ahead} ahead of the clock"
        if ahead > timedelta(minutes=5)
        else f"{now:%Y-%m-%d %H:%M} UTC"
    )
    yield Finding("clock", ahead <= timedelta(minutes=5), clock)


def _audiences(settings: Settings) -> Finding:
    if settings.delivery.audiences is None:
        return Finding("audiences", True, "none set: reports are only written to files")
    read = read_audiences(settings.delivery.audiences)
    n_people = sum(len(one.people) for one in read.audiences)
    return Finding("audiences", True, f"{len(read.audiences)} audiences, {n_people} people")


def _outbox(warehouse: Path, settings: Settings, now: datetime) -> Iterator[Finding]:
    url = find_state_url(warehouse, settings=settings)
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        return
    database = Database(url)
    try:
        mails = list_mails(database, states=("queued", "uncertain"))
    finally:
        database.close()
    lost = sum(one.state == "uncertain" for one in mails)
    waiting = [one.queued_at for one in mails if one.state == "queued"]
    ill = [f"{counted(lost, 'mails')} of which nobody knows: ask, then kpi outbox resolve"] * (lost > 0)
    if waiting and settings.delivery.mail is not None and now - min(waiting) > _LONGEST_IN_OUTBOX:
        ill.append(f"{counted(len(waiting), 'mails')} waiting, since {min(waiting):%Y-%m-%d}: kpi outbox says why")
    yield Finding("outbox", not ill, "; ".join(ill) or f"{counted(len(waiting), 'mails')} waiting")


def _mail(settings: Settings, now: datetime) -> Iterator[Finding]:
    mail = settings.delivery.mail
    if mail is None:
        yield Finding("mail server", True, "none set: nothing is sent")
        return
    where = f"{mail.host}:{mail.port}"
    try:
        server = open_connection(mail)
    except UnreachableError as error:
        yield Finding("mail server", False, f"{where}: {error}")
        return
    try:
        takes = int(server.esmtp_features.get("size") or 0)
        certificate = server.sock.getpeercert() if isinstance(server.sock, ssl.SSLSocket) else None
    finally:
        server.close()
    if not certificate:
        yield Finding("mail server", True, f"{where} answers, in clear text on this machine")
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    is_well = ends - now > _CERTIFICATE_WARNING
    cure = (
        "" if is_well else f", in {counted((ends - now).days, 'days')}: have it renewed, or no mail goes from then on"
    )
    yield Finding("mail server", is_well, f"{where} answers; its certificate ends on {ends:%Y-%m-%d}{cure}")
    if 0 < takes < mail.max_message_mb * 1_000_000:
        found = f"{where} takes {takes / 1e6:,.0f} MB and max_message_mb says {mail.max_message_mb:g}: it refuses more"
        yield Finding("size of mails", False, found)
