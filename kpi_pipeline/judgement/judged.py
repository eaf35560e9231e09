"""`judge`: one pass over a report's inputs. Whatever is printed was decided here, and what is withheld is out.

Pages, tables and attachments read `Judged` and nothing else. Not here: words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy
from kpi_pipeline.declared.commentary import MonthCommentary
from kpi_pipeline.declared.targets import Targets
from kpi_pipeline.improvement.benchmarks import Benchmarks
from kpi_pipeline.improvement.budget import Budget
from kpi_pipeline.judgement.agenda import (
    Agenda,
    build_agenda,
    choose_exceptions,
    in_report_order,
)
from kpi_pipeline.judgement.audience import own_copy
from kpi_pipeline.judgement.bands import Band, JudgedBands, judge_bands
from kpi_pipeline.judgement.claims.follow import FollowUp
from kpi_pipeline.judgement.claims.printed import follow_printed, with_kept_onsets
from kpi_pipeline.judgement.disclosure.earlier import Earlier
from kpi_pipeline.judgement.disclosure.publication import publish
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.drivers import JudgedDrivers, has_waits_by_party, judge_drivers
from kpi_pipeline.judgement.false_signals import false_signals_of
from kpi_pipeline.judgement.figures import Figure, read_figures
from kpi_pipeline.judgement.improving.asked_decisions import TrackedDecision, track_decisions
from kpi_pipeline.judgement.improving.programme import JudgedInitiative, judge_programme
from kpi_pipeline.judgement.input_checks import check_inputs
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import (
    FigureIndex,
    Measure,
    build_measure,
    first_month_read,
    index_figures,
)
from kpi_pipeline.judgement.records import JudgedRecords, judge_records
from kpi_pipeline.judgement.restated.judge import JudgedRestated, figures_with_sums, judge_restated
from kpi_pipeline.judgement.tables.denials import JudgedDenials, judge_denials
from kpi_pipeline.judgement.tables.fairness import JudgedFairness, judge_fairness
from kpi_pipeline.judgement.tables.totals import JudgedTotals, judge_totals
from kpi_pipeline.signals import FalseSignals, RuleSet, find_rule_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the report is about, and for whom. facility_names: id → name, of the places it may speak of."""

    month: Month
    facility_id: str
    facility_name: str | None
    facility_names: Mapping[str, str]
    privacy: Privacy
    small_number_threshold: int
    issue_number: int | None
    replaces: str
    gate_overrides: tuple[str, ...]

    @property
    def is_system(self) -> bool:
        """Whether it is about all facilities together."""
        return self.facility_id == WHOLE_SYSTEM

    @property
    def withholds(self) -> bool:
        """Whether small numbers are withheld."""
        return self.privacy != "internal"

    @property
    def place(self) -> str | None:
        """The facility's name, or its id; None for the whole system."""
        return None if self.is_system else self.facility_name or self.facility_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Everything one report may say.

    system: metric → measure of the report's own scope, in the order of the report. by_facility: facility → metric →
    measure of the metrics compared, only for the whole system. figures: of every facility, as they may be known.
    claims: what earlier issues said, followed up, and what this report says for the first time. restated: what became
    of the figures of the issue before; None where there is none. asked_before: what
    earlier reports asked to be decided.
    """

    scope: Scope
    system: Mapping[str, Measure]
    by_facility: Mapping[str, Mapping[str, Measure]]
    agenda: Agenda
    figures: tuple[Figure, ...]
    headlines: tuple[str, ...]
    targets: Targets
    commentary: MonthCommentary
    drivers: JudgedDrivers | None
    denials: JudgedDenials | None
    budget: Budget | None
    totals: JudgedTotals | None
    fairness: JudgedFairness | None
    benchmarks: Benchmarks | None
    programme: tuple[JudgedInitiative, ...]
    records: JudgedRecords
    false_signals: FalseSignals | None
    rule_set: RuleSet
    snapshot_id: str
    claims: tuple[FollowUp, ...] = ()
    restated: JudgedRestated | None = None
    denial_reasons: Mapping[str, str] = field(default_factory=dict)
    asked_before: tuple[TrackedDecision, ...] = ()
    bands: JudgedBands | None = None

    def band_of(self, metric: str) -> Band | None:
        """Where the final value of the report month's figure is expected; None without a band."""
        bands = self.bands.now if self.bands else ()
        return next((one for one in bands if (one.shown.metric, one.shown.age) == (metric, 0)), None)

    @property
    def headline_measures(self) -> tuple[Measure, ...]:
        """The measures of page 1."""
        return tuple(self.system[name] for name in self.headlines)

    def chance_at_facilities(self, metrics: Collection[str]) -> FalseSignals | None:
        """What chance alone would colour in the charts of these measures, one for each facility."""
        return false_signals_of(parts[name] for parts in self.by_facility.values() for name in metrics)


def judge(inputs: ReportInputs) -> Judged:
    """Reads the figures, withholds, charts and judges them, and sets the agenda.

    Raises InputError for a month or facility without figures, CheckError for values of other definitions and
    rebases that may not stand, DefinitionError for headline metrics that do not exist.
    """
    check_inputs(inputs)
    inputs = own_copy(inputs)
    figures, months, index, known = _read(inputs)
    system = _own_measures(inputs, months, index)
    headlines = inputs.settings.report.headline_metrics
    by_facility = _judge_facilities(inputs, system, months, index)
    claims = follow_printed(inputs, system, by_facility)
    system = with_kept_onsets(system, claims, own=inputs.facility_id)
    drivers = judge_drivers(inputs, index, known)
    denials = judge_denials(inputs, index, known)
    totals = judge_totals(inputs, system, index)
    fairness = judge_fairness(inputs, index, known)
    # A year's readmissions of one condition at one hospital are few: outsiders' copies have none of this page.
    benchmarks = None if inputs.withholds else inputs.benchmarks
    programme = _judge_programme(inputs, figures, index)
    agenda = build_agenda(
        system,
        by_facility,
        headlines,
        has_drivers=drivers is not None and drivers.has_content,
        has_programme=bool(programme),
        has_barriers=denials is not None or has_waits_by_party(drivers),
        has_totals=totals is not None,
        has_budget=inputs.budget is not None,
        has_fairness=fairness is not None,
        has_benchmarks=benchmarks is not None,
    )
    return Judged(
        scope=_scope(inputs),
        system=system,
        by_facility=by_facility,
        agenda=agenda,
        figures=tuple(figures),
        headlines=headlines,
        targets=inputs.targets,
        commentary=inputs.commentary.of(inputs.month),
        drivers=drivers,
        denials=denials,
        budget=inputs.budget,
        totals=totals,
        fairness=fairness,
        benchmarks=benchmarks,
        programme=programme,
        records=judge_records(inputs),
        false_signals=false_signals_of(system.values()),
        rule_set=find_rule_set(inputs.settings.rule_set),
        snapshot_id=inputs.facts.snapshot_id,
        claims=claims,
        denial_reasons=inputs.settings.denial_reasons,
        restated=_judge_restated(inputs, index),
        asked_before=track_decisions(inputs),
        bands=judge_bands(inputs.vintages, system, inputs.month),
    )


def _read(inputs: ReportInputs) -> tuple[list[Figure], tuple[Month, ...], FigureIndex, FigureIndex]:
    """The figures as they may be known, the months charted, and the figures by place: as they may be known, as read."""
    first = inputs.month.plus(1 - inputs.settings.report.months_shown)
    read = list(month_range(first_month_read(inputs, first), inputs.month))
    figures = read_figures(inputs.values, inputs.exclusions, inputs.metrics, read)
    known = index_figures(figures)
    figures = _as_may_be_known(inputs, figures)
    return figures, _charted_months(inputs, figures, first), index_figures(figures), known


def _own_measures(inputs: ReportInputs, months: tuple[Month, ...], index: FigureIndex) -> dict[str, Measure]:
    """Every measure of the report's own scope, in the order of the report."""
    return {
        name: build_measure(inputs, inputs.metrics[name], months, index, facility_id=inputs.facility_id)
        for name in in_report_order(inputs.metrics.values())
    }


def _judge_programme(
    inputs: ReportInputs, figures: Sequence[Figure], index: FigureIndex
) -> tuple[JudgedInitiative, ...]:
    return judge_programme(
        inputs,
        figures,
        lambda name, of, place: build_measure(inputs, inputs.metrics[name], of, index, facility_id=place),
    )


def _charted_months(inputs: ReportInputs, figures: Iterable[Figure], first: Month) -> tuple[Month, ...]:
    """From the first month shown that has a figure of the report's own scope."""
    charted = [figure.month for figure in figures if figure.facility_id == inputs.facility_id and figure.month >= first]
    return tuple(month_range(min(charted, default=inputs.month), inputs.month))


def _as_may_be_known(inputs: ReportInputs, figures: list[Figure]) -> list[Figure]:
    """The figures with small numbers withheld where the report is for outsiders."""
    if not inputs.withholds:
        return figures
    return withhold_small_numbers(
        figures,
        inputs.metrics,
        threshold=inputs.settings.small_number_threshold,
        earlier=Earlier(inputs.shown, inputs.behind),
    )


def _scope(inputs: ReportInputs) -> Scope:
    return Scope(
        month=inputs.month,
        facility_id=inputs.facility_id,
        facility_name=inputs.facility_name,
        facility_names={mark.facility_id: mark.facility_name for mark in inputs.facts.watermarks},
        privacy=inputs.privacy,
        small_number_threshold=inputs.settings.small_number_threshold,
        issue_number=inputs.issue_number,
        replaces=inputs.replaces,
        gate_overrides=inputs.gate_overrides,
    )


def _judge_facilities(
    inputs: ReportInputs, system: Mapping[str, Measure], months: tuple[Month, ...], index: FigureIndex
) -> dict[str, dict[str, Measure]]:
    """The headline measures and the exceptions of each facility, in the order of their ids: no ranks."""
    facilities = sorted({facility for _, facility in index} - {WHOLE_SYSTEM})
    if inputs.facility_id != WHOLE_SYSTEM:
        return {}
    chosen = dict.fromkeys(inputs.settings.report.headline_metrics)
    chosen |= dict.fromkeys(measure.metric.name for _, measure in choose_exceptions(system.values()))
    chosen |= dict.fromkeys(one.metric for one in inputs.said if one.facility_id in facilities and one.metric in system)
    return {
        facility: {
            name: build_measure(inputs, inputs.metrics[name], months, index, facility_id=facility) for name in chosen
        }
        for facility in facilities
    }


def _judge_restated(inputs: ReportInputs, index: FigureIndex) -> JudgedRestated | None:
    if inputs.restated is None:
        return None
    own = [index.get((one.metric, one.facility_id), {}).get(one.month) for one in inputs.restated.figures]
    now = publish(figure for figure in own if figure is not None)
    return judge_restated(
        inputs.restated,
        index,
        withholds=inputs.withholds,
        threshold=inputs.settings.small_number_threshold,
        with_sums=figures_with_sums(inputs.restated, now, inputs.shown) if inputs.is_newest_shown else (),
    )
