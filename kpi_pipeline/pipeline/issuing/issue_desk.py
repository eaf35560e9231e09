"""The desk on which a month is drafted and issued: one warehouse, its state, its audiences, drafts and archive.

Not here: drafting (`issue_draft`), approving and publishing (`issue_publication`), sending (`mailing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.audiences import Audience, Audiences, read_audiences
from kpi_pipeline.delivery.files import safe_name
from kpi_pipeline.delivery.register import Issue
from kpi_pipeline.journal import ReportDecisions, find_state_url, read_report_decisions, text_faults
from kpi_pipeline.pipeline.warehouse_figures import WarehouseFigures, read_warehouse_figures
from kpi_pipeline.state.database import Database
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import BuildFacts, read_build_facts

Progress = Callable[[str], None]


class IssueDesk:
    """What drafting and publishing need: one warehouse, its state, its audiences, and where drafts and issues lie."""

    def __init__(self, warehouse: Path, *, settings: Settings, state: str | None = None, reference: Path | None = None):
        self.warehouse, self.settings, self.reference = warehouse, settings, reference
        with open_warehouse(warehouse) as connection:
            self.facts: BuildFacts = read_build_facts(connection)
        facilities = [one.facility_id for one in self.facts.watermarks]
        self.audiences: Audiences = read_audiences(settings.delivery.audiences, facilities=facilities)
        self.database = Database(find_state_url(warehouse, settings=settings, given=state))
        self.archive = archive_folder(warehouse, settings)
        self.drafts = warehouse.with_suffix(".drafts")
        self._figures: tuple[tuple[Month, str], WarehouseFigures] | None = None

    def chosen(self, name: str | None) -> list[tuple[Audience, str]]:
        """Every audience with each of its scopes, or those of one audience; those of one scope side by side."""
        if name is not None and self.audiences.find(name) is None:
            known = ", ".join(one.name for one in self.audiences.audiences)
            raise InputError(Fault("--audience", f"{name!r} is not in the audiences file.", f"Known: {known}."))
        found = [(one, scope) for one in self.audiences.audiences if name in (None, one.name) for scope in one.scopes]
        scopes = list(dict.fromkeys(scope for _, scope in found))
        return sorted(found, key=lambda each: scopes.index(each[1]))

    def draft_folder(self, issue: Issue) -> Path:
        """Where a draft lies."""
        return self.drafts / safe_name(issue.month) / f"{safe_name(issue.scope)}-{safe_name(issue.audience)}"

    def figures(self, month: Month, scope: str) -> WarehouseFigures:
        """What the month's reports on a scope take from the warehouse, read once for those that are made in a row."""
        if self._figures is None or self._figures[0] != (month, scope):
            facility = None if scope == WHOLE_SYSTEM else scope
            read = read_warehouse_figures(self.warehouse, month, facility=facility, settings=self.settings)
            self._figures = ((month, scope), read)
        return self._figures[1]

    def decided(self) -> ReportDecisions:
        """The decisions on record."""
        return read_report_decisions(self.warehouse, settings=self.settings)

    def close(self) -> None:
        """Gives the state's files back."""
        self.database.close()


@contextmanager
def open_desk(
    warehouse: Path, *, settings: Settings, state: str | None = None, reference: Path | None = None
) -> Iterator[IssueDesk]:
    """Opens the desk for one warehouse, and closes it again. reference: as the warehouse was built with."""
    desk = IssueDesk(warehouse, settings=settings, state=state, reference=reference)
    try:
        yield desk
    finally:
        desk.close()


def archive_folder(warehouse: Path, settings: Settings) -> Path:
    """Where issued reports are kept: as set, else beside the warehouse."""
    return settings.delivery.archive or warehouse.with_suffix(".archive")


def check_texts(*given: tuple[str, str]) -> None:
    """Refuses names and reasons that are empty or hold what no line may, all at once. given: (option, text)."""
    if faults := [fault for option, text in given for fault in text_faults(option, text)]:
        raise InputError(faults)
