"""`build_report`: one set of inputs in, the whole report as one frozen model out. No clock, no files, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.forms.figures.figures_csv import write_figures_csv
from kpi_pipeline.report.forms.figures.restated_csv import write_restated_csv
from kpi_pipeline.report.licence import refuse_unlicensed
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.pages.appendix import build_appendix
from kpi_pipeline.report.pages.barriers import build_barriers
from kpi_pipeline.report.pages.benchmarks import build_benchmarks
from kpi_pipeline.report.pages.budget import build_budget
from kpi_pipeline.report.pages.exceptions import build_exception_pages
from kpi_pipeline.report.pages.facilities import build_facility_section
from kpi_pipeline.report.pages.fairness import build_fairness
from kpi_pipeline.report.pages.followed.claims import build_said_before
from kpi_pipeline.report.pages.followed.explained import ExplainedFigure, build_explained
from kpi_pipeline.report.pages.followed.provisional import build_provisional
from kpi_pipeline.report.pages.followed.questions import build_questions
from kpi_pipeline.report.pages.followed.restated import build_restated
from kpi_pipeline.report.pages.front import build_front_page
from kpi_pipeline.report.pages.improving.decisions import build_decisions
from kpi_pipeline.report.pages.improving.drivers import build_drivers
from kpi_pipeline.report.pages.improving.improvement import build_improvement
from kpi_pipeline.report.pages.improving.owed import build_owed
from kpi_pipeline.report.pages.scorecard import build_scorecard, build_small_multiples, section_headings
from kpi_pipeline.report.pages.totals import build_totals
from kpi_pipeline.report.words.findings import issue_words

_SNAPSHOT_LETTERS = 6
"""As much of the snapshot's id as fits the foot of a page; the whole id is in the model and the attached table."""


def build_report(inputs: ReportInputs) -> Report:
    """The monthly report of one facility, or of the whole system."""
    return build_report_and_tables(inputs)[0]


def build_report_and_tables(inputs: ReportInputs) -> tuple[Report, dict[str, str]]:
    """The report and the texts of its tables by file name, from one calculation: figures.csv, and with an issue before
    restated.csv. Raises CheckError where a sentence says more than was judged."""
    whole = build_whole(inputs)
    return whole.report, whole.tables


@dataclass(frozen=True, slots=True)
class Whole:
    """A report, the texts of its tables by file name, and how its figures were counted, for who may see that.

    headings: measure → the heading it stands under.
    """

    report: Report
    tables: dict[str, str]
    explained: tuple[ExplainedFigure, ...]
    headings: dict[str, str]


def build_whole(inputs: ReportInputs) -> Whole:
    """All that the forms of a report are made of, from one calculation; CheckError as `build_report_and_tables`."""
    judged = judge(inputs)
    prepared = (
        build_restated(judged),
        build_said_before(judged),
        build_facility_section(judged),
        build_drivers(judged),
        build_barriers(judged),
        build_totals(judged),
        build_budget(judged),
        build_fairness(judged),
        build_benchmarks(judged),
        build_improvement(judged),
        build_decisions(judged),
        build_questions(judged),
        build_provisional(judged),
    )
    settings, facts = inputs.settings, inputs.facts
    built_at = facts.built_at if facts.built_at.tzinfo else facts.built_at.replace(tzinfo=UTC)
    report = Report(
        month=str(inputs.month),
        month_words=inputs.month.name,
        facility_id=inputs.facility_id,
        hospital_name=settings.hospital_name,
        facility_name=None if judged.scope.is_system else inputs.facility_name,
        issue_number=inputs.issue_number,
        title=settings.report.title,
        prepared_by=settings.report.prepared_by,
        confidentiality=settings.report.confidentiality,
        source_words=f"{issue_words(judged.scope.issue_number)}. Source: {facts.source_title}, "
        f"snapshot {facts.snapshot_id[:_SNAPSHOT_LETTERS]}, built {date_words(built_at.date())}",
        language=settings.report.language,
        privacy=inputs.privacy,
        snapshot_id=facts.snapshot_id,
        stamped_at=built_at,
        front=build_front_page(judged),
        scorecard=build_scorecard(judged),
        exceptions=build_exception_pages(judged),
        claims=tuple(one.claim for one in judged.claims),
        owed=build_owed(judged),
        further_sections=tuple(one for one in prepared if one is not None),
        small_multiples=build_small_multiples(judged),
        appendix=build_appendix(judged, contact=settings.report.contact),
    )
    refuse_unlicensed(report, judged)
    tables = {"figures.csv": write_figures_csv(judged)}
    if judged.restated is not None:
        restated = judged.restated
        tables["restated.csv"] = write_restated_csv(restated.figures, causes_only=restated.causes_only)
    return Whole(report, tables, build_explained(judged), section_headings(judged))
