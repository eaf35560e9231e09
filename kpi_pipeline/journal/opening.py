"""Finds and opens the journal of decisions, and reads what a report needs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.journal.initiatives import declared_initiatives
from kpi_pipeline.journal.rebases import current_rebases
from kpi_pipeline.state.journal import Journal, state_url

_CURE = "Write it like sqlite:////data/hospital.state.sqlite or postgresql+psycopg://host/database."


@dataclass(frozen=True, slots=True)
class ReportDecisions:
    """What a report needs: initiatives, with the day their declaration stands since, and rebases."""

    initiatives: tuple[Initiative, ...] = ()
    rebases: tuple[Rebase, ...] = ()


def find_state_url(warehouse: Path | None, *, settings: Settings, given: str | None = None) -> str:
    """Where the journal is: as given, else as set, else beside the warehouse."""
    url = given or settings.state_url
    if url:
        return url
    if warehouse is None:
        raise InputError(Fault("--warehouse", "is missing.", "Name the warehouse, or the journal with --state URL."))
    return state_url(warehouse)


@contextmanager
def open_journal(url: str, *, must_exist: bool = False) -> Iterator[Journal]:
    """Opens the journal and closes it again. No message repeats the URL: it may hold a password.

    must_exist: a reader does not make an empty SQLite file by asking for a wrong one.
    """
    if must_exist and not _may_exist(url):
        what = f"there is no journal of decisions at {make_url(url).database}."
        raise InputError(Fault("state", what, "Check --warehouse or --state, or record something first."))
    try:
        journal = Journal(url)
    except (ArgumentError, ImportError, ValueError) as error:
        raise InputError(Fault("state", "is not the URL of a database this installation can open.", _CURE)) from error
    try:
        yield journal
    except DBAPIError as error:
        what = "the database of decisions cannot be read or written."
        raise WarehouseError(Fault("state", what, "Another program may be holding it: try again.")) from error
    finally:
        journal.close()


def read_report_decisions(warehouse: Path, *, settings: Settings) -> ReportDecisions:
    """Initiatives and rebases on record; none where there is no journal yet."""
    url = find_state_url(warehouse, settings=settings)
    if not _may_exist(url):
        return ReportDecisions()
    with open_journal(url) as journal:
        return ReportDecisions(
            declared_initiatives(journal, time_zone=ZoneInfo(settings.time_zone)), current_rebases(journal)
        )


def _may_exist(url: str) -> bool:
    """Whether there is something to open: False for a SQLite file that is not there."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return True
    return not parsed.drivername.startswith("sqlite") or not parsed.database or Path(parsed.database).is_file()
