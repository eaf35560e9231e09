"""What the judgement does on hospitals whose truth is known: false icons, detection, persistence, dates.

Every table is of charts as the report makes them (rule set, baseline, months). The judgement of thousands of series at
once is `signals.chance.many_series`, which the tests hold to `evaluate_chart`. Fixed seeds. `--write` puts the
tables into docs/simulations.md, which nobody edits by hand.

Run from the root of the repository: python -m benchmarks.signals_simulation [--hospitals 1000] [--write]
"""

from __future__ import annotations

import argparse
import calendar
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulation_page import put_section
from kpi_pipeline.judgement.series import DAYS_OF_A_MONTH
from kpi_pipeline.metrics.intervals import gamma_interval, log_delta_interval, wilson_interval
from kpi_pipeline.signals import (
    RULE_SETS,
    ChartResult,
    Pattern,
    RuleSet,
    evaluate_chart,
    expected_false_signals,
    fit_month_index,
)
from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.multiplicity import stable_series
from kpi_pipeline.signals.chance.onset import estimate_step

SEED = 20261101
N_BASELINE = 24
N_ISSUES = 36
N_CHARTS = 11
STEP = 2.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """A way to judge: a rule set with a baseline."""

    name: str
    rules: str
    frozen_points: int | None
    window: int | None

    def icons(self, series: Floats, first_issue: int) -> NDArray[np.int64]:
        return icons_by_issue(
            series,
            RULE_SETS[self.rules],
            first_issue=first_issue,
            frozen_points=self.frozen_points,
            window=self.window,
        )


SLIDING = Policy("`nhs-2024`, the last 24 months", "nhs-2024", None, 24)
POLICIES = (
    SLIDING,
    Policy("`nhs-2024`, frozen at 24", "nhs-2024", 24, None),
    Policy("`nhs-classic`, frozen at 24", "nhs-classic", 24, None),
    Policy("`ihi`, frozen at 24", "ihi", 24, None),
    Policy("`anhoej`, the last 24 months", "anhoej", None, 24),
    Policy("**`frozen-2026`, frozen at 24** (default)", "frozen-2026", 24, None),
)


def stepped(n: int, step: float, *, at: int = N_BASELINE, pattern: Pattern | None = None, seed: int = SEED) -> Floats:
    """Series of 24 months and 36 more, `step` sigmas higher from month `at` on."""
    series = stable_series(n, N_BASELINE + N_ISSUES, pattern or Pattern(), seed=seed)
    series[:, at:] += step
    return series


def persistence(icons: NDArray[np.int64], series: Floats) -> tuple[float, float]:
    """In the first 24 issues: how often a right verdict goes away again, and how many first months its runs have."""
    right = icons[:, :24] > 0
    lost = (right[:, :-1] & ~right[:, 1:]).sum(axis=1)
    return float(lost.mean()), float(_run_starts(icons[:, :24], series).mean())


def _run_starts(icons: NDArray[np.int64], series: Floats) -> NDArray[np.int64]:
    """Different first months of the run that a coloured issue shows, counted for each series, sliding mean."""
    counts = []
    for row, values in zip(icons, series, strict=True):
        starts = set()
        for issue in np.flatnonzero(row > 0):
            end = N_BASELINE + int(issue)
            window = values[end - 23 : end + 1]
            above = window > window.mean()
            below = np.flatnonzero(~above)
            starts.add(end - (23 - int(below[-1])) + 1 if below.size else end - 23)
        counts.append(len(starts))
    return np.array(counts)


def baseline_table(n: int) -> Iterator[str]:
    """False icons and detection of each policy."""
    yield "| rules and baseline | false icons | after 6 | 12 | 18 | 24 | 36 months | wrong side | goes away again |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for policy in POLICIES:
        false = (policy.icons(stepped(n, 0.0), N_BASELINE) != 0).mean()
        series = stepped(n, STEP, seed=SEED + 1)
        icons = policy.icons(series, N_BASELINE)
        seen = [f"{100 * (icons[:, after - 1] > 0).mean():.0f}" for after in (6, 12, 18, 24, 36)]
        wrong = 100 * (icons < 0).mean()
        lost, _ = persistence(icons[:200], series[:200])
        yield f"| {policy.name} | {100 * false:.1f} | {' | '.join(seen)} | {wrong:.1f} | {lost:.1f} × |"
    yield ""
    yield _since_sentence(n)


def _since_sentence(n: int) -> str:
    series = stepped(min(n, 1000), STEP, seed=SEED + 1)
    icons = SLIDING.icons(series, N_BASELINE)
    lost, dates = persistence(icons, series)
    return (
        f"With limits over the last 24 months the verdict on one lasting change goes away {lost:.1f} times in 24 "
        f"issues, and its run has {dates:.1f} different first months."
    )


def trial_table(n: int) -> Iterator[str]:
    """False icons of the default while the baseline still grows, and of a baseline frozen earlier."""
    yield "| final months | 13 | 15 | 18 | 21 | 24 | 30 | 36 | 48 | 60 |"
    yield "| --- |" + " ---: |" * 9
    lengths = (13, 15, 18, 21, 24, 30, 36, 48, 60)
    series = stable_series(n, 60, Pattern(), seed=SEED)
    for name, frozen in (("baseline grows to 24 (default)", 24), ("frozen at 12", 12), ("frozen at 18", 18)):
        icons = icons_by_issue(series, RULE_SETS["frozen-2026"], first_issue=12, frozen_points=frozen) != 0
        yield f"| {name} | " + " | ".join(f"{100 * icons[:, length - 13].mean():.1f}" for length in lengths) + " |"


def pattern_table(n: int) -> Iterator[str]:
    """False icons by how much months resemble each other and follow the season, for one chart and for eleven."""
    del n
    yield "| months | rules | one chart | any of 11, one report | any of 11, a year | icons of 11 in a year |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    worlds = {
        "independent": Pattern(),
        "AR1 0.15": Pattern(0.15),
        "AR1 0.3": Pattern(0.3),
        "season of 0.5 sigma": Pattern(0.0, 0.5),
        "season of 1 sigma": Pattern(0.0, 1.0),
        "AR1 0.3, season of 1 sigma": Pattern(0.3, 1.0),
    }
    for words, pattern in worlds.items():
        for policy in (SLIDING, POLICIES[-1]):
            found = expected_false_signals(
                [36] * N_CHARTS,
                rules=policy.rules,
                frozen_points=policy.frozen_points,
                window=policy.window,
                pattern=pattern,
            )
            one, any_now = 100 * found.icons / N_CHARTS, 100 * found.chance_of_any_icon
            yield (
                f"| {words} | {policy.name} | {one:.1f} | {any_now:.0f} "
                f"| {100 * found.chance_a_year:.0f} | {found.icons_a_year:.1f} |"
            )


def onset_table(n: int) -> Iterator[str]:
    """How often dates are right, among the charts that show the change."""
    yield (
        "| months alike (AR1) | step, sigma | months after it | run's first month right | likeliest month right "
        "| likeliest within 2 months | interval holds the month | its months, median |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    rules = RULE_SETS["frozen-2026"]
    for rho in (0.0, 0.15, 0.3):
        for step in (1.0, 1.5, 2.0, 3.0):
            for after in (8, 24):
                series = stable_series(min(n, 3000), N_BASELINE + 12 + after, Pattern(rho), seed=SEED + 2)
                series[:, N_BASELINE + 12 :] += step
                yield _onset_row(series, rules, rho, step, after)


def _onset_row(series: Floats, rules: RuleSet, rho: float, step: float, after: int) -> str:
    truth = series.shape[1] - after
    icons = icons_by_issue(series, rules, first_issue=series.shape[1] - 1, frozen_points=N_BASELINE)[:, 0]
    shown = series[icons > 0]
    off = np.sign(shown - shown[:, :N_BASELINE].mean(axis=1)[:, None])
    run_starts = [int(np.flatnonzero(row <= 0)[-1]) + 1 for row in off]
    steps = [found for row in shown if (found := estimate_step(row)) is not None]
    run = np.mean([start == truth for start in run_starts])
    right = np.mean([one.position == truth for one in steps])
    near = np.mean([abs(one.position - truth) <= 2 for one in steps])
    held = np.mean([one.earliest <= truth <= one.latest for one in steps])
    wide = np.median([one.latest - one.earliest + 1 for one in steps])
    return (
        f"| {rho:g} | {step:g} | {after} | {100 * run:.0f} | {100 * right:.0f} | {100 * near:.0f} "
        f"| {100 * held:.1f} | {wide:.0f} |"
    )


def discharges(random: np.random.Generator, n: int, months: int) -> tuple[Floats, Floats]:
    """Stable hospitals of about 1,600 discharges a month: a season of 5 %, days of the month, scatter of 2.5 %."""
    days = np.array([calendar.monthrange(2023 + at // 12, at % 12 + 1)[1] for at in range(months)])
    level = 1600 * days / DAYS_OF_A_MONTH * np.exp(0.05 * np.cos(2 * np.pi * np.arange(months) / 12))
    return random.poisson(level * np.exp(0.025 * random.normal(size=(n, months)))).astype(float), days


def discharge_table(n: int) -> Iterator[str]:
    """Stable discharges as three charts draw them."""
    yield "| discharges of stable hospitals | charts with any flag | icons |"
    yield "| --- | ---: | ---: |"
    n, months = min(n, 1000), 48
    counts, days = discharges(np.random.default_rng(SEED + 3), n, months)
    labels = [f"{2023 + at // 12}-{at % 12 + 1:02d}" for at in range(months)]
    per_day = (days / DAYS_OF_A_MONTH).tolist()

    def index_of(row: list[float]) -> list[float]:
        season = fit_month_index([x / d for x, d in zip(row, per_day, strict=True)], labels, n_months=N_BASELINE)
        return [d * season.indices[at % 12 + 1] for at, d in enumerate(per_day)] if season else per_day

    ways: dict[str, Callable[[list[float]], ChartResult]] = {
        "c chart, the last 24 months, `nhs-2024` (before)": lambda row: evaluate_chart(row[-24:], chart="c"),
        "XmR, frozen, unadjusted": lambda row: evaluate_chart(row, chart="xmr", rules="frozen-2026", frozen_points=24),
        "XmR, frozen, days and season (default)": lambda row: evaluate_chart(
            row, chart="xmr", rules="frozen-2026", frozen_points=24, index=index_of(row)
        ),
    }
    for words, judge in ways.items():
        results = [judge(row) for row in counts.tolist()]
        flagged = np.mean([bool(result.signals) for result in results])
        icons = np.mean([result.variation != "common_cause" for result in results])
        yield f"| {words} | {100 * flagged:.0f} | {100 * icons:.1f} |"


def season_table(n: int) -> Iterator[str]:
    """False icons and detection by how a season is taken out."""
    yield "| season, sigma | left in | twelve month indices | one shrunken wave (default) |"
    yield "| ---: | ---: | ---: | ---: |"
    n, month = min(n, 1000), np.arange(N_BASELINE + N_ISSUES)
    for amplitude in (0.0, 0.5, 1.0, 2.0, 4.0):
        noise = np.random.default_rng(SEED + 4).normal(size=(n, month.size))
        stable = 100 * np.exp(0.02 * (noise + amplitude * np.sin(2 * np.pi * month / 12)))
        changed = stable.copy()
        changed[:, N_BASELINE:] *= np.exp(0.02 * STEP)
        cells = []
        for way in (lambda row: np.ones(12), _free_indices, _wave_indices):
            false, seen = (
                POLICIES[-1].icons(np.stack([row / way(row)[month % 12] for row in rows]), N_BASELINE)
                for rows in (stable, changed)
            )
            cells.append(f"{100 * (false != 0).mean():.1f} / {100 * (seen > 0)[:, 11:24].mean():.0f}")
        yield f"| {amplitude:g} | {' | '.join(cells)} |"


def _free_indices(row: Floats) -> Floats:
    baseline = row[:N_BASELINE]
    return np.array([baseline[at::12].mean() for at in range(12)]) / baseline.mean()


def _wave_indices(row: Floats) -> Floats:
    labels = [f"{2023 + at // 12}-{at % 12 + 1:02d}" for at in range(N_BASELINE)]
    found = fit_month_index(row[:N_BASELINE].tolist(), labels)
    return np.array([found.indices[at + 1] for at in range(12)]) if found else np.ones(12)


def rare_table(n: int) -> Iterator[str]:
    """Stable u charts of rare events with the icon rule, and what they would say without it."""
    columns = ("expected events a month", "any flag before", "any run or trend", "icon before", "improvement before")
    yield f"| {' | '.join(columns)} | icon (default) |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    random = np.random.default_rng(SEED + 5)
    for expected in (0.1, 0.3, 0.6, 1.0, 2.0, 5.0):
        rows = [
            evaluate_chart(row, chart="u_prime", denominators=[1.0] * 36, better="lower", **options)  # type: ignore[arg-type]
            for row in random.poisson(expected, size=(min(n, 600), 36)).tolist()
            for options in ({"rules": "nhs-2024"}, {"rules": "frozen-2026", "frozen_points": 24})
        ]
        before, now = rows[::2], rows[1::2]
        flagged = np.mean([bool(one.signals) for one in before])
        runs = np.mean([any(s.rule in ("shift", "trend") for s in one.signals) for one in before])
        last = np.mean([bool(one.points[-1].rules) for one in before])
        better = np.mean([any(hit.side == "low" for hit in one.points[-1].rules) for one in before])
        icons = np.mean([one.variation not in ("common_cause", "empty") for one in now])
        shares = " | ".join(f"{100 * share:.0f}" for share in (flagged, runs, last, better))
        yield f"| {expected:g} | {shares} | {100 * icons:.1f} |"
    yield from _values_of_rare_events(min(n, 2_000))


def _values_of_rare_events(n: int) -> Iterator[str]:
    """Stable XmR charts of what rare events add up to: icons with the rule of zeros, and without it."""
    yield ""
    yield "Values made of such events, on an XmR chart; each event costs a log-normal sum (sigma 1). More than 37 % of "
    yield "months at 0 in the baseline say that less than one event a month is expected. Sums of few amounts of very "
    yield "different size cross their limits more often than others. (2,000 charts a cell.)"
    yield ""
    yield "| expected events a month | dollars: icon before | icon (default) | O/E: icon before | icon (default) |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    random = np.random.default_rng(SEED + 8)
    for expected in (0.1, 0.3, 0.6, 1.0, 2.0, 5.0):
        cells = []
        for is_dollars in (True, False):
            icons, told = 0, 0
            for events in random.poisson(expected, size=(n, 36)).tolist():
                values = [float(random.lognormal(8, 1, one).sum()) if is_dollars else one / expected for one in events]
                result = evaluate_chart(values, chart="xmr", better="lower", rules="frozen-2026", frozen_points=24)
                icons += bool(result.points[-1].rules)
                told += result.variation not in ("common_cause", "empty")
            cells += [f"{100 * icons / n:.0f}", f"{100 * told / n:.1f}"]
        yield f"| {expected:g} | {' | '.join(cells)} |"


def interval_table(n: int) -> Iterator[str]:
    """Coverage of the intervals of monthly values by number of cases."""
    yield "| cases | share of 14 % | days: 5 % wait 3 | days: 10 % wait 4 | mean stay | mean cost |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    random = np.random.default_rng(SEED + 6)
    n = min(n, 4000)
    for cases in (25, 50, 100, 250, 1000):
        cells = [_covers(wilson_interval(random.binomial(cases, 0.14, n), np.full(n, cases)), 0.14)]
        for share, days in ((0.05, 3.0), (0.1, 4.0)):
            waits = np.where(random.random((n, cases)) < share, random.geometric(1 / days, (n, cases)), 0)
            weight = 2 * days - 1  # Σw²/Σw of geometric waits
            found = gamma_interval(waits.sum(axis=1), (waits**2).sum(axis=1), cases, usual_weight=weight)
            cells.append(_covers(found, share * days))
        for spread in (0.7, 1.0):  # of the logarithm: stays, costs
            values = np.exp(spread * random.normal(size=(n, cases)))
            error = values.std(axis=1, ddof=1) / math.sqrt(cases)
            sizes = np.full(n, cases)
            found = log_delta_interval(values.mean(axis=1), error, sizes, never_negative=np.full(n, True))
            cells.append(_covers(found, math.exp(spread**2 / 2)))
        yield f"| {cases} | " + " | ".join(cells) + " |"


def _covers(ends: tuple[Floats, Floats], truth: float) -> str:
    return f"{100 * np.mean((ends[0] <= truth) & (truth <= ends[1])):.1f}"


SECTIONS: tuple[tuple[str, str, Callable[[int], Iterator[str]]], ...] = (
    (
        "Baseline and rules",
        "24 stable independent months, then a lasting step of two sigma. Share of charts in percent whose icon shows "
        "the step so many months after it; false icons: share of stable charts with a coloured icon, in 36 issues.",
        baseline_table,
    ),
    (
        "While the baseline grows",
        "False icons in percent of stable charts under `frozen-2026`. A baseline frozen at fewer months would cry wolf "
        "for ever after: that is why limits are trial limits until 24 final months are there.",
        trial_table,
    ),
    (
        "Many charts",
        "Stable charts of 36 final months: share in percent of charts, and of reports with eleven charts, that colour "
        "an icon by chance. A report prints these figures for the resemblance and season of its own months.",
        pattern_table,
    ),
    (
        "When a change began",
        "36 stable months, then a lasting step; of the charts that show it under `frozen-2026`, in percent. The first "
        "month of the run is what reports used to print; the likeliest month and its interval are `ChartResult.onset`.",
        onset_table,
    ),
    (
        "Season",
        "24 months and 36 more, a yearly wave of so many sigmas: false icons / detection 12 to 24 months after a step "
        "of two sigma, in percent.",
        season_table,
    ),
    (
        "Counts that follow the calendar",
        "Stable hospitals of about 1,600 discharges a month, 48 months, in percent of charts.",
        discharge_table,
    ),
    (
        "Rare events",
        "Stable u′ charts of 36 months, in percent; before: `nhs-2024` on all months. Below one event a month there is "
        "no icon.",
        rare_table,
    ),
    (
        "Intervals of monthly values",
        "Coverage in percent of 95 % intervals by number of cases: Wilson, gamma (Fay & Feuer), log-delta. Stays and "
        "costs are log-normal with sigma 0.7 and 1.0. Costs are shown from 100 cases on, all else from 25.",
        interval_table,
    ),
)


def section(words: str, table: Callable[[int], Iterator[str]], n: int) -> list[str]:
    """The lines of a section."""
    said = f"{words} ({n:,} hospitals a cell, {N_ISSUES} issues, seed {SEED}.)"
    return [said, "", *table(n)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=20_000, help="simulated series per cell")
    parser.add_argument("--write", action="store_true", help="rewrite the sections in docs/simulations.md")
    parser.add_argument("--only", choices=[title for title, *_ in SECTIONS], help="one section")
    chosen = parser.parse_args()
    for title, words, table in SECTIONS:
        if chosen.only not in (None, title):
            continue
        lines = section(words, table, chosen.hospitals)
        print("\n".join([f"## {title}", "", *lines, ""]), flush=True)
        if chosen.write:
            put_section(title, lines)


if __name__ == "__main__":
    main()
