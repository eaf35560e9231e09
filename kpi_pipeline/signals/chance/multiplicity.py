"""How many false signals a report with many charts must expect: printed, so that one coloured icon is read as such.

Stable charts are simulated as the report judges its own: the same rules, the same baseline, as many months, and
months that resemble each other and follow the season as much as the hospital's own do (`own_pattern`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.target_share import FEWEST_FOR_PATTERN, MOST_AUTOCORRELATION
from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.reading.rule_sets import find_rule_set
from kpi_pipeline.signals.types import ChartResult, RuleSet

N_SERIES = 2000
"""Simulated charts a length: an icon rate of 3 % is then known within 0.4 points."""

SEED = 20261101
ISSUES_OF_A_YEAR = 12
FEWEST_FOR_SEASON = 24
MOST_SEASON = 3.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """What months have in common besides their level. autocorrelation: of neighbouring months, the season taken out.

    season: amplitude of one wave a year, in standard deviations of the rest. n_series: how many series were read.
    """

    autocorrelation: float = 0.0
    season: float = 0.0
    n_series: int = 0


@dataclass(frozen=True, slots=True)
class FalseSignals:
    """What chance alone gives. icons: expected coloured icons of one report; icons_a_year: of twelve reports in a row.

    chance_of_any_icon, chance_a_year: the probability that at least one icon of the report, or of the year's reports,
    is coloured by chance, if charts do not depend on each other.
    """

    n_charts: int
    rule_set: str
    pattern: Pattern
    icons: float
    icons_a_year: float
    chance_of_any_icon: float
    chance_a_year: float


@lru_cache(maxsize=512)
def run_as_rare(n: int, autocorrelation: float) -> int:
    """How long a run must be, where neighbouring months resemble each other, to be as rare as one of n is elsewhere.

    Simulated with a fixed seed: the longer a run, the likelier it goes on, so that no formula of neighbours gives it.
    """
    series = stable_series(20 * N_SERIES, 4 * n, Pattern(autocorrelation), seed=SEED) > 0
    same = np.cumprod(series == series[:, :1], axis=1).mean(axis=0)
    return max(n, 1 + int(np.argmin(np.abs(np.log(np.maximum(same, 1e-9) / 0.5 ** (n - 1))))))


def own_pattern(results: Sequence[ChartResult]) -> Pattern:
    """The mean autocorrelation and season of the baselines of these charts, each corrected for what chance adds.

    Only the months behind the limits are read, so that a real change is not taken for resemblance of neighbours.
    Series of fewer than 12 such months tell nothing; a season needs 24. One series tells little, so all are pooled.
    """
    found = [
        pattern for result in results for stretch in _baselines(result) if (pattern := _pattern_of(stretch)) is not None
    ]
    if not found:
        return Pattern()
    weights = [size for size, _, _ in found]
    resemblance = math.fsum(size * rho for size, rho, _ in found) / math.fsum(weights)
    seasons = [(size, power) for size, _, power in found if power is not None]
    power = math.fsum(size * one for size, one in seasons) / math.fsum(size for size, _ in seasons) if seasons else 0.0
    return Pattern(
        autocorrelation=min(max(resemblance, 0.0), MOST_AUTOCORRELATION),
        season=min(math.sqrt(max(power, 0.0)), MOST_SEASON),
        n_series=len(found),
    )


def _baselines(result: ChartResult) -> list[Floats]:
    """For each phase the values behind its limits, on the scale they were judged on; NaN at a month without one."""
    stretches = []
    for phase in result.phases:
        if phase.baseline_first is None or phase.baseline_last is None:
            continue
        points = result.points[phase.baseline_first : phase.baseline_last + 1]
        stretches.append(
            np.array(
                [
                    point.value / (point.index or 1.0) if point.in_baseline and point.value is not None else math.nan
                    for point in points
                ]
            )
        )
    return stretches


def _pattern_of(values: Floats) -> tuple[int, float, float | None] | None:
    """Size, autocorrelation and squared season of one stretch, both without the bias of short series."""
    known = ~np.isnan(values)
    n = int(known.sum())
    if n < FEWEST_FOR_PATTERN:
        return None
    month = np.arange(values.size)
    columns = [np.ones(values.size)]
    if n >= FEWEST_FOR_SEASON:
        columns += [np.cos(2 * np.pi * month / 12), np.sin(2 * np.pi * month / 12)]
    design = np.column_stack(columns)
    fitted, *_ = np.linalg.lstsq(design[known], values[known], rcond=None)
    rest = values - design @ fitted
    variance = float(np.nansum(rest**2)) / (n - len(columns))
    if not variance > 1e-18 * max(1.0, float(np.nanmax(np.abs(values))) ** 2):
        return None
    pairs = rest[1:] * rest[:-1]
    rho = float(np.nansum(pairs)) / float(np.nansum(rest**2))
    rho = (rho * n + len(columns)) / (n - 3)  # the mean of the estimate is about ρ − (k + 3ρ)/n for k fitted columns
    if n < FEWEST_FOR_SEASON:
        return n, rho, None
    chance = 4 * variance / n * (1 + rho) / max(1 - rho, 0.2)  # what a wave fitted to noise has; AR1 noise has more
    return n, rho, (float(fitted[1] ** 2 + fitted[2] ** 2) - chance) / variance


def expected_false_signals(
    n_points: Sequence[int],
    *,
    rules: str | RuleSet = "nhs-2024",
    frozen_points: int | None = None,
    window: int | None = None,
    pattern: Pattern | None = None,
) -> FalseSignals:
    """The false signals to expect of stable charts with these numbers of final months, one entry a chart.

    frozen_points, window: as the report's charts are made (see `icons_by_issue`). A chart with too few points for an
    icon has none. The year is the twelve reports that end with this one.
    """
    rule_set = find_rule_set(rules)
    own = pattern or Pattern()
    rounded = Pattern(round(own.autocorrelation, 2), round(own.season, 1), own.n_series)
    none_now = none_in_year = 1.0
    icons = icons_a_year = 0.0
    for n, count in Counter(n_points).items():
        now, a_year, any_in_year = icon_rates(n, rule_set, frozen_points, window, rounded)
        icons += count * now
        icons_a_year += count * a_year
        none_now *= (1 - now) ** count
        none_in_year *= (1 - any_in_year) ** count
    return FalseSignals(len(n_points), rule_set.name, rounded, icons, icons_a_year, 1 - none_now, 1 - none_in_year)


@lru_cache(maxsize=512)
def icon_rates(
    n_points: int, rule_set: RuleSet, frozen_points: int | None, window: int | None, pattern: Pattern
) -> tuple[float, float, float]:
    """For one stable chart: chance of a coloured icon now, expected icons in a year, chance of any in a year."""
    if n_points < max(rule_set.fewest_points_for_icons, 1):
        return 0.0, 0.0, 0.0
    series = stable_series(N_SERIES, n_points, pattern, seed=SEED)
    first = max(n_points - ISSUES_OF_A_YEAR, 0)
    icons = icons_by_issue(series, rule_set, first_issue=first, frozen_points=frozen_points, window=window) != 0
    return float(icons[:, -1].mean()), float(icons.sum(axis=1).mean()), float(icons.any(axis=1).mean())


def stable_series(n_series: int, n_points: int, pattern: Pattern, *, seed: int) -> Floats:
    """Series without any change: AR1 noise of one sigma on one wave a year that begins in a random month."""
    random = np.random.default_rng(seed)
    rho = pattern.autocorrelation
    noise = random.normal(size=(n_series, n_points))
    for month in range(1, n_points):
        noise[:, month] = rho * noise[:, month - 1] + math.sqrt(1 - rho**2) * noise[:, month]
    start = random.uniform(0, 12, size=(n_series, 1))
    return noise + pattern.season * np.sin(2 * np.pi * (np.arange(n_points)[None, :] + start) / 12)
