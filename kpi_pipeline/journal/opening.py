"""Finds and opens the journal of decisions, and reads what a report needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.journal.decisions import current_outcomes
from kpi_pipeline.journal.initiatives import declared_initiatives
from kpi_pipeline.journal.known_state import check_known_state, note_known_state
from kpi_pipeline.journal.rebases import current_rebases
from kpi_pipeline.state.database import Database, sqlite_file
from kpi_pipeline.state.journal import Journal, state_url


@dataclass(frozen=True, slots=True)
class ReportDecisions:
    """What a report needs: initiatives, with the day their declaration stands since, rebases, and what became of
    decisions, by key."""

    initiatives: tuple[Initiative, ...] = ()
    rebases: tuple[Rebase, ...] = ()
    outcomes: Mapping[str, DecisionOutcome] = field(default_factory=dict)


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
        what = f"there is no journal of decisions at {sqlite_file(url)}."
        raise InputError(Fault("state", what, "Check --warehouse or --state, or record something first."))
    journal = Journal(url)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def open_state(warehouse: Path | None, *, settings: Settings, given: str | None = None) -> Iterator[Database]:
    """Opens the state that is there, for what is beside the journal in it, and closes it again."""
    url = find_state_url(warehouse, settings=settings, given=given)
    if not _may_exist(url):
        raise InputError(Fault("state", f"there is no state at {sqlite_file(url)}.", "Check --warehouse or --state."))
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def read_report_decisions(warehouse: Path, *, settings: Settings) -> ReportDecisions:
    """Initiatives and rebases on record; none where there never was a journal.

    Raises WarehouseError when the journal that earlier reports of this warehouse used is gone, empty or another one.
    """
    url = find_state_url(warehouse, settings=settings)
    if not _may_exist(url):
        check_known_state(None, warehouse)
        return ReportDecisions()
    with open_journal(url) as journal:
        check_known_state(journal, warehouse)
        decisions = ReportDecisions(
            declared_initiatives(journal, time_zone=ZoneInfo(settings.time_zone)),
            current_rebases(journal),
            current_outcomes(journal),
        )
        note_known_state(journal, warehouse)
    return decisions


def _may_exist(url: str) -> bool:
    """Whether there is something to open: False for a SQLite file that is not there."""
    file = sqlite_file(url)
    return file is None or file.is_file()
