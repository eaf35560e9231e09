"""From a warehouse to a month's report: what `kpi report` and Dagster both call."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.garbage import collecting_rarely
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy, ReportForm
from kpi_pipeline.declared.commentary import read_commentary
from kpi_pipeline.declared.decisions import newest, read_outcomes
from kpi_pipeline.declared.targets import read_targets
from kpi_pipeline.journal import ReportDecisions, read_report_decisions
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.restated.ledger import Restated
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.provenance import provenance_json
from kpi_pipeline.pipeline.history.issue_before import (
    IssueBefore,
    decisions_asked,
    restated_since,
    roots_of,
    vintages_before,
)
from kpi_pipeline.pipeline.history.restatement import read_shown
from kpi_pipeline.pipeline.history.shown_before import ShownIssue, behind_each, is_newest_shown, what_was_shown
from kpi_pipeline.pipeline.warehouse_figures import WarehouseFigures, read_warehouse_figures, was_rebuilt
from kpi_pipeline.report.build import build_whole
from kpi_pipeline.report.forms.figures.page_figure import PageFigure
from kpi_pipeline.report.forms.figures.page_figures import page_figures
from kpi_pipeline.report.forms.others import render_forms
from kpi_pipeline.report.forms.pdf import Attachment, render_report, report_file_stem
from kpi_pipeline.report.model import Report
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import BuildFacts, read_build_facts


@dataclass(frozen=True, slots=True)
class IssueWords:
    """What a report says of itself as an issue. number None: a draft. with_roots: the root over each figure's case
    list is in provenance.json. said: what the issue before claimed; before: where it lies. shown: the issues that
    outsiders have, oldest first; none for a report that withholds nothing. As in `ReportInputs`."""

    number: int | None = None
    replaces: str = ""
    gate_overrides: tuple[str, ...] = ()
    with_roots: bool = False
    said: tuple[Claim, ...] = ()
    before: IssueBefore | None = None
    shown: tuple[ShownIssue, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Where the files of a report are. owed: what the director has not answered about it yet."""

    pdf: Path
    model: Path
    figures: Path
    provenance: Path
    n_pages: int
    owed: tuple[str, ...] = ()
    forms: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A month's report before its pages are drawn: judged, worded, with the files that go with it. Can be pickled."""

    report: Report
    attachments: tuple[Attachment, ...]
    forms: Mapping[str, bytes]


@collecting_rarely()
def write_report(
    warehouse: Path,
    month: Month,
    out: Path,
    *,
    facility: str | None = None,
    privacy: Privacy = "internal",
    settings: Settings = Settings(),
    issue: IssueWords = IssueWords(),
    decided: ReportDecisions | None = None,
    forms: Collection[ReportForm] = (),
    figures: WarehouseFigures | None = None,
) -> WrittenReport:
    """Writes a month's PDF, JSON model, figures.csv, provenance.json and other forms: a pure function of snapshot,
    month, code and what is on record: settings, targets, commentary, and the journal of decisions if there is one.

    facility None is the whole system. decided: None reads the journal, as it is now. figures: None reads the warehouse;
    whoever makes several reports of one month and facility reads it once. Raises InputError for a month or
    facility that the data do not have, and where the files of an issued report would be overwritten.
    """
    made = make_report(
        warehouse, month, facility=facility, privacy=privacy, settings=settings, issue=issue, decided=decided,
        forms=forms, figures=figures,
    )  # fmt: skip
    return draw_report(made, out, settings=settings)


def make_report(
    warehouse: Path,
    month: Month,
    *,
    facility: str | None = None,
    privacy: Privacy = "internal",
    settings: Settings = Settings(),
    issue: IssueWords = IssueWords(),
    decided: ReportDecisions | None = None,
    forms: Collection[ReportForm] = (),
    figures: WarehouseFigures | None = None,
) -> MadeReport:
    """What `write_report` would draw. Arguments and errors as there."""
    inputs = read_report_inputs(
        warehouse, month, facility=facility, privacy=privacy, settings=settings, issue=issue, decided=decided,
        figures=figures,
    )  # fmt: skip
    whole = build_whole(inputs)
    with open_warehouse(warehouse) as connection:
        provenance = provenance_json(connection, inputs.metrics.values(), with_counts=privacy == "internal")
        if read_build_facts(connection).snapshot_id != inputs.facts.snapshot_id:
            raise was_rebuilt(warehouse)
    if issue.with_roots:
        provenance = _with_roots(provenance, whole.tables["figures.csv"], warehouse, facility, inputs.facts.snapshot_id)
    tables = (Attachment(name, text.encode(), _TABLES[name]) for name, text in whole.tables.items())
    attached = Attachment("provenance.json", provenance.encode(), "What the figures were made from")
    return MadeReport(whole.report, (*tables, attached), render_forms(whole, forms, look=settings.report))


def draw_report(made: MadeReport, out: Path, *, settings: Settings = Settings()) -> WrittenReport:
    """Draws the pages and writes all files; InputError where those of an issued report would be overwritten."""
    _refuse_to_overwrite(out / f"{report_file_stem(made.report)}.model.json")
    rendered = render_report(made.report, out, look=settings.report, attachments=made.attachments, forms=made.forms)
    figures_file, *_, provenance_file = rendered.attachments
    return WrittenReport(
        rendered.pdf, rendered.model, figures_file, provenance_file, rendered.n_pages, made.report.owed, rendered.forms
    )


_TABLES = {
    "figures.csv": "Every figure of this report",
    "restated.csv": "Every figure of the issue before that is another one now, by cause",
}
"""What each attached table holds."""


def _with_roots(provenance: str, figures_csv: str, warehouse: Path, facility: str | None, snapshot_id: str) -> str:
    """The provenance with the root over the case list of each figure that is printed."""
    keys = frozenset((name, place, str(month)) for name, place, month in read_shown(figures_csv))
    roots = roots_of(warehouse.resolve(), facility or WHOLE_SYSTEM, snapshot_id, keys)
    return json.dumps({**json.loads(provenance), "case_list_roots": dict(sorted(roots.items()))}, indent=1) + "\n"


def _restated(issue: IssueWords, warehouse: Path, facility: str | None, facts: BuildFacts) -> Restated | None:
    if issue.before is None:
        return None
    return restated_since(issue.before, warehouse, scope=facility or WHOLE_SYSTEM, snapshot_id=facts.snapshot_id)


def read_report_inputs(
    warehouse: Path,
    month: Month,
    *,
    facility: str | None = None,
    privacy: Privacy = "internal",
    settings: Settings = Settings(),
    issue: IssueWords = IssueWords(),
    decided: ReportDecisions | None = None,
    figures: WarehouseFigures | None = None,
) -> ReportInputs:
    """Everything a report is judged from: the snapshot, the month, what is on record. Arguments as `write_report`."""
    metrics = load_metrics()
    read = figures or read_warehouse_figures(warehouse, month, facility=facility, settings=settings)
    facts = read.facts
    decided = read_report_decisions(warehouse, settings=settings) if decided is None else decided
    commentary = read_commentary(settings.report.commentary, metrics)
    asked = decisions_asked(commentary, issue.before, metrics)
    return ReportInputs(
        metrics=metrics,
        values=read.values,
        exclusions=read.exclusions,
        facts=facts,
        settings=settings,
        month=month,
        targets=read_targets(settings.targets, metrics),
        commentary=commentary,
        facility_id=facility or WHOLE_SYSTEM,
        facility_name=_facility_name(facility, facts) if facility is not None else None,
        privacy=privacy,
        initiatives=decided.initiatives,
        rebases=decided.rebases,
        asked=asked,
        outcomes=newest(read_outcomes(settings.report.decisions, asked), decided.outcomes),
        drivers=read.drivers,
        denials=read.denials,
        gaps=read.gaps,
        budget=read.budget,
        benchmarks=read.benchmarks,
        issue_number=issue.number,
        replaces=issue.replaces,
        gate_overrides=issue.gate_overrides,
        said=issue.said,
        restated=_restated(issue, warehouse, facility, facts),
        vintages=vintages_before(issue.before, scope=facility or WHOLE_SYSTEM),
        shown=what_was_shown(issue.shown),
        behind=behind_each(issue.shown, warehouse, facts.snapshot_id, issue.before),
        is_newest_shown=is_newest_shown(issue.shown, issue.before),
    )


def judge_page_figures(
    warehouse: Path,
    month: Month,
    *,
    facility: str | None = None,
    privacy: Privacy = "internal",
    settings: Settings = Settings(),
) -> tuple[PageFigure, ...]:
    """The figures of the pages on drivers and on the improvement programme, as the month's report prints them."""
    return page_figures(
        judge(read_report_inputs(warehouse, month, facility=facility, privacy=privacy, settings=settings))
    )


def _refuse_to_overwrite(model: Path) -> None:
    """What was issued stays as it was; a draft may be written again."""
    if not model.is_file():
        return
    try:
        number = json.loads(model.read_text(encoding="utf-8")).get("issue_number")
    except (ValueError, AttributeError) as error:
        cure = "Move it away, or write to another folder with --out."
        raise InputError(Fault(str(model), "is in the way and is no report's model.", cure)) from error
    if number is not None:
        cure = "Write to another folder with --out."
        raise InputError(Fault(str(model), f"belongs to issue {number}, which was issued and is not changed.", cure))


def _facility_name(facility: str, facts: BuildFacts) -> str:
    names = {row.facility_id: row.facility_name for row in facts.watermarks}
    if facility not in names:
        known = ", ".join(list(names)[:12]) + (" …" if len(names) > 12 else "")
        raise InputError(Fault("facility", f"{facility!r} is not in the data.", f"Choose one of: {known}."))
    return names[facility]
