"""The regression under autocorrelation: against a naive computation, and by its promise to cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from kpi_pipeline.improvement.effects.autocorrelated_fit import AUTOCORRELATIONS, fit_autocorrelated, unit_error
from kpi_pipeline.improvement.estimates import Estimate, Floats


def correlations(positions: Floats, rho: float) -> Floats:
    """Written out: the autocorrelation to the power of the months between."""
    apart = np.abs(np.subtract.outer(positions, positions))
    return np.array([[1.0 if gap == 0 else rho**gap for gap in row] for row in apart])


def step_design(n_before: int, n_after: int) -> Floats:
    time = np.arange(n_before + n_after, dtype=float) - n_before
    after = (time >= 0).astype(float)
    return np.column_stack([np.ones_like(time), time, after, after * time])


def test_a_fit_is_generalised_least_squares_at_every_autocorrelation_with_gaps_and_precisions() -> None:
    chance = np.random.default_rng(1)
    positions = np.array([0, 1, 2, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16], dtype=float)
    design = np.column_stack([np.ones(14), positions])
    sizes = chance.integers(20, 90, size=14).astype(float)
    values = 3 + 0.2 * positions + chance.standard_normal(14)
    fit = fit_autocorrelated(design, values, positions=positions, precisions=sizes)

    likelihoods = []
    for place, rho in enumerate(AUTOCORRELATIONS.tolist()):
        spread = np.diag(np.sqrt(sizes.mean() / sizes))
        inverse = np.linalg.inv(spread @ correlations(positions, rho) @ spread)
        information = design.T @ inverse @ design
        coefficients = np.linalg.solve(information, design.T @ inverse @ values)
        residuals = values - design @ coefficients
        square = float(residuals @ inverse @ residuals)
        assert fit.coefficients[place, 0] == pytest.approx(coefficients)
        assert fit.variances[place, 0] == pytest.approx(square / 12)
        assert fit.inverse_information[place] == pytest.approx(np.linalg.inv(information))
        determinants = -math.log(np.linalg.det(inverse)) + math.log(np.linalg.det(information))
        likelihoods.append(-determinants / 2 - 12 / 2 * math.log(square))
    weights = np.exp(np.array(likelihoods) - max(likelihoods))
    assert fit.weights[:, 0] == pytest.approx(weights / weights.sum())


def test_an_interval_leaves_a_fortieth_on_each_side() -> None:
    design = step_design(12, 14)
    values = np.random.default_rng(2).standard_normal(26)
    fit = fit_autocorrelated(design, values, positions=np.arange(26.0))
    level = np.array([0.0, 0.0, 1.0, 0.0])
    (estimate,) = fit.estimates(level)
    assert fit.share_below(level, estimate.lower)[0] == pytest.approx(0.025, abs=1e-9)
    assert fit.share_below(level, estimate.upper)[0] == pytest.approx(0.975, abs=1e-9)
    assert estimate.lower < estimate.value < estimate.upper
    assert fit.values(level[None, :]) == pytest.approx([estimate.value])


def test_an_interval_is_wider_than_that_of_one_plugged_in_autocorrelation() -> None:
    design = step_design(12, 12)
    values = np.random.default_rng(3).standard_normal(24)
    fit = fit_autocorrelated(design, values, positions=np.arange(24.0))
    slope = np.array([0.0, 0.0, 0.0, 1.0])
    (estimate,) = fit.estimates(slope)
    best = int(fit.weights[:, 0].argmax())
    error = math.sqrt(fit.variances[best, 0] * slope @ fit.inverse_information[best] @ slope)
    assert (estimate.upper - estimate.lower) / 2 > 1.05 * stats.t.ppf(0.975, 20) * error


def test_the_error_of_a_difference_of_two_independent_means_by_hand() -> None:
    # 8 and 4 months without autocorrelation: sqrt(1/8 + 1/4)
    design = np.column_stack([np.ones(12), np.arange(12) >= 8]).astype(float)
    error = unit_error(design, np.array([0.0, 1.0]), positions=np.arange(12.0), precisions=None, autocorrelation=0.0)
    assert error == pytest.approx(math.sqrt(3 / 8))


def test_the_error_of_a_mean_of_two_correlated_months_by_hand() -> None:
    # Var((a + b) / 2) = (1 + rho) / 2 for neighbours, (1 + rho²) / 2 with a month lost between them
    mean = np.array([1.0])
    for positions, tie in (([0.0, 1.0], 0.6), ([0.0, 2.0], 0.36)):
        error = unit_error(np.ones((2, 1)), mean, positions=np.array(positions), precisions=None, autocorrelation=0.6)
        assert error == pytest.approx(math.sqrt((1 + tie) / 2))


@pytest.mark.parametrize("autocorrelation", [0.0, 0.4])
def test_nominal_95_percent_intervals_cover_on_24_months(autocorrelation: float) -> None:
    """The full table is benchmarks/improvement_coverage.py; 3,000 series tell 95 from 92 (standard error 0.4)."""
    chance = np.random.default_rng(20261101)
    shocks = chance.standard_normal((3000, 24))
    errors = shocks.copy()
    for month in range(1, 24):
        errors[:, month] = autocorrelation * errors[:, month - 1] + math.sqrt(1 - autocorrelation**2) * shocks[:, month]
    design, truth = step_design(12, 12), np.array([5.0, 0.02, -1.0, -0.03])
    average = np.array([0.0, 0.0, 1.0, 5.5])
    held = []
    for block in np.split(design @ truth + errors, 3):
        fit = fit_autocorrelated(design, block, positions=np.arange(24.0))
        for contrast in (np.array([0.0, 0, 1, 0]), np.array([0.0, 0, 0, 1]), average):
            below = fit.share_below(contrast, float(contrast @ truth))
            held.append(((below > 0.025) & (below < 0.975)).mean())
    assert 0.93 < np.mean(held[0::3]) < 0.97
    assert 0.93 < np.mean(held[1::3]) < 0.975
    assert 0.93 < np.mean(held[2::3]) < 0.975


def test_the_autocorrelation_of_a_long_series_is_found() -> None:
    chance = np.random.default_rng(4)
    errors = np.zeros(400)
    for month in range(1, 400):
        errors[month] = 0.6 * errors[month - 1] + chance.standard_normal()
    found = fit_autocorrelated(np.ones((400, 1)), errors, positions=np.arange(400.0)).autocorrelation
    assert found.lower < 0.6 < found.upper
    assert found.upper - found.lower < 0.25


def test_zero_outside_the_interval_on_either_side_is_excluded() -> None:
    assert Estimate(1, 0.1, 2).excludes_zero
    assert Estimate(-1, -2, -0.1).excludes_zero
    assert not Estimate(0.5, -0.1, 1).excludes_zero
    assert not Estimate(0.5, 0.0, 1).excludes_zero
