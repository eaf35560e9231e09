"""What a careful reader must know before believing a chart, as records. Not here: their sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kpi_pipeline.signals.lines.constants import sigma_z_chance_range
from kpi_pipeline.signals.lines.limits import Lines
from kpi_pipeline.signals.series import EVENT_CHARTS, Series
from kpi_pipeline.signals.types import Chart, ChartWarning, Phase, WarningKind

FEWEST_EXPECTED = 5
"""Below this expected count the normal approximation behind p and u limits is poor (Montgomery, ch. 7)."""


WIDER_CHART: dict[Chart, Chart] = {"p": "p_prime", "u": "u_prime", "c": "xmr"}
"""Where counts vary more than a binomial or Poisson count can, the chart whose limits follow the observed variation."""


def collect_warnings(series: Series, lines: Lines, phases: tuple[Phase, ...]) -> tuple[ChartWarning, ...]:
    """Every warning of a chart, in a fixed order."""
    found = [*_short_phases(series, phases), *_no_variation(phases), *_screening(phases), *_left_out(series)]
    return (*found, *_sigma_z(lines, phases), *_small_counts(series, lines))


def _number(phase: Phase, phases: tuple[Phase, ...]) -> int | None:
    return phase.index + 1 if len(phases) > 1 else None


def _short_phases(series: Series, phases: tuple[Phase, ...]) -> Iterator[ChartWarning]:
    for phase in phases:
        if phase.limits_kind == "trial":
            yield ChartWarning("trial_limits", phase.n_baseline, _number(phase, phases))
        elif phase.limits_kind == "none" and series.chart != "run":
            yield ChartWarning("no_limits", phase.n_baseline, _number(phase, phases))


def _no_variation(phases: tuple[Phase, ...]) -> Iterator[ChartWarning]:
    if any(phase.sigma == 0 for phase in phases):
        yield ChartWarning("no_variation")


def _screening(phases: tuple[Phase, ...]) -> Iterator[ChartWarning]:
    if dropped := sum(phase.n_screened for phase in phases):
        yield ChartWarning("ranges_screened", dropped)
    if any(phase.screening_fell_back and phase.sigma for phase in phases):
        yield ChartWarning("screening_fell_back")


def _left_out(series: Series) -> Iterator[ChartWarning]:
    absent = series.n_months_absent if series.chart not in EVENT_CHARTS else 0
    counts: tuple[tuple[WarningKind, int], ...] = (
        ("points_missing", int((series.is_missing & ~series.is_ghosted).sum())),
        ("periods_absent", absent),
        ("points_ghosted", int(series.is_ghosted.sum())),
        ("points_immature", int(series.is_immature.sum())),
    )
    yield from (ChartWarning(kind, count) for kind, count in counts if count)


def _sigma_z(lines: Lines, phases: tuple[Phase, ...]) -> Iterator[ChartWarning]:
    """A plain p, u or c chart with more, or any of them with less, variation than chance explains."""
    for phase in phases:
        if phase.sigma_z is None:
            continue
        low, high = sigma_z_chance_range(phase.n_baseline)
        number = _number(phase, phases)
        if phase.sigma_z > high and lines.chart in WIDER_CHART:
            wider = WIDER_CHART[lines.chart]
            yield ChartWarning("varies_more", phase=number, sigma_z=phase.sigma_z, bound=high, instead=wider)
        if phase.sigma_z < low:
            yield ChartWarning("varies_less", phase=number, sigma_z=phase.sigma_z, bound=low)


def _small_counts(series: Series, lines: Lines) -> Iterator[ChartWarning]:
    """Expected events (or non-events) too few for symmetric limits."""
    if lines.chart not in ("p", "p_prime", "u", "u_prime", "c"):
        return
    expected = lines.centre / series.value_scale
    if lines.chart != "c":
        per_point = expected * series.size
        expected = np.minimum(per_point, series.size - per_point) if lines.chart.startswith("p") else per_point
    if few := int(((expected < FEWEST_EXPECTED) & series.counts).sum()):
        yield ChartWarning("few_events", few)
