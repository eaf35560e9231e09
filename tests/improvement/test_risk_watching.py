"""Units and months against what was expected: a change is seen, chance is not, and few cases say nothing."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from kpi_pipeline.improvement.risk.watching import FALSE_ALARMS, compare_units, watch_place


def drawn(seed: int, *, n: int = 1500, worse_after: int | None = None, odds_ratio: float = 2.0) -> pd.DataFrame:
    """Cases that come as expected; from `worse_after` on with so many times the odds."""
    chance = np.random.default_rng(seed)
    risk = chance.uniform(0.05, 0.3, n)
    odds = risk / (1 - risk) * np.where(np.arange(n) >= (n if worse_after is None else worse_after), odds_ratio, 1.0)
    return pd.DataFrame(
        {
            "case_id": [f"C{number:05d}" for number in range(n)],
            "event_date": [date(2026, 1, 1) + timedelta(days=number * 365 // n) for number in range(n)],
            "denominator": risk,
            "numerator": (chance.random(n) < odds / (1 + odds)).astype(float),
        }
    )


def test_by_chance_alone_the_limit_is_reached_about_as_often_as_said() -> None:
    reached = [bool(watch_place(drawn(seed, n=400), "A", odds_ratio=2.0).signals) for seed in range(120)]
    assert sum(reached) <= 120 * FALSE_ALARMS + 3 * (120 * FALSE_ALARMS * (1 - FALSE_ALARMS)) ** 0.5


def test_doubled_odds_are_seen_within_weeks_and_not_before() -> None:
    found = watch_place(drawn(3, worse_after=750), "A", odds_ratio=2.0)
    began = pd.Timestamp(date(2026, 1, 1) + timedelta(days=750 * 365 // 1500))
    assert began < found.signals[0] < began + pd.Timedelta(days=60)
    assert watch_place(drawn(3, worse_after=750), "A", odds_ratio=0.5).signals == ()


def test_halved_odds_are_seen_too() -> None:
    assert watch_place(drawn(4, worse_after=500, odds_ratio=0.5), "A", odds_ratio=0.5).signals


def test_the_order_of_rows_changes_nothing() -> None:
    cases = drawn(5, worse_after=700)
    assert watch_place(cases.sample(frac=1, random_state=1), "A", odds_ratio=2.0) == watch_place(
        cases, "A", odds_ratio=2.0
    )


def test_a_unit_twice_as_bad_lies_above_and_one_of_few_cases_is_not_judged() -> None:
    chance = np.random.default_rng(9)
    rows = []
    for unit, n, ratio in [*[(f"U{k}", 400, 1.0) for k in range(10)], ("bad", 400, 2.2), ("small", 20, 1.0)]:
        risk = chance.uniform(0.05, 0.2, n)
        rows.append(pd.DataFrame({"unit": unit, "denominator": risk, "numerator": chance.random(n) < ratio * risk}))
    found = compare_units(pd.concat(rows).astype({"numerator": float})).set_index("unit")
    assert found["verdict"].to_dict() == {**{f"U{k}": "within" for k in range(10)}, "bad": "above", "small": "too few"}
    assert found.loc["bad", "o_over_e"] > found.loc["bad", "upper"] > 1 > found.loc["bad", "lower"]
    assert found["lower"].isna().to_dict()["small"]
