"""What a plan has come to so far, in words: the level before and since its start, months on target, days and dollars.

Not here: the numbers (`judgement.since_start`), the estimate's own sentences (`effects`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_count, format_number
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.effect_size import EffectSize
from kpi_pipeline.judgement.improving.since_start import SinceStart
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import format_bare, format_dollars, format_value, rounded_roughly


def since_start_sentence(found: SinceStart, metric: Metric) -> str:
    """`Since July 2026: 9.3 → 8.0 days (12 months before, 4 final months since). The target was met in 3 of 4 …`"""
    said = (
        f"Since {found.first_counted.name}: {format_bare(found.before, metric)} → {format_value(found.since, metric)} "
        f"({format_count(found.n_before, 'months')} before, {format_count(found.n_since, 'final months')} since)."
    )
    if not found.n_judged:
        return said
    return f"{said} The target was met in {format_number(found.n_met)} of {format_number(found.n_judged)} of them."


def not_before_sentence(result: EffectResult) -> str:
    """`It cannot be judged before August 2027.` for an estimate that more months will allow."""
    if result.judgeable_from is None:
        return ""
    return f"It cannot be judged before the figures of {result.judgeable_from.name} are final."


def days_sentence(result: EffectResult, size: EffectSize | None) -> str:
    """The estimated effect in bed-days and dollars, each with its interval; nothing where no effect is claimed."""
    if size is None or not result.shows_effect:
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


def _rough(number: float) -> str:
    return format_number(rounded_roughly(number))
