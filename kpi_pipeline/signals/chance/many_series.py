"""The variation icon of thousands of series at once, issue by issue: for simulation, not for a report's charts.

The same rules as `reading.rules`, on whole arrays: complete months, one phase, XmR limits (the median where the rule
set reads runs). That the two agree is a test; `evaluate_chart` is the one that draws.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kpi_pipeline.signals.lines.constants import XMR_FACTOR, fewest_crossings, longest_run_limit
from kpi_pipeline.signals.lines.moving_ranges import Floats, Whole
from kpi_pipeline.signals.types import RuleSet


def icons_by_issue(
    series: Floats, rule_set: RuleSet, *, first_issue: int, frozen_points: int | None, window: int | None = None
) -> Whole:
    """Icons of shape (series, issues): −1 low, 1 high, 0 common cause or too few points.

    series: (series, months). Issue k judges month first_issue + k (from 0) by the months up to it. frozen_points:
    limits from the first so many months. window: only the last so many months are charted; None: all of them.
    """
    charts = _charts(series, first_issue, window)
    return np.stack([_icons(chart, rule_set, frozen_points) for chart in charts], axis=1)


def _charts(series: Floats, first_issue: int, window: int | None) -> Iterator[Floats]:
    for month in range(first_issue, series.shape[1]):
        yield series[:, 0 if window is None else max(0, month + 1 - window) : month + 1]


def _icons(chart: Floats, rule_set: RuleSet, frozen_points: int | None) -> Whole:
    """The side the last point of each chart is coloured for."""
    n_series, n_points = chart.shape
    if n_points < max(rule_set.fewest_points_for_icons, 1):
        return np.zeros(n_series, dtype=np.int64)
    baseline = chart[:, :frozen_points]
    centre = np.median(baseline, axis=1) if rule_set.runs_analysis else baseline.mean(axis=1)
    sigma = XMR_FACTOR / 3 * np.abs(np.diff(baseline, axis=1)).mean(axis=1)
    off = chart - centre[:, None]
    side = np.sign(off).astype(np.int64)
    last = side[:, -1]
    beyond = {k: np.where(np.abs(off) > k * sigma[:, None], side, 0) for k in (2, 3)}
    fired = {rule: np.zeros_like(last) for rule in rule_set.precedence}
    if rule_set.outside:
        fired["outside"] = beyond[3][:, -1]
    if rule_set.shift:
        fired["shift"] = _all_as_last(side, rule_set.shift)
    if rule_set.trend:
        fired["trend"] = _all_as_last(np.sign(np.diff(chart, axis=1)).astype(np.int64), rule_set.trend - 1)
    if rule_set.two_of_three != "off":
        near = beyond[2] if rule_set.two_of_three == "beyond_counts" else np.where(beyond[3] == 0, beyond[2], 0)
        two = (near[:, -3:] == last[:, None]).sum(axis=1) >= 2
        fired["two_of_three"] = np.where(two & (near[:, -1] == last), _all_as_last(side, 3), 0)
    if rule_set.runs_analysis:
        fired["long_run"], fired["few_crossings"] = _runs(side)
    icon = np.zeros_like(last)
    for rule in reversed(rule_set.precedence):
        icon = np.where(fired[rule] != 0, fired[rule], icon)
    return icon


def _all_as_last(signs: Whole, n: int) -> Whole:
    """The last sign where the last n are all the same, else 0."""
    if signs.shape[1] < n:
        return np.zeros(signs.shape[0], dtype=np.int64)
    last = signs[:, -1]
    return np.where((signs[:, -n:] == last[:, None]).all(axis=1), last, 0)


def _runs(side: Whole) -> tuple[Whole, Whole]:
    """Anhøj's rules on the last point: points on the line are skipped, neither breaking nor extending a run."""
    filled = side.copy()
    for month in range(1, side.shape[1]):
        filled[:, month] = np.where(side[:, month] == 0, filled[:, month - 1], side[:, month])
    changes = (filled[:, 1:] != filled[:, :-1]) & (filled[:, :-1] != 0)
    last_change = np.where(changes.any(axis=1), side.shape[1] - 1 - np.argmax(changes[:, ::-1], axis=1), 0)
    in_last_run = np.arange(side.shape[1])[None, :] >= last_change[:, None]
    run_length = ((side != 0) & in_last_run).sum(axis=1)
    n_useful = (side != 0).sum(axis=1)
    longest = np.array([0, *(longest_run_limit(n) for n in range(1, side.shape[1] + 1))])
    fewest = np.array([0, 0, *(fewest_crossings(n - 1) for n in range(2, side.shape[1] + 1))])
    last = side[:, -1]
    return np.where(run_length > longest[n_useful], last, 0), np.where(changes.sum(axis=1) < fewest[n_useful], last, 0)
