"""The month index of a short series, and the share of months expected to meet a target: by hand and by coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import RULE_SETS, Pattern, evaluate_chart, fit_month_index, run_as_rare
from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.multiplicity import stable_series

MONTHS = [f"{2023 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
EVEN = [11.0, 9.0] * 12


def test_a_plain_wave_is_found_and_indices_average_one() -> None:
    values = [100 * math.exp(0.1 * math.cos(2 * math.pi * i / 12)) for i in range(36)]
    index = fit_month_index(values, MONTHS[:36], n_months=24)
    assert index is not None
    assert index.n_months == 24
    assert sum(index.indices.values()) == pytest.approx(12)
    assert index.indices[1] / index.indices[7] == pytest.approx(math.exp(0.2), rel=1e-6)


def test_noise_without_a_season_is_shrunk_towards_no_season() -> None:
    random = np.random.default_rng(3)
    spread, raw = [], []
    for _ in range(200):
        values = np.exp(0.05 * random.normal(size=24))
        index = fit_month_index(values.tolist(), MONTHS[:24])
        assert index is not None
        spread.append(np.ptp(list(index.indices.values())))
        angle = 2 * np.pi * np.arange(24) / 12
        design = np.column_stack([np.ones(24), np.cos(angle), np.sin(angle)])
        raw.append(2 * float(np.hypot(*np.linalg.lstsq(design, np.log(values), rcond=None)[0][1:])))
    assert np.mean(spread) < 0.6 * np.mean(raw)
    assert np.mean(np.array(spread) < 1e-9) > 0.4


def test_there_is_no_index_below_two_years_or_of_values_not_above_zero() -> None:
    assert fit_month_index([1.0] * 23, MONTHS[:23]) is None
    assert fit_month_index([1.0, None] * 23, MONTHS[:46]) is None
    with pytest.raises(InputError, match="above 0"):
        fit_month_index([0.0] * 24, MONTHS[:24])


def test_a_season_of_two_sigma_taken_out_leaves_few_false_icons_and_keeps_detection() -> None:
    random = np.random.default_rng(11)
    wave = np.sin(2 * np.pi * np.arange(60) / 12)
    series = 100 * np.exp(0.02 * random.normal(size=(400, 60)) + 0.04 * wave)
    changed = series.copy()
    changed[:, 24:] *= math.exp(0.04)
    rules = RULE_SETS["frozen-2026"]

    def icons(rows: np.ndarray, adjusted: bool) -> np.ndarray:
        judged = []
        for row in rows:
            index = fit_month_index(row.tolist(), MONTHS, n_months=24)
            assert index is not None
            judged.append([x / (index.indices[i % 12 + 1] if adjusted else 1) for i, x in enumerate(row.tolist())])
        return icons_by_issue(np.array(judged), rules, first_issue=24, frozen_points=24)

    assert (icons(series, False) != 0).mean() > 0.10
    assert (icons(series, True) != 0).mean() < 0.045
    assert (icons(changed, True) > 0)[:, 11:24].mean() > 0.80


# --- the share of months that meet a target ---------------------------------------------------------------------------


def chart(values: list[float], target: float, better: str = "lower"):  # type: ignore[no-untyped-def]
    return evaluate_chart(values, chart="xmr", better=better, target=target, rules="frozen-2026", frozen_points=24)  # type: ignore[arg-type]


def test_the_share_by_hand() -> None:
    # mean 10, moving ranges all 2: sigma = 2.66/3 * 2 = 1.7733; target 9: z = -0.5639, t with 0.62 * 23 = 14.26 freedom
    share = chart(EVEN, 9).target_share
    assert share is not None
    z = -1 / (2.66 / 3 * 2)
    assert share.share == pytest.approx(stats.t.cdf(z / math.sqrt(1 + 1 / 24), 0.62 * 23))
    assert share.lower < share.share < share.upper
    assert (share.is_since_change, share.n_points) == (False, 24)


def test_the_share_does_not_flip_where_the_icon_does() -> None:
    upper = chart(EVEN, 9).points[0].lower
    below, above = chart(EVEN, upper - 0.01), chart(EVEN, upper + 0.01)
    assert (below.assurance, above.assurance) == ("failing", "hit_or_miss")
    assert below.target_share.share == pytest.approx(above.target_share.share, abs=0.001)


def test_direction_and_what_has_no_share() -> None:
    lower, higher = chart(EVEN, 9).target_share, chart(EVEN, 9, "higher").target_share
    assert lower.share + higher.share == pytest.approx(1)
    assert chart(EVEN, 9, "neither").target_share is None
    assert chart(EVEN[:12], 9).target_share is None
    assert evaluate_chart(EVEN, chart="xmr", better="lower").target_share is None
    assert evaluate_chart([5.0] * 24, chart="xmr", better="lower", target=4).target_share is None


def test_after_a_change_the_share_is_that_of_the_new_level() -> None:
    values = [*EVEN, *[value - 6 for value in EVEN[:10]]]
    share = chart(values, 6).target_share
    assert (share.is_since_change, share.n_points) == (True, 10)
    assert share.share > 0.8
    assert chart(values[:24], 6).target_share.share < 0.05


def test_the_interval_holds_the_true_share() -> None:
    random = np.random.default_rng(6)
    for target in (-2.0, -1.0, 0.5):
        shares = [chart(row.tolist(), target).target_share for row in random.normal(size=(600, 24))]
        truth = stats.norm.cdf(target)
        held = np.mean([one.lower <= truth <= one.upper for one in shares if one])
        assert 0.91 <= held <= 0.99


def test_the_interval_is_wider_where_neighbours_resemble_each_other_and_holds_the_true_share_there() -> None:
    """By hand, of blocks of three: 16 neighbours alike and 7 opposite, so rho is (9/24 * 24 + 1)/(24 - 3); and in 600
    series with an autocorrelation of 0.3."""
    alike, rho = chart(([11.0] * 3 + [9.0] * 3) * 4, 10).target_share, 10 / 21
    half = 1.96 * math.sqrt((1 + rho) / (1 - rho) / 24)
    assert (alike.lower, alike.upper) == pytest.approx((stats.norm.cdf(-half), stats.norm.cdf(half)))
    shares = [chart(row, 0.0).target_share for row in stable_series(600, 24, Pattern(0.3), seed=4).tolist()]
    held = np.mean([one.lower <= 0.5 <= one.upper for one in shares if one])
    assert 0.88 <= held <= 0.96  # 0.80 while neighbours were taken for independent


def test_a_run_is_as_rare_in_months_alike_as_a_shorter_one_elsewhere() -> None:
    assert [run_as_rare(8, rho) for rho in (0.0, 0.15, 0.3, 0.5)] == [8, 9, 11, 14]
    signs = np.sign(stable_series(40_000, 11, Pattern(0.3), seed=2))
    assert np.mean(np.abs(signs.sum(axis=1)) == 11) == pytest.approx(0.5**7, rel=0.2)
