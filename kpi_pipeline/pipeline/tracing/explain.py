"""`kpi explain`: one figure with its definition, its waterfall, what issues said of it, and why it moved since.

A figure's id is `measure/place/month`, as in figures.csv and in the annex of a report. Cases are patient data: they are
listed by `show_cases` alone, which first writes down who asked for which.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.delivery.register import archive_of, list_issues
from kpi_pipeline.journal import find_state_url, text_faults
from kpi_pipeline.journal.opening import open_state
from kpi_pipeline.judgement.figures import Figure, read_figures
from kpi_pipeline.judgement.measures import why_missing
from kpi_pipeline.judgement.restated.ledger import RestatedFigure
from kpi_pipeline.metrics.cases import find_metric, read_cases
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.history.evidence import ABOUT, build_evidence
from kpi_pipeline.pipeline.history.restatement import compare_evidence, read_shown
from kpi_pipeline.report.words.reasons import missing_words
from kpi_pipeline.state.database import Database, sqlite_file
from kpi_pipeline.state.events import append_event

_MAY_BREAK = "\u200b"
"""What an id may carry that was copied from a page."""


@dataclass(frozen=True, slots=True)
class FigureId:
    """Measure, place and month of one figure."""

    metric: Metric
    facility_id: str
    month: Month

    @property
    def text(self) -> str:
        """`measure/place/month`."""
        return f"{self.metric.name}/{self.facility_id}/{self.month}"


@dataclass(frozen=True, slots=True)
class InIssue:
    """What one issue printed. value None: nothing, or withheld."""

    number: int
    audience: str
    month: str
    state: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure as it is now, what issues said, and what moved it since the newest of them that showed it.

    since: that issue; moved: None where nothing did.
    """

    id: FigureId
    figure: Figure
    issues: tuple[InIssue, ...]
    since: InIssue | None
    moved: RestatedFigure | None


def without_breaks(text: str) -> str:
    """An id as it was printed, whatever it took along when it was copied."""
    return text.replace(_MAY_BREAK, "").strip()


def parse_figure_id(text: str) -> FigureId:
    """Reads `measure/place/month`; places may hold a slash. Raises InputError for what is none."""
    name, _, rest = without_breaks(text).partition("/")
    place, _, month = rest.rpartition("/")
    if not place:
        raise InputError(Fault("figure", f"{text!r} is no figure id.", "Write measure/place/month, as in figures.csv."))
    return FigureId(find_metric(name), place, Month.parse(month))


def why_no_figure(text: str, warehouse: Path) -> tuple[Metric, str] | None:
    """The measure of an id without a month, as a measure without a figure has in figures.csv, and why it has none.

    None for an id with a month. Raises InputError for a measure that has figures: its id lacks one.
    """
    name, _, place = without_breaks(text).partition("/")
    if not place or "/" in place:
        return None
    metric, values = find_metric(name), read_values(warehouse).values
    if ((values["metric"] == name) & (values["facility_id"] == place) & (values["month"] != "")).any():
        raise InputError(Fault("figure", f"{text!r} names no month.", "Write measure/place/month, as in figures.csv."))
    return metric, missing_words(metric, why_missing(values, metric))


@contextmanager
def open_known_state(warehouse: Path, *, settings: Settings, given: str | None) -> Iterator[Database | None]:
    """The state, or None where there never was one: a figure can be explained without an issue."""
    file = sqlite_file(find_state_url(warehouse, settings=settings, given=given))
    if file is not None and not file.is_file():
        yield None
        return
    with open_state(warehouse, settings=settings, given=given) as database:
        yield database


def explain_figure(asked: FigureId, warehouse: Path, *, archive: Path, database: Database | None) -> Explained:
    """All that is known of a figure but its cases. database None: there is no state, and so no issue.

    Raises InputError for a figure the warehouse does not have.
    """
    read = read_values(warehouse)
    name = asked.metric.name
    found = [
        one
        for one in read_figures(
            read.values[read.values["metric"] == name],
            read.exclusions[read.exclusions["metric"] == name],
            {name: asked.metric},
            [asked.month],
        )
        if one.facility_id == asked.facility_id
    ]
    if not found:
        what = f"there is no figure {asked.text}."
        raise InputError(Fault("figure", what, "kpi values shows the places and months there are."))
    issues, folders = _in_issues(asked, archive, database)
    since = next((one for one in reversed(issues) if one.value is not None and one in folders), None)
    moved = None if since is None else _moved(asked, folders[since], warehouse)
    return Explained(asked, found[0], tuple(issues), since, moved)


def show_cases(asked: FigureId, warehouse: Path, *, database: Database, by: str, at: datetime) -> pd.DataFrame:
    """The cases behind a figure, after it was written into the audit trail that they were shown, and to whom."""
    if faults := text_faults("--by", by):
        raise InputError(faults)
    facility = None if asked.facility_id == WHOLE_SYSTEM else asked.facility_id
    cases = read_cases(warehouse, asked.metric, month=str(asked.month), facility=facility)
    with database.writing() as session:
        append_event(session, "cases shown", asked.text, by=by, at=at, body={"cases": len(cases)})
    return cases


def _in_issues(asked: FigureId, archive: Path, database: Database | None) -> tuple[list[InIssue], dict[InIssue, Path]]:
    """What each issue that held the figure printed, oldest first; and the folders of those that kept evidence of it."""
    issues: list[InIssue] = []
    folders: dict[InIssue, Path] = {}
    for issue in list_issues(database) if database is not None else []:
        entry = archive_of(database, issue.id) if database is not None else None
        file = next((archive / entry[0]).glob("*.figures.csv"), None) if entry is not None else None
        if entry is None or file is None or issue.number is None:
            continue
        shown = read_shown(file.read_text(encoding="utf-8"))
        key = (asked.metric.name, asked.facility_id, asked.month)
        if key in shown:
            one = InIssue(issue.number, issue.audience, issue.month, issue.state, shown[key].value)
            issues.append(one)
            if (archive / entry[0] / ABOUT).is_file():
                folders[one] = archive / entry[0]
    return issues, folders


def _moved(asked: FigureId, folder: Path, warehouse: Path) -> RestatedFigure | None:
    key = (asked.metric.name, asked.facility_id, asked.month)
    (file,) = folder.glob("*.figures.csv")
    shown = read_shown(file.read_text(encoding="utf-8"))
    with private_files(), working_folder(own_temporary_folder()) as scratch:
        now = scratch
        for name, content in build_evidence(warehouse, facility=None, only=asked.metric.name).items():
            (now / name).write_bytes(content)
        ledger = compare_evidence(
            folder, now, shown={key: shown[key]}, metrics={asked.metric.name: asked.metric}, number=0, month=asked.month
        )
    return next(iter(ledger.figures), None)
