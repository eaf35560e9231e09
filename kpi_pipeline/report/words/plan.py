"""What a plan has come to so far, in words: the level before and since its start, months on target, days and dollars.

A description beside the estimate, never in its place. Not here: the estimate's own sentences (`effects`).
"""

from __future__ import annotations

from kpi_pipeline.core.language import format_count, format_number
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.rounding import round_half_up
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.effect_size import EffectSize
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import format_bare, format_dollars, format_value, rounded_roughly

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


def days_sentence(result: EffectResult, size: EffectSize | None) -> str:
    """The estimated effect in bed-days and dollars, each with its interval; nothing where the effect holds zero."""
    if size is None or result.effects is None or not result.effects.average_effect.excludes_zero:
        return ""
    days = size.bed_days
    low, high = sorted((abs(days.lower), abs(days.upper)))
    fewer = "fewer" if days.value < 0 else "more"
    said = (
        f"Over the {format_count(size.n_cases, 'cases')} of {format_count(size.n_months, 'months')} since: about "
        f"{_rough(abs(days.value))} {fewer} bed-days ({_rough(low)} to {_rough(high)})"
    )
    if size.usd is None:
        return f"{said}."
    least, most = sorted((abs(size.usd.lower), abs(size.usd.upper)))
    worth = f"{format_dollars(abs(size.usd.value))} ({format_dollars(least)} to {format_dollars(most)})"
    return f"{said}, {worth} at the variable cost of a late day."


def _level(figures: list[Figure], metric: Metric) -> float | None:
    sums = [(one.plotted_numerator, one.plotted_denominator) for one in figures]
    known = [(top, bottom) for top, bottom in sums if top is not None and bottom]
    if not known or len(known) < len(sums) or not metric.is_ratio_of_sums:
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
    return format_number(rounded_roughly(number))
