"""The intervals of a change, its mix and its rate: by hand, and against years drawn anew where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kpi_pipeline.improvement.drivers.decomposition import Amount, decompose_ratio
from kpi_pipeline.improvement.drivers.mix_chance import part_intervals
from kpi_pipeline.improvement.estimates import Estimate

SHARES, MEANS = ((0.5, 0.3, 0.2), (0.45, 0.33, 0.22)), ((3.0, 5.0, 9.0), (3.1, 4.8, 9.0))


def half_width(estimate: Estimate) -> float:
    return (estimate.upper - estimate.lower) / 2


def test_one_kind_has_the_interval_of_a_difference_of_means_and_no_mix() -> None:
    """100 cases with variance 4 before (squares 100·(4·99/100 + 25) = 2896), and 200 with variance 9 after, mean 6."""
    before = {"a": Amount(500.0, 100.0, 100 * (4 * 99 / 100 + 25))}
    after = {"a": Amount(1200.0, 200.0, 200 * (9 * 199 / 200 + 36))}
    found = part_intervals(decompose_ratio(before, after), before, after)
    assert found is not None
    expected = 1.959964 * math.sqrt(4 / 100 + 9 / 200)
    assert half_width(found.change) == pytest.approx(expected, rel=1e-6)
    assert half_width(found.rate) == pytest.approx(expected, rel=1e-6)
    assert (found.mix.value, half_width(found.mix)) == (0.0, 0.0)


def test_without_scatter_within_kinds_the_mix_varies_as_a_share_does() -> None:
    """Means 4 and 8 in both years, shares ½ and ½ of 100, then 0.6 and 0.4 of 200: se² = 16·(0.25/100 + 0.24/200)."""
    before = {"a": Amount(200.0, 50.0, 800.0), "b": Amount(400.0, 50.0, 3200.0)}
    after = {"a": Amount(480.0, 120.0, 1920.0), "b": Amount(640.0, 80.0, 5120.0)}
    found = part_intervals(decompose_ratio(before, after), before, after)
    assert found is not None
    assert half_width(found.mix) == pytest.approx(1.959964 * math.sqrt(16 * (0.25 / 100 + 0.24 / 200)), rel=1e-6)
    assert half_width(found.rate) == 0.0


def test_nothing_is_said_where_the_scatter_is_not_known() -> None:
    one = {"a": Amount(10.0, 5.0)}
    assert part_intervals(decompose_ratio(one, one), one, one) is None


def test_years_drawn_anew_lie_within_in_nineteen_of_twenty() -> None:
    """2,000 pairs of years of 400 and 500 lognormal stays: each interval holds the true part in 93 to 97 of 100."""
    chance = np.random.default_rng(7)
    truth = decompose_ratio(*(_true_year(0), _true_year(1)))
    held = {"change": 0, "mix": 0, "rate": 0}
    n = 2_000
    for _ in range(n):
        before, after = (_drawn_year(chance, year, size) for year, size in ((0, 400), (1, 500)))
        found = part_intervals(decompose_ratio(before, after), before, after)
        assert found is not None
        for name in held:
            part = getattr(found, name)
            held[name] += part.lower <= getattr(truth, name) <= part.upper
    assert {name: 0.93 <= count / n <= 0.97 for name, count in held.items()} == dict.fromkeys(held, True), held


def _true_year(year: int) -> dict[str, Amount]:
    return {
        str(kind): Amount(share * mean, share)
        for kind, (share, mean) in enumerate(zip(SHARES[year], MEANS[year], strict=True))
    }


def _drawn_year(chance: np.random.Generator, year: int, size: int) -> dict[str, Amount]:
    drawn = {}
    for kind, count in enumerate(chance.multinomial(size, SHARES[year])):
        sigma = 0.6
        days = chance.lognormal(math.log(MEANS[year][kind]) - sigma**2 / 2, sigma, count)
        drawn[str(kind)] = Amount(float(days.sum()), float(count), float((days**2).sum()))
    return drawn
