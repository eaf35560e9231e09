"""Watches risk-adjusted outcomes: units against what was expected of their patients, and cases as they come.

Not here: the funnel and the cumulative sum themselves (`signals`), where the cases come from (`pipeline/risk_watch`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kpi_pipeline.signals import evaluate_funnel, risk_adjusted_cusum

FALSE_ALARMS = 0.05
"""The share of spans as long as this one, with nothing but chance in them, in which the sum would reach its limit."""
FEWEST_EXPECTED = 5.0
"""Of a unit of which fewer events are expected nothing is said: one event more or less would decide."""
_DRAWS = 1000
Verdict = Literal["above", "below", "within", "too few"]


@dataclass(frozen=True, slots=True)
class WatchedPlace:
    """The cumulative sum of one place. odds_ratio: 2 watches for doubled odds, 0.5 for halved ones.

    limit: what one in twenty spans without any change would reach. signals: the days on which the sum reached it.
    """

    place: str
    odds_ratio: float
    n_cases: int
    observed: float
    expected: float
    highest: float
    limit: float
    signals: tuple[pd.Timestamp, ...]


def compare_units(cases: pd.DataFrame) -> pd.DataFrame:
    """One row a unit: unit, cases, observed, expected, o_over_e, lower, upper (99.8 % limits), verdict.

    cases: unit, numerator, denominator (what was expected). Limits are the funnel's, widened where units differ more
    than chance; no ranks.
    """
    units = cases.groupby("unit", sort=True).agg(
        cases=("numerator", "size"), observed=("numerator", "sum"), expected=("denominator", "sum")
    )
    judged = units[units["expected"] >= FEWEST_EXPECTED]
    found = units.assign(o_over_e=units["observed"] / units["expected"], lower=math.nan, upper=math.nan)
    verdicts: dict[str, Verdict] = dict.fromkeys(map(str, units.index), "too few")
    if len(judged):
        funnel = evaluate_funnel(
            judged["observed"].tolist(),
            judged["expected"].tolist(),
            names=[str(name) for name in judged.index],
            kind="observed_expected",
            better="lower",
        )
        for point in funnel.points:
            limits = point.adjusted_limits if funnel.is_adjusted else point.limits
            found.loc[point.name, ["lower", "upper"]] = limits.lower_998, limits.upper_998
            side: Verdict = "above" if point.value > 1 else "below"
            verdicts[point.name] = side if point.is_outside else "within"
    return found.assign(verdict=[verdicts[str(name)] for name in found.index]).reset_index()


def watch_place(cases: pd.DataFrame, place: str, *, odds_ratio: float, seed: int = 20261128) -> WatchedPlace:
    """The risk-adjusted CUSUM of a place (Steiner et al., Biostatistics 1, 2000), its limit found by simulation.

    cases: event_date, case_id, numerator (0 or 1), denominator (the probability expected).
    """
    cases = cases.sort_values(["event_date", "case_id"])
    risks = cases["denominator"].to_numpy(dtype=float)
    limit = _limit(risks, odds_ratio, seed)
    found = risk_adjusted_cusum(cases["numerator"].tolist(), risks.tolist(), odds_ratio=odds_ratio, limit=limit)
    days = cases["event_date"].to_list()
    return WatchedPlace(
        place=place,
        odds_ratio=odds_ratio,
        n_cases=len(cases),
        observed=float(cases["numerator"].sum()),
        expected=float(risks.sum()),
        highest=max(found.sums, default=0.0),
        limit=limit,
        signals=tuple(pd.Timestamp(days[at]) for at in found.signals),
    )


def _limit(risks: np.ndarray, odds_ratio: float, seed: int) -> float:
    """What the highest sum of so many such cases exceeds in one of twenty spans, if each comes as expected."""
    chance = np.random.default_rng(seed)
    total, highest = np.zeros(_DRAWS), np.zeros(_DRAWS)
    for risk in risks:
        happened = chance.random(_DRAWS) < risk
        total = np.maximum(0.0, total + happened * math.log(odds_ratio) - math.log(1 - risk + odds_ratio * risk))
        np.maximum(highest, total, out=highest)
    return float(np.quantile(highest, 1 - FALSE_ALARMS))
