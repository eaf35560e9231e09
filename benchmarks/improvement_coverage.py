"""Do the 95 % intervals of `kpi_pipeline.improvement` hold the truth 95 times in 100? Prints tables in Markdown.

Seeds are fixed: the same tables every time. The main table must lie between 93 and 97 %, or the exit code is 1.

Run from the root of the repository: python -m benchmarks.improvement_coverage [--simulations 20000]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement import (
    EffectResult,
    MonthlySeries,
    compute_excess_days,
    compute_opportunity,
    estimate_effect,
)
from kpi_pipeline.improvement.effects.autocorrelated_fit import AUTOCORRELATIONS, fit_autocorrelated, unit_error
from kpi_pipeline.improvement.effects.interrupted_series import STRONG_AUTOCORRELATION
from kpi_pipeline.improvement.effects.power import POWER, average_contrast
from kpi_pipeline.improvement.effects.segments import Columns, Model, Seasonality, find_segments
from kpi_pipeline.improvement.estimates import TAILS, Floats

FIRST_MONTH = Month(2020, 1)
AT_ONCE = 1000
WANTED = (93.0, 97.0)


@dataclass(frozen=True)
class Case:
    """One kind of series. effect: true level and slope change in residual standard deviations."""

    before: int
    after: int
    autocorrelation: float
    effect: tuple[float, float] = (0.0, 0.0)
    model: Model = "level_and_slope"
    seasonality: Seasonality = "none"
    washout: int = 0
    lost_months: tuple[int, ...] = ()

    @property
    def columns(self) -> Columns:
        return Columns(find_segments(self.start, washout_months=self.washout), self.model, self.seasonality)

    @property
    def start(self) -> date:
        return FIRST_MONTH.plus(self.before).first_day

    @property
    def months(self) -> list[Month]:
        months = [FIRST_MONTH.plus(place) for place in range(self.before + self.washout + self.after)]
        return [
            month
            for place, month in enumerate(months)
            if self.columns.segments.role_of(month) != "washout" and place not in self.lost_months
        ]

    @property
    def positions(self) -> Floats:
        return np.array([month.months_since(FIRST_MONTH) for month in self.months], dtype=np.float64)

    @property
    def truth(self) -> Floats:
        """True coefficients: a level, a trend, the change, a season."""
        n_columns = self.columns.design(self.months).shape[1]
        change = self.effect[: self.columns.n_changes]
        season = [0.5] * (n_columns - 2 - len(change))
        return np.array([10.0, 0.03, *change, *season])

    @property
    def contrasts(self) -> dict[str, Floats]:
        columns, months = self.columns, self.months
        named = {"level": columns.unit(2, months)}
        if self.model == "level_and_slope":
            named["slope"] = columns.unit(3, months)
        named["end"] = columns.effects(months[-1:])[0]
        named["average"] = average_contrast(columns, months, None)
        return named


def simulate_errors(positions: Floats, autocorrelation: float, n: int, chance: np.random.Generator) -> Floats:
    """AR(1) errors with variance 1 at the given months."""
    n_months = int(positions[-1]) + 1
    shocks = chance.standard_normal((n, n_months))
    errors = np.empty_like(shocks)
    errors[:, 0] = shocks[:, 0]
    for month in range(1, n_months):
        errors[:, month] = autocorrelation * errors[:, month - 1] + np.sqrt(1 - autocorrelation**2) * shocks[:, month]
    return np.asarray(errors[:, positions.astype(int)])


def coverage_of(case: Case, n: int, seed: int) -> dict[str, float]:
    """How often each interval holds the truth, in percent; and `strong`: how often the caution would be given.

    `REML`: the average effect with the one most likely autocorrelation plugged in and t quantiles.
    """
    design, truth, chance = case.columns.design(case.months), case.truth, np.random.default_rng(seed)
    held: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in case.contrasts}
    for first in range(0, n, AT_ONCE):
        errors = simulate_errors(case.positions, case.autocorrelation, min(AT_ONCE, n - first), chance)
        fit = fit_autocorrelated(design, design @ truth + errors, positions=case.positions)
        for name, contrast in case.contrasts.items():
            below = fit.share_below(contrast, float(contrast @ truth))
            held[name].append((below > TAILS[0]) & (below < TAILS[1]))
        best = fit.weights.argmax(axis=0)
        contrast, each = case.contrasts["average"], np.arange(best.size)
        errors_of_best = np.sqrt(fit.variances[best, each] * (fit.inverse_information @ contrast @ contrast)[best])
        score = (fit.coefficients[best, each] @ contrast - contrast @ truth) / errors_of_best
        held.setdefault("REML", []).append(np.abs(score) < stats.t.ppf(TAILS[1], fit.degrees_of_freedom))
        held.setdefault("strong", []).append(AUTOCORRELATIONS @ fit.weights >= STRONG_AUTOCORRELATION)
    return {name: 100 * float(np.concatenate(parts).mean()) for name, parts in held.items()}


def coverage_of_usual_methods(case: Case, n: int, seed: int) -> dict[str, float]:
    """The average effect by ordinary least squares and by Prais-Winsten-like GLSAR, as statsmodels gives them."""
    design, truth, contrast = case.columns.design(case.months), case.truth, case.contrasts["average"]
    errors = simulate_errors(case.positions, case.autocorrelation, n, np.random.default_rng(seed))
    held = {"OLS": 0, "GLSAR": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GLSAR says when eight rounds were not enough; it is used all the same
        for values in design @ truth + errors:
            fits = {"OLS": sm.OLS(values, design).fit(), "GLSAR": sm.GLSAR(values, design, rho=1).iterative_fit(8)}
            for name, fit in fits.items():
                lower, upper = fit.t_test(contrast).conf_int()[0]
                held[name] += int(lower < contrast @ truth < upper)
    return {name: 100 * count / n for name, count in held.items()}


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("| " + " | ".join(headings) + " |")
    print("| " + " | ".join("---" if place == 0 else "---:" for place in range(len(headings))) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def print_main_table(n: int) -> bool:
    """The table the documents show. True when every coverage lies where it should."""
    print(f"### Coverage of nominal 95 % intervals, percent ({n:,} series a row)\n")
    rows: list[list[str]] = []
    found: list[float] = []
    seed = 1
    for months in (24, 36, 48):
        for autocorrelation in (0.0, 0.2, 0.4, 0.5):
            for effect in ((0.0, 0.0), (-1.5, -0.05)):
                case = Case(months // 2, months // 2, autocorrelation, effect)
                coverage = coverage_of(case, n, seed)
                coverage.pop("strong")
                usual = coverage_of_usual_methods(case, max(n // 20, 100), seed)
                usual["REML"] = coverage.pop("REML")
                found += [round(value, 1) for value in coverage.values()]  # judged as printed
                figures = [f"{value:.1f}" for value in coverage.values()] + [f"{value:.0f}" for value in usual.values()]
                rows.append([str(months), f"{autocorrelation:.1f}", "with" if any(effect) else "none", *figures])
                seed += 1
    headings = ["months", "autocorrelation", "effect", "level change", "slope change", "effect at end",
                "average effect", "average, OLS", "average, GLSAR", "average, REML"]  # fmt: skip
    print_table(headings, rows)
    print(f"Lowest {min(found):.1f}, highest {max(found):.1f}.\n")
    return min(found) >= WANTED[0] and max(found) <= WANTED[1]


def print_other_cases(n: int) -> None:
    """Unequal halves, seasons, washout, lost months, the level model, and autocorrelation beyond what is promised."""
    print(f"### The same for other series ({n:,} series a row)\n")
    cases: list[tuple[str, Case]] = []
    for rho in (0.0, 0.4):
        cases += [
            ("12 before, 24 after", Case(12, 24, rho)),
            ("36 before, 12 after", Case(36, 12, rho)),
            ("18 + 18, washout of 3 months", Case(18, 18, rho, washout=3)),
            ("18 + 18, 4 months lost", Case(18, 18, rho, lost_months=(5, 6, 20, 29))),
            ("12 + 12, one wave a year", Case(12, 12, rho, seasonality="one_wave")),
            ("24 + 24, two waves a year", Case(24, 24, rho, seasonality="two_waves")),
            ("24 + 24, calendar months", Case(24, 24, rho, seasonality="calendar_months")),
            ("12 + 12, level change only", Case(12, 12, rho, model="level")),
            ("24 + 24, level change only", Case(24, 24, rho, model="level")),
        ]
    for rho in (-0.3, 0.6, 0.8):
        cases += [("12 + 12", Case(12, 12, rho)), ("24 + 24", Case(24, 24, rho))]
    rows = []
    for seed, (words, case) in enumerate(cases, start=500):
        coverage = coverage_of(case, n, seed)
        figures = [f"{coverage[name]:.1f}" if name in coverage else "" for name in ("level", "slope", "end", "average")]
        figures.append(f"{coverage['strong']:.0f}")
        rows.append([words, f"{case.autocorrelation:.1f}", *figures])
    headings = ["series", "autocorrelation", "level change", "slope change", "effect at end", "average effect",
                "caution given"]  # fmt: skip
    print_table(headings, rows)


def rates(chance: np.random.Generator, mean: float, sizes: Floats, autocorrelation: float) -> Floats:
    """Percentages of counted cases whose true rate wanders a little from month to month."""
    wander = simulate_errors(np.arange(sizes.size, dtype=np.float64), autocorrelation, 1, chance)[0]
    return 100 * chance.binomial(sizes.astype(int), mean + 0.008 * wander) / sizes


def print_verdicts(n: int) -> None:
    """Through `estimate_effect` itself: readmission rates with true counts, verdicts, and the power statement."""
    print(f"### Verdicts on readmission rates of 350 to 450 discharges a month, 18 + 18 months ({n:,} series a row)\n")
    months = tuple(FIRST_MONTH.plus(place) for place in range(36))
    start = months[18].first_day

    def verdicts(fall: float, *, with_control: bool, seed: int) -> tuple[list[str], list[bool]]:
        chance = np.random.default_rng(seed)
        found: list[str] = []
        held: list[bool] = []
        for _ in range(n):
            sizes = chance.integers(350, 451, size=36).astype(np.float64)
            values = rates(chance, 0.14, sizes, 0.3) - np.where(np.arange(36) >= 18, fall, 0.0)
            control = None
            if with_control:
                # An event that strikes both hospitals half-way: only the comparison can take it out.
                values, other = values + 3.0 * (np.arange(36) >= 18), rates(chance, 0.12, sizes, 0.3)
                control = MonthlySeries(months, tuple(other + 3.0 * (np.arange(36) >= 18)), tuple(sizes))
            series = MonthlySeries(months, tuple(values), tuple(sizes))
            result = estimate_effect(
                series, starts_on=start, declared_on=date(2020, 1, 1), better="lower", control=control
            )
            found.append(result.verdict)
            if result.effects is not None:
                held.append(result.effects.average_effect.lower < -fall < result.effects.average_effect.upper)
        return found, held

    rows = []
    for seed, (fall, with_control) in enumerate(((0.0, False), (3.0, False), (6.0, False), (0.0, True), (6.0, True))):
        found, held = verdicts(fall, with_control=with_control, seed=900 + seed)
        shares = [f"{100 * found.count(verdict) / n:.1f}" for verdict in ("improvement", "no_evidence", "worsening")]
        words = f"fall of {fall:g} points" if fall else "no effect"
        words += ", both hospitals up by 3" if with_control else ""
        rows.append([words, *shares, f"{100 * np.mean(held):.1f}"])
    print_table(["truth", "improvement", "no evidence", "worsening", "interval holds the truth"], rows)


def print_visible_effects() -> None:
    """Computed, not simulated: what length and model do, where the autocorrelation is known to be 0.3."""
    print("### Smallest average effect seen in four of five series, in residual standard deviations\n")
    rows = []
    for before, after in ((12, 12), (18, 18), (18, 36), (36, 18)):
        visible = []
        for model in get_args(Model):
            case = Case(before, after, 0.3, model=model)
            design, average, positions = case.columns.design(case.months), case.contrasts["average"], case.positions
            error = unit_error(design, average, positions=positions, precisions=None, autocorrelation=0.3)
            visible.append(f"{stats.t.ppf([TAILS[1], POWER], design.shape[0] - design.shape[1]).sum() * error:.1f}")
        rows.append([f"{before} + {after}", *visible])
    print_table(["months before + after", *get_args(Model)], rows)


def print_power_statement(n: int) -> None:
    """Is what the power statement promises what happens? The promise is made 12 months after the start."""
    print(f"### The power statement, model `level` with 36 months before ({n:,} series a row)\n")
    rows = []
    for rho, effect in ((0.0, 1.4), (0.3, 1.8)):
        chance = np.random.default_rng(77)
        total, needed, seen = Case(36, 48, rho, (-effect, 0.0), model="level"), [], 0
        for _ in range(n):
            errors = simulate_errors(total.positions, rho, 1, chance)[0]
            values = total.columns.design(total.months) @ total.truth + errors
            series = MonthlySeries(tuple(total.months), tuple(values))

            def judged(
                last: int, series: MonthlySeries = series, total: Case = total, effect: float = effect
            ) -> EffectResult:
                return estimate_effect(
                    series.until(FIRST_MONTH.plus(last)), starts_on=total.start, declared_on=date(2020, 1, 1),
                    better="lower", model="level", worthwhile_effect=effect,
                )  # fmt: skip

            more = effects.power.months_needed if (effects := judged(47).effects) is not None else None
            needed.append(more)
            seen += more is not None and judged(47 + more).verdict == "improvement"
        told = [more for more in needed if more is not None]
        rows.append([f"{effect:g} standard deviations", f"{rho:.1f}", f"{100 * len(told) / n:.0f}",
                     f"{np.median(told):.0f}", f"{100 * seen / len(told):.0f}"])  # fmt: skip
    headings = ["effect", "autocorrelation", "told a number, %", "median months more", "of these seen by then, %"]
    print_table(headings, rows)


def print_season(n: int) -> None:
    """What a season left in costs: power and coverage with and without the default wave."""
    print(f"### Season ({n:,} series a row)\n")
    months = tuple(FIRST_MONTH.plus(place) for place in range(36))
    rows = []
    for model in ("level", "level_and_slope"):
        for amplitude in (0.0, 1.0, 2.0):
            cells = []
            for seasonality in ("none", "automatic"):
                chance = np.random.default_rng(7)
                seen = held = 0
                for _ in range(n):
                    wave = np.sin(2 * np.pi * (np.arange(36) + chance.uniform(0, 12)) / 12)
                    values = chance.normal(size=36) + amplitude * wave + 2.0 * (np.arange(36) >= 24)
                    result = estimate_effect(
                        MonthlySeries(months, tuple(values)), starts_on=months[24].first_day,
                        declared_on=date(2020, 1, 1), better="higher", model=model, seasonality=seasonality,  # type: ignore[arg-type]
                    )  # fmt: skip
                    assert result.effects is not None
                    effect = result.effects.average_effect
                    seen += effect.excludes_zero
                    held += effect.lower <= 2.0 <= effect.upper
                cells.append(f"{100 * seen / n:.0f} / {100 * held / n:.0f}")
            rows.append([model, f"{amplitude:g}", *cells])
    print_table(["model", "season", "left in", "one wave (default)"], rows)


def print_net_days(n: int) -> None:
    """Log-normal stays: does the interval of a group's O/E, and so of its net days, hold the true ratio?"""
    print(f"### Net days ({n:,} samples a row)\n")
    rows = []
    for n_stays in (5, 10, 25, 50, 200, 1000):
        chance = np.random.default_rng(5)
        held = 0
        for _ in range(n):
            expected = chance.uniform(3, 6, n_stays + 1000)
            length = expected * 1.1 * np.exp(0.6 * chance.normal(size=expected.size) - 0.18)
            stays = _stays(length, expected)
            stays["service_line"] = np.where(np.arange(expected.size) < n_stays, "x", "others")
            group = next(one for one in compute_excess_days(stays).groups if one.group == "x")
            held += group.ratio.lower <= 1.1 <= group.ratio.upper
        rows.append([str(n_stays), f"{100 * held / n:.1f}"])
    print_table(["stays", "coverage, %"], rows)


def _stays(length: Floats, expected: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stay_id": np.arange(length.size),
            "service_line": "All",
            "length_of_stay_days": length,
            "drg_arithmetic_mean_days": expected,
            "drg_geometric_mean_days": 0.8 * expected,
            "variable_direct_cost": 4000.0,
            "documented_days": 0.0,
        }
    )


def print_speed() -> None:
    months = tuple(FIRST_MONTH.plus(place) for place in range(48))
    series = MonthlySeries(months, tuple(np.random.default_rng(1).standard_normal(48)))
    began = time.perf_counter()
    for _ in range(20):
        estimate_effect(
            series, starts_on=months[24].first_day, declared_on=date(2020, 1, 1), better="lower", worthwhile_effect=0.1
        )
    print(f"One estimate of 48 months with its power statement: {(time.perf_counter() - began) * 50:.0f} ms.")
    chance = np.random.default_rng(2)
    n = 20_000
    stays = _stays(chance.integers(1, 15, n).astype(float), np.full(n, 5.0))
    stays["service_line"] = chance.choice(list("ABCDEFGH"), n)
    began = time.perf_counter()
    compute_opportunity(stays, compute_excess_days(stays), seed=1)
    print(f"The opportunity of {n:,} stays in 8 service lines: {time.perf_counter() - began:.1f} s.")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=20_000, help="series per row of the main table")
    n = parser.parse_args(arguments).simulations
    holds = print_main_table(n)
    parts: list[tuple[Callable[[int], None], int]] = [
        (print_other_cases, n // 2),
        (print_verdicts, n // 40),
        (print_power_statement, n // 40),
        (print_season, n // 40),
        (print_net_days, n // 10),
    ]
    for part, simulations in parts:
        part(max(simulations, 50))
    print_visible_effects()
    print_speed()
    if not holds:
        print(f"A coverage of the main table lies outside {WANTED[0]:.0f} to {WANTED[1]:.0f} %.", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
