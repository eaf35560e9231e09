"""The figures of the improvement programme: levels since the start, estimated effects, bed-days and dollars."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.improvement.effects.effect_size import EffectSize
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.improving.programme import JudgedInitiative
from kpi_pipeline.judgement.improving.since_start import SinceStart
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.forms.figures.page_figure import PageFigure
from kpi_pipeline.report.words.numbers import rounded_dollars, rounded_roughly


def initiative_figures(judged: Judged, one: JudgedInitiative) -> Iterator[PageFigure]:
    """The levels and estimates of an initiative that has begun."""
    for name, result in one.effects.items():
        if (since := one.since.get(name)) is not None:
            yield from _since_start(one.initiative.id, judged.system[name].metric, since)
        if result is None or result.effects is None:
            continue
        metric = judged.system[name].metric
        yield from _effect(one.initiative.id, metric, result, one.sizes.get(name))


def _since_start(initiative: str, metric: Metric, since: SinceStart) -> Iterator[PageFigure]:
    for name, level in (("level_before", since.before), ("level_since", since.since)):
        value = round_half_up(level, metric.decimals)
        yield PageFigure("improvement", initiative, metric.name, name, value, metric.unit)
    counts = {"final_months_before": since.n_before, "final_months_since": since.n_since}
    if since.n_judged:
        counts |= {"months_on_target": since.n_met, "months_with_target": since.n_judged}
    for name, count in counts.items():
        yield PageFigure("improvement", initiative, metric.name, name, float(count), "months")


def _effect(initiative: str, metric: Metric, result: EffectResult, size: EffectSize | None) -> Iterator[PageFigure]:
    assert result.effects is not None
    effects, page = result.effects, "improvement"

    def estimate(name: str, known: Estimate | None, unit: str = metric.unit) -> Iterator[PageFigure]:
        if known is not None:
            value, lower, upper = (
                round_half_up(part, metric.decimals) for part in (known.value, known.lower, known.upper)
            )
            yield PageFigure(page, initiative, metric.name, name, value, unit, lower, upper)

    yield from estimate("average_effect", effects.average_effect)
    yield from estimate("level_change", effects.level_change)
    yield from estimate("slope_change_a_month", effects.slope_change)
    yield from estimate("effect_in_last_month", effects.effect_at_end)
    yield from estimate("control_alone", result.placebo)
    yield from estimate("measure_alone", result.alone)
    visible = round_half_up(effects.power.smallest_visible_effect, metric.decimals)
    yield PageFigure(page, initiative, metric.name, "smallest_visible_effect", visible, metric.unit)
    for name, count in (("months_before", result.n_before), ("months_after", result.n_after)):
        yield PageFigure(page, initiative, metric.name, name, float(count), "months")
    if size is not None and result.verdict != "control_only":
        days = size.bed_days
        rough = [rounded_roughly(part) for part in (days.value, days.lower, days.upper)]
        yield PageFigure(page, initiative, metric.name, "bed_days", rough[0], "days", rough[1], rough[2])
        if size.usd is not None:
            usd, low, high = (rounded_dollars(part) for part in (size.usd.value, size.usd.lower, size.usd.upper))
            yield PageFigure(page, initiative, metric.name, "usd", usd, "usd", low, high)
