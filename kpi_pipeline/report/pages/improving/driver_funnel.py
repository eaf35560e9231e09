"""One part of page 4: the units of the hospital on a funnel, for one headline proportion. No ranks.

Only units outside the 99.8 % limits are named. Not here: which units may be shown (`judgement.drivers.units`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kpi_pipeline.core.text.language import format_count, verb_for
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.drivers.units import JudgedUnits
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Block, CaptionedFunnel, Funnel, FunnelCurve, FunnelMark
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_value, small_count_words, unit_words
from kpi_pipeline.report.words.phrases import mid_sentence, subject
from kpi_pipeline.signals import FunnelPoint, FunnelResult, funnel_limits

_CURVE_POINTS = 40


def build_unit_block(units: JudgedUnits) -> Block:
    """The funnel, with a sentence on who lies outside."""
    metric, result = units.metric, units.result
    heading = _heading(metric, len(units.outside), len(result.points))
    return Block(
        heading=heading,
        paragraphs=_outside_words(units.outside, result.target, metric),
        funnel=CaptionedFunnel(
            caption=f"{subject(metric.title)} by unit, adjusted for diagnosis group and age, by number of "
            f"{metric.denominator_noun}; the limits allow for chance"
            f"{' and the usual spread between units' if result.is_adjusted else ''}",
            funnel=_funnel(result, metric, heading),
        ),
        notes=_notes(units),
    )


def _heading(metric: Metric, n_outside: int, n_units: int) -> str:
    title = subject(metric.title)
    if n_outside == 0:
        return f"{title}: none of {small_count_words(n_units)} units lies outside the limits"
    lie = verb_for(n_outside, "lies", "lie")
    return f"{title}: {small_count_words(n_outside)} of {small_count_words(n_units)} units {lie} outside the limits"


def _outside_words(outside: Sequence[FunnelPoint], overall: float, metric: Metric) -> tuple[str, ...]:
    if not outside:
        return ("The differences between the units are no larger than chance and the usual spread between units make.",)
    named = [
        f"{point.name} ({format_value(point.value, metric)}, {'above' if point.value > overall else 'below'})"
        for point in outside
    ]
    return (f"Outside the 99.8% limits: {join_words(named)}. That is a question to ask, not a verdict.",)


def _notes(units: JudgedUnits) -> tuple[str, ...]:
    result = units.result
    words = (
        "Adjusted for diagnosis group and age (observed over expected, times the overall rate); other differences "
        "between the patients are not."
    )
    if result.is_adjusted:
        words += " The limits are widened for the usual spread between units (over-dispersion)."
    if result.has_few_units:
        words += f" {capitalised(small_count_words(len(result.points)))} units are few to judge that spread by."
    if units.n_left_out:
        words += f" Not shown, for too few cases: {format_count(units.n_left_out, 'units')}."
    if units.n_not_known:
        lacking = format_count(units.n_not_known, "units")
        words += f" Not shown, since diagnosis or age is missing in more than one case of ten: {lacking}."
    return (words,)


def _funnel(result: FunnelResult, metric: Metric, finding: str) -> Funnel:
    sizes = [point.denominator for point in result.points]
    first, last = min(sizes) * 0.85, max(sizes) * 1.05
    # Closer together where the limits bend: at the small sizes.
    steps = [first * (last / first) ** (step / (_CURVE_POINTS - 1)) for step in range(_CURVE_POINTS)]
    suffix: Literal["", "%"] = "%" if metric.unit == "percent" else ""
    return Funnel(
        alt=f"Funnel of {mid_sentence(metric.title)} by unit. {finding}.",
        size_heading=capitalised(metric.denominator_noun),
        unit=unit_words(metric),
        decimals=metric.decimals,
        tick_suffix=suffix,
        centre=result.target,
        centre_label=f"Overall {format_bare(result.target, metric)}",
        marks=tuple(
            FunnelMark(
                size=point.denominator,
                value=point.value,
                point_class="neither" if point.point_class.startswith("neither") else point.point_class,
                label=point.name if point.is_outside else None,
            )
            for point in sorted(result.points, key=lambda point: (point.denominator, point.name))
        ),
        curve=tuple(
            FunnelCurve(
                size=size, lower_95=at.lower_95, upper_95=at.upper_95, lower_998=at.lower_998, upper_998=at.upper_998
            )
            for size, at in zip(steps, funnel_limits(result, steps), strict=True)
        ),
    )
