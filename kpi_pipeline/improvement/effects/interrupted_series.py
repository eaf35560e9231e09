"""Did the initiative work? Interrupted time series as declared beforehand, on one monthly series.

Two lines, before and after a given start, with errors that know neighbouring months resemble each other
(`autocorrelated_fit`), a counterfactual, a power statement (`power`) and a warning when the start followed an extreme
month (`extreme_start`). Fewer than twelve months on a side give no number at all. No break point is searched for and no
model is chosen here: both would make the interval a lie. The words are the report's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.declared.initiatives import Model, Seasonality
from kpi_pipeline.improvement.effects.analysed_months import (
    FEWEST_MONTHS,
    Parts,
    check_inputs,
    find_obstacles,
    split_months,
)
from kpi_pipeline.improvement.effects.autocorrelated_fit import AveragedFit, fit_autocorrelated
from kpi_pipeline.improvement.effects.effect_points import effect_points
from kpi_pipeline.improvement.effects.effect_result import (
    Caution,
    EffectResult,
    Effects,
    Obstacle,
    Verdict,
)
from kpi_pipeline.improvement.effects.extreme_start import ExtremeStart, find_extreme_start
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries
from kpi_pipeline.improvement.effects.power import average_contrast, compute_power
from kpi_pipeline.improvement.effects.segments import Columns, Segments, find_segments
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.signals import Better

STRONG_AUTOCORRELATION = 0.5
"""Intervals cover in simulations up to 0.6; an estimate of 0.5 and more leaves higher values open, where they are
somewhat too narrow."""

MONTHS_FOR_A_WAVE = 24
"""Months before the start from which the season is one wave by default: each calendar month has been seen twice. Left
in, a season of one sigma takes much of the power (docs/improvement.md)."""

_LONGEST_WAIT = 60


def estimate_effect(
    series: MonthlySeries,
    *,
    starts_on: date,
    declared_on: date,
    better: Better,
    washout_months: int = 0,
    model: Model = "level_and_slope",
    seasonality: Seasonality = "automatic",
    control: MonthlySeries | None = None,
    worthwhile_effect: float | None = None,
) -> EffectResult:
    """The effect of something that began on a given day, on one monthly series of final values.

    With a control the difference of the two series is analysed, in the months both have. worthwhile_effect: the
    smallest average effect worth seeing, above 0, in the unit of the measure. Everything but the series is to be what
    was declared before the start. Raises InputError when an argument is not usable; too few months are a verdict.
    """
    check_inputs(model, seasonality, better, washout_months, worthwhile_effect)
    segments = find_segments(starts_on, washout_months=washout_months)
    analysed = series if control is None else series.less(control)
    parts = split_months(analysed, segments)
    if seasonality == "automatic":
        seasonality = "one_wave" if len(parts.before.months) >= MONTHS_FOR_A_WAVE else "none"
    columns = Columns(segments, model, seasonality)
    obstacles = find_obstacles(parts, columns)
    extreme = _extreme_start(series, columns.segments, better)
    fitted = None if obstacles else _fit(parts, columns)
    effects = None if fitted is None else _effects(fitted, parts, columns, worthwhile_effect)
    n_before, n_after = len(parts.before.months), len(parts.after.months)
    placebo = alone = None
    if control is not None and effects is not None:
        placebo, alone = (_average_effect(one, analysed, columns) for one in (control, series))
    verdict = _refusal(obstacles) if effects is None else _verdict(effects.average_effect, better)
    return EffectResult(
        verdict=_held_against_control(verdict, effects, placebo, alone),
        obstacles=obstacles,
        cautions=_cautions(analysed, parts, effects, placebo, extreme, columns, is_declared=declared_on < starts_on),
        model=model,
        seasonality=seasonality,
        better=better,
        first_counted_month=columns.segments.first_counted,
        last_month=analysed.months[-1] if analysed.months else None,
        n_before=n_before,
        n_washout=len(analysed.months) - n_before - n_after,
        n_after=n_after,
        n_missing=_n_missing(analysed),
        n_without_control=len(series.months) - len(analysed.months),
        months_lacking_before=max(FEWEST_MONTHS - n_before, 0),
        months_lacking_after=max(FEWEST_MONTHS - n_after, 0),
        is_weighted=analysed.denominators is not None,
        has_control=control is not None,
        is_declared_beforehand=declared_on < starts_on,
        effects=effects,
        placebo=placebo,
        alone=alone,
        judgeable_from=_judgeable_from(analysed, parts, obstacles, columns),
        extreme_start=extreme,
        points=effect_points(analysed, control, fitted, columns),
    )


def _refusal(obstacles: Sequence[Obstacle]) -> Verdict:
    is_hopeless = "few_months_before" in obstacles or "no_variation" in obstacles
    return "not_estimable" if is_hopeless else "too_early"


def _fit(parts: Parts, columns: Columns) -> AveragedFit:
    months = parts.counted.months
    return fit_autocorrelated(
        columns.design(months),
        np.array(parts.counted.values),
        positions=np.array([month.months_since(months[0]) for month in months], dtype=np.float64),
        precisions=parts.sizes,
    )


def _effects(fit: AveragedFit, parts: Parts, columns: Columns, worthwhile_effect: float | None) -> Effects:
    months = parts.counted.months
    changes = [columns.unit(2 + place, months) for place in range(columns.n_changes)]
    at_end = columns.effects(months[-1:])[0]
    average = average_contrast(columns, months, parts.sizes)
    *change_estimates, end_estimate, average_estimate = fit.estimates(np.array([*changes, at_end, average]))
    return Effects(
        level_change=change_estimates[0],
        slope_change=change_estimates[1] if columns.n_changes == 2 else None,
        effect_at_end=end_estimate,
        average_effect=average_estimate,
        autocorrelation=fit.autocorrelation,
        residual_sd=fit.residual_sd,
        degrees_of_freedom=fit.degrees_of_freedom,
        power=compute_power(
            fit,
            columns,
            months,
            average_effect=average_estimate,
            sizes=parts.sizes,
            worthwhile_effect=worthwhile_effect,
        ),
    )


def _verdict(effect: Estimate, better: Better) -> Verdict:
    if not effect.excludes_zero:
        return "no_evidence"
    if better == "neither":
        return "change"
    return "improvement" if (effect.upper < 0) == (better == "lower") else "worsening"


def _extreme_start(series: MonthlySeries, segments: Segments, better: Better) -> ExtremeStart | None:
    """Asked of the measure itself, not of its difference from a control: people start by what they see."""
    before = series.only([segments.role_of(month) == "before" for month in series.months])
    return find_extreme_start(before, better=better) if len(before.months) >= FEWEST_MONTHS else None


def _held_against_control(
    verdict: Verdict, effects: Effects | None, placebo: Estimate | None, alone: Estimate | None
) -> Verdict:
    """A difference from a control that itself changed is no effect of a measure that by itself did not."""
    if effects is None or placebo is None or alone is None or not effects.average_effect.excludes_zero:
        return verdict
    is_own = alone.excludes_zero and (alone.value < 0) == (effects.average_effect.value < 0)
    return "control_only" if placebo.excludes_zero and not is_own else verdict


def _average_effect(series: MonthlySeries, analysed: MonthlySeries, columns: Columns) -> Estimate | None:
    """The average effect on the control or the measure alone, in the months that were analysed. Nobody treated the
    control, so 0 is to be expected of it."""
    common = set(analysed.months)
    parts = split_months(series.only([month in common for month in series.months]), columns.segments)
    if find_obstacles(parts, columns):
        return None
    fit = _fit(parts, columns)
    return fit.estimates(np.array([average_contrast(columns, parts.counted.months, parts.sizes)]))[0]


def _judgeable_from(
    series: MonthlySeries, parts: Parts, obstacles: Sequence[Obstacle], columns: Columns
) -> Month | None:
    """The first month to come with which an estimate is possible, if no month is missing from now on."""
    if not obstacles or _refusal(obstacles) != "too_early":
        return None
    counted = list(parts.counted.months)
    n_after = len(parts.after.months)
    first = columns.segments.first_counted
    month = max(series.months[-1].plus(1), first) if series.months else first
    for _ in range(_LONGEST_WAIT):
        counted.append(month)
        n_after += 1
        if n_after >= FEWEST_MONTHS:
            design = columns.design(counted)
            if np.linalg.matrix_rank(design) == design.shape[1]:
                return month
        month = month.plus(1)
    return None


def _n_missing(series: MonthlySeries) -> int:
    if not series.months:
        return 0
    return sum(1 for _ in month_range(series.months[0], series.months[-1])) - len(series.months)


def _cautions(
    series: MonthlySeries,
    parts: Parts,
    effects: Effects | None,
    placebo: Estimate | None,
    extreme: ExtremeStart | None,
    columns: Columns,
    *,
    is_declared: bool,
) -> tuple[Caution, ...]:
    found: list[Caution] = []
    if not is_declared:
        found.append("declared_after_start")
    if extreme is not None:
        found.append("followed_extreme_month")
    if _n_missing(series):
        found.append("months_missing")
    if effects is not None and effects.autocorrelation.value >= STRONG_AUTOCORRELATION:
        found.append("strong_autocorrelation")
    if effects is not None and columns.model == "level_and_slope" and _is_long_forecast(parts):
        found.append("long_forecast")
    if placebo is not None and placebo.excludes_zero:
        found.append("control_changed")
    return tuple(found)


def _is_long_forecast(parts: Parts) -> bool:
    """A line drawn further into the future than it has a past guesses at the trend."""
    return parts.after.months[-1].months_since(parts.before.months[-1]) > len(parts.before.months)
