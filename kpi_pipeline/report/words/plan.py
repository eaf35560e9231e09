"""What a plan has come to so far, in words: the level before and since its start, months on target, days and dollars.

A description beside the estimate, never in its place. Not here: the estimate's own sentences (`effects`).
"""

from __future__ import annotations

from kpi_pipeline.core.language import format_count, format_number
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.rounding import round_half_up
from kpi_pipeline.improvement.drivers.opportunity import Opportunity
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.size import worth_of_days
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import format_bare, format_dollars, format_value

_MONTHS_BEFORE = 12


def since_start_sentence(measure: Measure, start: Month, first_counted: Month) -> str:
    """`Since July 2026: 9.3 → 8.0 days (12 months before, 4 final months since). The target was met in 3 of 4 …`"""
    final = {month: one for month, one in measure.figures.items() if one.is_final and one.number is not None}
    before = [final[month] for back in range(1, _MONTHS_BEFORE + 1) if (month := start.plus(-back)) in final]
    since = [one for month, one in sorted(final.items()) if month >= first_counted]
    old, new = _level(before, measure.metric), _level(since, measure.metric)
    if old is None or new is None:
        return ""
    counted = f"{format_count(len(since), 'final months')}"
    said = f"Since {first_counted.name}: {format_bare(old, measure.metric)} → {format_value(new, measure.metric)}"
    return f"{said} ({_span(before)} before, {counted} since).{_months_met(measure, since)}"


def not_before_sentence(result: EffectResult) -> str:
    """`It cannot be judged before August 2027.` for an estimate that more months will allow."""
    if result.judgeable_from is None:
        return ""
    return f"It cannot be judged before the figures of {result.judgeable_from.name} are final."


def days_sentence(measure: Measure, result: EffectResult, opportunity: Opportunity | None) -> str:
    """The estimated effect in bed-days and dollars, each with its interval; nothing where it holds zero."""
    metric = measure.metric
    if metric.kind != "mean" or metric.unit != "days" or result.effects is None:
        return ""
    effect = result.effects.average_effect
    months = [one for month, one in measure.figures.items() if month >= result.first_counted_month and one.is_final]
    sizes = [one.plotted_denominator for one in months if one.number is not None]
    if not effect.excludes_zero or not sizes or any(size is None for size in sizes):
        return ""
    stays = sum(size for size in sizes if size is not None)
    low, high = sorted((abs(effect.lower) * stays, abs(effect.upper) * stays))
    fewer = "fewer" if effect.value < 0 else "more"
    days = f"about {_rough(abs(effect.value) * stays)} {fewer} bed-days ({_rough(low)} to {_rough(high)})"
    least, most = worth_of_days(low, opportunity), worth_of_days(high, opportunity)
    if least is None or most is None:
        return f"Over the {format_number(stays)} stays since: {days}."
    worth = f"{format_dollars(least[0])} to {format_dollars(most[1])} at the variable cost of a late day"
    return f"Over the {format_number(stays)} stays since: {days}, {worth}."


def _level(figures: list[Figure], metric: Metric) -> float | None:
    sums = [(one.plotted_numerator, one.plotted_denominator) for one in figures]
    known = [(top, bottom) for top, bottom in sums if top is not None and bottom]
    if not known or len(known) < len(sums) or metric.kind in ("count", "median"):
        return None
    return metric.scale * sum(top for top, _ in known) / sum(bottom for _, bottom in known)


def _span(before: list[Figure]) -> str:
    return format_count(len(before), "months")


def _months_met(measure: Measure, since: list[Figure]) -> str:
    """In how many of the months since the target of the month was met."""
    metric, judged = measure.metric, []
    for one in since:
        target = measure.targets.get(one.month)
        if target is not None and one.number is not None:
            value, goal = (round_half_up(number, metric.decimals) for number in (one.number, target.value))
            judged.append(value == goal or (value < goal) == (metric.better == "lower"))
    if not judged:
        return ""
    return f" The target was met in {format_number(sum(judged))} of {format_number(len(judged))} of them."


def _rough(number: float) -> str:
    digits = len(str(int(number)))
    return format_number(number if digits <= 2 else round(number, 2 - digits))
