"""The improvement programme as the report may speak of it: which initiatives, their estimates, their measures.

Not here: how an effect is estimated (`improvement.effects`), its words and tables (`report`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.improvement.effects.effect_result import EffectResult, Verdict
from kpi_pipeline.improvement.effects.effect_size import EffectSize, compute_effect_size
from kpi_pipeline.improvement.effects.initiative_effects import estimate_initiative, read_scope_series
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.improving.since_start import SinceStart, compute_since_start
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric

MeasureKind = Literal["outcome", "process", "balancing"]
MEASURE_KINDS: tuple[MeasureKind, ...] = ("outcome", "process", "balancing")


@dataclass(frozen=True, slots=True)
class InitiativeMeasure:
    """One measure of an initiative at one place where it runs."""

    kind: MeasureKind
    place: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class JudgedInitiative:
    """One initiative. effects: outcome → estimate, None where its values are not in the table by facility; empty
    before it begins. sizes: outcome → its effect in bed-days and dollars, where it is one of days. is_shared: in a
    facility's own copy, it runs in other places too; its effect, estimated over all of them, stands in the report of
    the whole system only. since: outcome → its level before and since, where it runs at one place."""

    initiative: Initiative
    is_begun: bool
    is_shared: bool
    effects: Mapping[str, EffectResult | None]
    sizes: Mapping[str, EffectSize]
    measures: tuple[InitiativeMeasure, ...]
    since: Mapping[str, SinceStart] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """That of the first outcome, which is the one the aim is about."""
        first = next(iter(self.effects.values()), None)
        return None if first is None else first.verdict


def judge_programme(
    inputs: ReportInputs,
    figures: Sequence[Figure],
    measure_of: Callable[[str, tuple[Month, ...], str], Measure],
) -> tuple[JudgedInitiative, ...]:
    """The initiatives that concern the report. measure_of: (metric, months, facility) → the judged measure."""
    chosen = [one for one in inputs.initiatives if _concerns(one, inputs)]
    values = _known_values(inputs, figures) if chosen else inputs.values
    judged = []
    for initiative in chosen:
        is_begun = initiative.starts_on <= inputs.month.last_day
        own = inputs.facility_id
        is_shared = own != WHOLE_SYSTEM and initiative.scope.facilities != (own,)
        effects, sizes = _estimates(inputs, initiative, values) if is_begun and not is_shared else ({}, {})
        if is_shared:
            here = initiative.scope.model_copy(update={"facilities": (own,)})
            initiative = initiative.model_copy(update={"scope": here})
        measures = _measures(inputs, initiative, figures, measure_of)
        since = _since_start(initiative, effects, measures)
        judged.append(JudgedInitiative(initiative, is_begun, is_shared, effects, sizes, measures, since))
    return tuple(judged)


def _since_start(
    initiative: Initiative, effects: Mapping[str, EffectResult | None], measures: Sequence[InitiativeMeasure]
) -> dict[str, SinceStart]:
    """Outcome → its levels, of those with an estimate that run at one place only."""
    start, found = Month.of(initiative.starts_on), {}
    for name, result in effects.items():
        places = [one.measure for one in measures if one.kind == "outcome" and one.measure.metric.name == name]
        if result is None or len(places) != 1:
            continue
        if (since := compute_since_start(places[0], start, result.first_counted_month)) is not None:
            found[name] = since
    return found


def _concerns(initiative: Initiative, inputs: ReportInputs) -> bool:
    """Declared by the end of the month, and of the facility the report is about (or of all)."""
    if initiative.declared_on > inputs.month.last_day and initiative.starts_on > inputs.month.last_day:
        return False
    facilities = initiative.scope.facilities
    return inputs.facility_id == WHOLE_SYSTEM or not facilities or inputs.facility_id in facilities


def _known_values(inputs: ReportInputs, figures: Sequence[Figure]) -> pd.DataFrame:
    """The values up to the report's month; under a profile that withholds, only months whose figure is printed."""
    values = inputs.values[inputs.values["month"] <= str(inputs.month)]
    if not inputs.withholds:
        return values
    known = {
        (one.metric, one.facility_id, str(one.month))
        for one in figures
        if one.number is not None and one.plotted_denominator is not None and isinstance(one.denominator, float)
    }
    keys = zip(values["metric"], values["facility_id"], values["month"], strict=True)
    return values[[key in known for key in keys]]


def _estimates(
    inputs: ReportInputs, initiative: Initiative, values: pd.DataFrame
) -> tuple[dict[str, EffectResult | None], dict[str, EffectSize]]:
    """The effects by outcome, and those of days in bed-days and dollars."""
    scales = {name: metric.scale for name, metric in inputs.metrics.items()}
    results: dict[str, EffectResult | None] = {}
    sizes: dict[str, EffectSize] = {}
    opportunity = inputs.drivers.opportunity if inputs.drivers else None
    price = opportunity.price if opportunity else None
    for name in initiative.outcomes:
        if not _has_values(initiative, name, values):
            results[name] = None
            continue
        series, control = read_scope_series(initiative, name, values, scales=scales)
        result = estimate_initiative(initiative, name, series, better=inputs.metrics[name].better, control=control)
        results[name] = result
        days = _days_per_unit(inputs.metrics[name])
        size = None if days is None else compute_effect_size(result, series, days_per_unit=days, price=price)
        if size is not None:
            sizes[name] = size
    return results, sizes


def _days_per_unit(metric: Metric) -> float | None:
    """How many days one unit of the measure is for one case; None where it is not a measure of days of stay."""
    if metric.kind == "mean" and metric.unit == "days":
        return 1.0
    if metric.kind == "rate" and metric.name.startswith("avoidable_days_per_"):
        return 1 / metric.per
    return None


def _has_values(initiative: Initiative, metric: str, values: pd.DataFrame) -> bool:
    if initiative.scope.units or initiative.scope.service_lines:
        return False
    dated = values[values["month"] != ""]
    there = set(zip(dated["metric"], dated["facility_id"], strict=True))
    needed = {(metric, place) for place in initiative.scope.facilities or (WHOLE_SYSTEM,)}
    control = initiative.control
    if control is not None and control.facility_id is not None:
        needed.add((metric, control.facility_id))
    elif control is not None:
        needed |= {(str(control.metric), place) for place in initiative.scope.facilities or (WHOLE_SYSTEM,)}
    return needed <= there


def _measures(
    inputs: ReportInputs,
    initiative: Initiative,
    figures: Sequence[Figure],
    measure_of: Callable[[str, tuple[Month, ...], str], Measure],
) -> tuple[InitiativeMeasure, ...]:
    """Outcome, process and balancing measures, each where the initiative runs."""
    first = inputs.month.plus(1 - inputs.settings.report.months_shown)
    by_kind = dict(zip(MEASURE_KINDS, (initiative.outcomes, initiative.processes, initiative.balancing), strict=True))
    found = []
    for kind, names in by_kind.items():
        for name in names:
            for place in initiative.scope.facilities or (WHOLE_SYSTEM,):
                charted = [one.month for one in figures if one.facility_id == place and one.month >= first]
                months = tuple(month_range(min(charted, default=inputs.month), inputs.month))
                found.append(InitiativeMeasure(kind, place, measure_of(name, months, place)))
    return tuple(found)
