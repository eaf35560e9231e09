"""Linear regression for short series whose neighbouring months resemble each other (AR(1) errors).

The autocorrelation of 24 to 48 points cannot be known well. Plugging in one estimate of it, as Prais-Winsten and
REML do, gives intervals that are too narrow (Turner et al., BMC Medical Research Methodology 21:181, 2021). Here the
generalised least squares answer is computed for every autocorrelation on a grid, and the answers are averaged, each
weighted by its restricted likelihood: an interval then holds what the data leave open. That this covers is shown by
`benchmarks/improvement_coverage.py`. What the columns of the design mean is `segments`' matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from kpi_pipeline.improvement.estimates import TAILS, Estimate, Floats

AUTOCORRELATIONS: Floats = np.linspace(-0.9, 0.9, 73)
"""Every autocorrelation considered, all equally likely beforehand. A month as like its neighbour as 0.9 and more is a
walk without a level, to which no level change could be ascribed."""

_BISECTIONS = 40
"""Halvings of the bracket of a quantile: to a millionth of a millionth of it."""


@dataclass(frozen=True, slots=True)
class AveragedFit:
    """The fit at every autocorrelation of the grid, and how much each counts. Axes: grid, series, coefficient.

    variances: residual variance of a month of mean precision (grid, series). weights: sum to 1 over the grid.
    """

    coefficients: Floats
    inverse_information: Floats
    variances: Floats
    weights: Floats
    degrees_of_freedom: int

    def estimates(self, contrasts: Floats) -> list[Estimate]:
        """contrast · coefficients with its interval, one for each row of `contrasts`, for the first series."""
        centres, errors = self._centres_and_errors(np.atleast_2d(contrasts), 0)
        weights = self.weights[:, 0]
        values = weights @ centres
        lower, upper = (self._quantiles(centres, errors, share) for share in TAILS)
        return [Estimate(float(v), float(a), float(b)) for v, a, b in zip(values, lower, upper, strict=True)]

    def values(self, contrasts: Floats) -> list[float]:
        """contrast · coefficients without intervals, one for each row of `contrasts`, for the first series."""
        return [float(value) for value in self.weights[:, 0] @ (self.coefficients[:, 0, :] @ contrasts.T)]

    def share_below(self, contrast: Floats, value: float) -> Floats:
        """How much of each series' estimate of one contrast lies below a value.

        The interval holds the value exactly where this is between 0.025 and 0.975; so the benchmark counts coverage.
        """
        centres = self.coefficients @ contrast
        errors = np.sqrt(self.variances * (self.inverse_information @ contrast @ contrast)[:, None])
        below = special.stdtr(self.degrees_of_freedom, (value - centres) / errors)
        return np.asarray((self.weights * below).sum(axis=0))

    @property
    def autocorrelation(self) -> Estimate:
        """The autocorrelation of neighbouring months of the first series; what the grid leaves open is its interval."""
        weights = self.weights[:, 0]
        heaped = np.cumsum(weights) - weights / 2
        lower, upper = (float(np.interp(share, heaped, AUTOCORRELATIONS)) for share in TAILS)
        return Estimate(float(weights @ AUTOCORRELATIONS), lower, upper)

    @property
    def residual_sd(self) -> float:
        """How far a month of mean precision lies from its line (standard deviation), for the first series."""
        return math.sqrt(float(self.weights[:, 0] @ self.variances[:, 0]))

    def _centres_and_errors(self, contrasts: Floats, series: int) -> tuple[Floats, Floats]:
        centres = self.coefficients[:, series, :] @ contrasts.T
        spread = np.einsum("ci,kij,cj->kc", contrasts, self.inverse_information, contrasts)
        return centres, np.sqrt(self.variances[:, series, None] * spread)

    def _quantiles(self, centres: Floats, errors: Floats, share: float) -> Floats:
        """Quantiles of the mixture; each lies between the smallest and the largest of its components' quantiles."""
        parts = centres + errors * special.stdtrit(self.degrees_of_freedom, share)
        low, high = parts.min(axis=0), parts.max(axis=0)
        weights = self.weights[:, 0]
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            below = weights @ special.stdtr(self.degrees_of_freedom, (middle - centres) / errors) < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray((low + high) / 2)


def fit_autocorrelated(
    design: Floats, values: Floats, *, positions: Floats, precisions: Floats | None = None
) -> AveragedFit:
    """Fits every series (a row of `values`) to the columns of `design`.

    design: months x coefficients, of full rank. values: months, or series x months; no series may lie on its lines.
    positions: the months' numbers, rising; months left out loosen the tie of those beside them. precisions: what a
    month's variance is inversely proportional to (its denominator); None: all alike.
    """
    series = np.atleast_2d(values)
    relative = _relative(precisions, design.shape[0])
    ties = _ties(positions, AUTOCORRELATIONS)
    columns = _whiten((design * relative[:, None]).T, ties)
    targets = _whiten(series * relative, ties)
    information = columns @ columns.transpose(0, 2, 1)
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    coefficients = targets @ columns.transpose(0, 2, 1) @ inverse
    residuals = targets - coefficients @ columns
    degrees = design.shape[0] - design.shape[1]
    squares = (residuals**2).sum(axis=2)
    log_determinants = np.log1p(-(ties**2)).sum(axis=1) + np.linalg.slogdet(information).logabsdet
    likelihoods = -degrees / 2 * np.log(squares) - log_determinants[:, None] / 2
    weights = np.exp(likelihoods - likelihoods.max(axis=0))
    shares = np.asarray(weights / weights.sum(axis=0), dtype=np.float64)
    return AveragedFit(coefficients, inverse, squares / degrees, shares, degrees)


def unit_error(
    design: Floats, contrast: Floats, *, positions: Floats, precisions: Floats | None, autocorrelation: float
) -> float:
    """The standard error of a contrast where the residual standard deviation is 1 and the autocorrelation is known."""
    relative = _relative(precisions, design.shape[0])
    columns = _whiten((design * relative[:, None]).T, _ties(positions, np.array([autocorrelation])))[0]
    return math.sqrt(float(contrast @ np.linalg.solve(columns @ columns.T, contrast)))


def _relative(precisions: Floats | None, n_months: int) -> Floats:
    return np.ones(n_months) if precisions is None else np.sqrt(precisions / precisions.mean())


def _ties(positions: Floats, autocorrelations: Floats) -> Floats:
    """The correlation of each month with the one before it in the list: the autocorrelation to the months between."""
    return np.asarray(autocorrelations[:, None] ** np.diff(positions)[None, :])


def _whiten(rows: Floats, ties: Floats) -> Floats:
    """Each row (series x months) as seen at each autocorrelation: less what the month before foretells, scaled to 1."""
    whitened = np.empty((ties.shape[0], *rows.shape))
    whitened[:, :, 0] = rows[:, 0]
    fresh = np.sqrt(1 - ties**2)[:, None, :]
    whitened[:, :, 1:] = (rows[None, :, 1:] - ties[:, None, :] * rows[None, :, :-1]) / fresh
    return whitened
