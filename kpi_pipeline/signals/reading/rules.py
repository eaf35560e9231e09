"""The rules: on which points of a series which rule fires. Which class that makes of a point is in `verdict`.

Rules see only the points that count, in time order. A ghosted or immature point is passed over as if it were not
there; a missing point ends a run, a trend and a window of three.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.signals.lines.limits import Lines
from kpi_pipeline.signals.lines.moving_ranges import Floats, Whole
from kpi_pipeline.signals.reading.runs import RunsAnalysis, analyse_runs
from kpi_pipeline.signals.series import Series
from kpi_pipeline.signals.types import Rule, RuleSet, Side, Signal

ON_LINE = 1e-12
"""Two numbers this close, relative to the larger, are equal: a computed mean of equal values is not off its line."""

LINKED_CHARTS = frozenset({"mr", "ewma"})
"""Neighbouring moving ranges share a point, and moving averages share all: runs and trends among them are no signal,
and only the limits are read."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The points that count. side, beyond_2, beyond_3: −1 below, 1 above, 0 neither. at: positions in the series."""

    at: list[int]
    values: list[float]
    side: list[int]
    beyond_2: list[int]
    beyond_3: list[int]
    segment: list[int]
    phase: list[int]

    def joined(self, i: int, *, across_phases: bool) -> bool:
        """Whether points i − 1 and i are neighbours for a rule."""
        return self.segment[i] == self.segment[i - 1] and (across_phases or self.phase[i] == self.phase[i - 1])


def read_points(series: Series, drawn: Floats, lines: Lines) -> Readings:
    """Sides and zones of the points that count, against the lines as drawn."""
    at = np.flatnonzero(series.counts & ~np.isnan(lines.centre))
    values = drawn[at]
    varies = lines.has_variation[at]
    return Readings(
        at=at.tolist(),
        values=values.tolist(),
        side=_side(values, lines.centre[at], lines.centre[at]).tolist(),
        beyond_2=(_side(values, lines.lower_2sigma[at], lines.upper_2sigma[at]) * varies).tolist(),
        beyond_3=(_side(values, lines.lower[at], lines.upper[at]) * varies).tolist(),
        segment=series.segment[at].tolist(),
        phase=series.phase[at].tolist(),
    )


def _side(values: Floats, lower: Floats, upper: Floats) -> Whole:
    """1 above upper, −1 below lower, 0 between, on a line, or where there is no line."""
    size = np.abs(values)
    above = values - upper > ON_LINE * np.maximum(size, np.abs(upper))
    below = lower - values > ON_LINE * np.maximum(size, np.abs(lower))
    return above.astype(np.int64) - below.astype(np.int64)


def find_signals(readings: Readings, rule_set: RuleSet, chart: str) -> tuple[list[Signal], list[RunsAnalysis]]:
    """Every stretch on which a rule of the set fires, in time order, and the runs analysis of each phase."""
    signals = _outside(readings) if rule_set.outside else []
    if chart not in LINKED_CHARTS:
        if rule_set.shift:
            signals += _shifts(readings, rule_set.shift, "shift" in rule_set.across_phases)
        if rule_set.trend:
            signals += _trends(readings, rule_set.trend, "trend" in rule_set.across_phases)
        if rule_set.two_of_three != "off":
            counted = _zone(readings, counts_outside=rule_set.two_of_three == "beyond_counts")
            signals += _two_of_three(readings, counted, "two_of_three" in rule_set.across_phases)
    analyses = []
    for phase in sorted(set(readings.phase)):
        rows = [i for i, found in enumerate(readings.phase) if found == phase]
        analysis = analyse_runs([readings.side[i] for i in rows], [readings.segment[i] for i in rows])
        analyses.append(analysis)
        if rule_set.runs_analysis and chart not in LINKED_CHARTS:
            signals += _runs_signals(readings, rows, analysis)
    return sorted(signals, key=lambda signal: (signal.first, signal.last)), analyses


def _signal(readings: Readings, rule: Rule, side: int, members: Iterable[int]) -> Signal:
    name: Side = "high" if side > 0 else "low"
    return Signal(rule, name, tuple(readings.at[i] for i in members))


def _outside(readings: Readings) -> list[Signal]:
    """Points beyond 3 sigma; neighbours on one side make one stretch."""
    return [
        _signal(readings, "outside", readings.beyond_3[first], range(first, last + 1))
        for first, last in _stretches(readings, readings.beyond_3, across_phases=False)
    ]


def _shifts(readings: Readings, fewest: int, across_phases: bool) -> list[Signal]:
    """`fewest` points or more in a row on one side of the centre; a point on it ends the run."""
    return [
        _signal(readings, "shift", readings.side[first], range(first, last + 1))
        for first, last in _stretches(readings, readings.side, across_phases=across_phases)
        if last - first + 1 >= fewest
    ]


def _stretches(readings: Readings, signs: Sequence[int], *, across_phases: bool) -> list[tuple[int, int]]:
    """First and last of each stretch of neighbours with one sign; zeros belong to none."""
    stretches: list[tuple[int, int]] = []
    start = 0
    for i in range(1, len(signs) + 1):
        if i < len(signs) and signs[i] == signs[i - 1] and readings.joined(i, across_phases=across_phases):
            continue
        if signs[start]:
            stretches.append((start, i - 1))
        start = i
    return stretches


def _trends(readings: Readings, fewest: int, across_phases: bool) -> list[Signal]:
    """`fewest` points or more, each beyond the one before in one direction; equal neighbours end it.

    A turning point belongs to the trend that ends and to the one that begins there.
    """
    values = readings.values
    steps = [0]
    for i in range(1, len(values)):
        joined = readings.joined(i, across_phases=across_phases)
        steps.append(((values[i] > values[i - 1]) - (values[i] < values[i - 1])) if joined else 0)
    signals = []
    start = 1
    for i in range(2, len(steps) + 1):
        if i < len(steps) and steps[i] == steps[start]:
            continue
        if start < len(steps) and steps[start] and i - start + 1 >= fewest:
            signals.append(_signal(readings, "trend", steps[start], range(start - 1, i)))
        start = i
    return signals


def _zone(readings: Readings, *, counts_outside: bool) -> list[int]:
    """The points that count as beyond 2 sigma: with those outside 3 sigma, or only between the two."""
    if counts_outside:
        return readings.beyond_2
    return [0 if outside else near for near, outside in zip(readings.beyond_2, readings.beyond_3, strict=True)]


def _two_of_three(readings: Readings, counted: Sequence[int], across_phases: bool) -> list[Signal]:
    """Three neighbours on one side of the centre, two or more of them in the zone; the signal is those in the zone.

    Windows that share a point in the zone make one signal.
    """
    found: list[tuple[int, list[int]]] = []
    for i in range(2, len(counted)):
        side = readings.side[i]
        joined = readings.joined(i - 1, across_phases=across_phases) and readings.joined(i, across_phases=across_phases)
        if not (side and joined and readings.side[i - 1] == side and readings.side[i - 2] == side):
            continue
        inside = [j for j in (i - 2, i - 1, i) if counted[j] == side]
        if len(inside) < 2:
            continue
        if found and found[-1][0] == side and found[-1][1][-1] >= inside[0]:
            found[-1][1].extend(j for j in inside if j > found[-1][1][-1])
        else:
            found.append((side, inside))
    return [_signal(readings, "two_of_three", side, members) for side, members in found]


def _runs_signals(readings: Readings, rows: Sequence[int], analysis: RunsAnalysis) -> list[Signal]:
    """Anhøj: each run longer than the limit; with too few crossings every run of the phase, each on its own side."""
    signals = []
    for run in analysis.runs:
        members = [row for row in rows[run.first : run.last + 1] if readings.side[row] == run.side]
        if analysis.longest_run_max is not None and run.n_points > analysis.longest_run_max:
            signals.append(_signal(readings, "long_run", run.side, members))
        if analysis.has_few_crossings:
            signals.append(_signal(readings, "few_crossings", run.side, members))
    return signals
