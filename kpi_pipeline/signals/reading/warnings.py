"""The sentences to print under a chart: what a careful reader must know before believing it."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.core.language import format_count, verb_for
from kpi_pipeline.signals.lines.constants import sigma_z_chance_range
from kpi_pipeline.signals.lines.limits import Lines
from kpi_pipeline.signals.series import EVENT_CHARTS, Series
from kpi_pipeline.signals.types import Chart, Phase

FEWEST_EXPECTED = 5
"""Below this expected count the normal approximation behind p and u limits is poor (Montgomery, ch. 7)."""


WIDER_CHART: dict[Chart, Chart] = {"p": "p_prime", "u": "u_prime", "c": "xmr"}
"""Where counts vary more than a binomial or Poisson count can, the chart whose limits follow the observed variation."""


def collect_warnings(series: Series, lines: Lines, phases: tuple[Phase, ...]) -> tuple[str, ...]:
    """Every warning of a chart, in a fixed order."""
    said = [*_short_phases(series, phases), *_no_variation(phases), *_screening(phases)]
    said += _left_out(series)
    said += _sigma_z(lines, phases)
    said += _small_counts(series, lines)
    return tuple(said)


def _short_phases(series: Series, phases: tuple[Phase, ...]) -> list[str]:
    said = []
    for phase in phases:
        name = f"Phase {phase.index + 1}: " if len(phases) > 1 else ""
        if phase.limits_kind == "trial":
            said.append(f"{name}trial limits, from {format_count(phase.n_baseline, 'points')}; read them with care.")
        elif phase.limits_kind == "none" and series.chart != "run":
            said.append(f"{name}no limits: they need two neighbouring points, and there are {phase.n_baseline} usable.")
    return said


def _no_variation(phases: tuple[Phase, ...]) -> list[str]:
    flat = [phase for phase in phases if phase.sigma == 0]
    if not flat:
        return []
    return ["The points behind the limits do not vary, so the limits lie on the centre line and no limit rule is read."]


def _screening(phases: tuple[Phase, ...]) -> list[str]:
    said = []
    dropped = sum(phase.n_screened for phase in phases)
    if dropped:
        ranges = format_count(dropped, "moving ranges")
        said.append(f"{ranges} of 3.267 times the mean or more left out of the limits (screening is on).")
    if any(phase.screening_fell_back and phase.sigma for phase in phases):
        said.append("Screening would have left no variation at all; the limits are unscreened.")
    return said


def _left_out(series: Series) -> list[str]:
    said = []
    missing = int((series.is_missing & ~series.is_ghosted).sum())
    if missing:
        verb = verb_for(missing, "is", "are")
        said.append(
            f"{format_count(missing, 'points')} {verb} missing; runs end there and no moving range spans the gap."
        )
    if series.n_months_absent and series.chart not in EVENT_CHARTS:
        absent = series.n_months_absent
        verb = verb_for(absent, "is", "are")
        said.append(f"{format_count(absent, 'periods')} {verb} absent from the series and treated as missing.")
    for flags, word in ((series.is_ghosted, "ghosted"), (series.is_immature, "not yet mature")):
        n = int(flags.sum())
        if n:
            said.append(f"{format_count(n, 'points')} {word}: shown, but not in the limits, the rules or the icons.")
    return said


def _sigma_z(lines: Lines, phases: tuple[Phase, ...]) -> list[str]:
    """A plain p, u or c chart with more, or any of them with less, variation than chance explains."""
    said = []
    for phase in phases:
        if phase.sigma_z is None:
            continue
        low, high = sigma_z_chance_range(phase.n_baseline)
        name = f"Phase {phase.index + 1}: " if len(phases) > 1 else ""
        if phase.sigma_z > high and lines.chart in WIDER_CHART:
            said.append(
                f"{name}sigma z is {phase.sigma_z:.2f} where chance gives at most {high:.2f}: the limits are too "
                f"narrow and flag too much; draw it as chart {WIDER_CHART[lines.chart]}."
            )
        if phase.sigma_z < low:
            said.append(
                f"{name}sigma z is {phase.sigma_z:.2f} where chance gives at least {low:.2f}: less variation than "
                "independent cases can have; look for repeated, smoothed or capped figures."
            )
    return said


def _small_counts(series: Series, lines: Lines) -> list[str]:
    """Expected events (or non-events) too few for symmetric limits."""
    if lines.chart not in ("p", "p_prime", "u", "u_prime", "c"):
        return []
    expected = lines.centre / series.value_scale
    if lines.chart != "c":
        per_point = expected * series.size
        expected = np.minimum(per_point, series.size - per_point) if lines.chart.startswith("p") else per_point
    few = int(((expected < FEWEST_EXPECTED) & series.counts).sum())
    if not few:
        return []
    verb = verb_for(few, "expects", "expect")
    return [
        f"{format_count(few, 'points')} {verb} fewer than {FEWEST_EXPECTED} events, where the limits are rough; "
        "a g or t chart of the events themselves reads rare events better."
    ]
