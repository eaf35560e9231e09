"""What a series can and cannot show: the smallest effect it would probably see, and how many more months it needs.

Planned from how the series scatters, never from the effect it shows: power worked out from the observed effect only
repeats the interval (Hoenig and Heisey, The American Statistician 55, 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement.effects.autocorrelated_fit import AveragedFit, unit_error
from kpi_pipeline.improvement.effects.segments import Columns
from kpi_pipeline.improvement.estimates import TAILS, Estimate, Floats

POWER = 0.80
"""The chance of seeing an effect that is there, as trials are customarily planned."""

HORIZON_MONTHS = 36
"""Beyond this many further months no forecast is made: too much else changes."""


@dataclass(frozen=True, slots=True)
class Power:
    """The power statement for the average effect, at 80 % and a 95 % interval.

    smallest_visible_effect: what these months would see in four of five cases. worthwhile_effect: the smallest effect
    worth seeing as declared, None without. months_needed: how many more months to see that (0: enough already; None:
    not declared, or not within `horizon_months`, because the months before the start foretell too loosely).
    """

    smallest_visible_effect: float
    worthwhile_effect: float | None
    months_needed: int | None
    horizon_months: int = HORIZON_MONTHS


def compute_power(
    fit: AveragedFit,
    columns: Columns,
    months: Sequence[Month],
    *,
    average_effect: Estimate,
    sizes: Floats | None,
    worthwhile_effect: float | None,
) -> Power:
    """The power statement of a fitted series; further months are taken to be as large as the median one.

    sizes: the denominators, or None. The interval is widened for what is not known of the autocorrelation in the same
    proportion as today.
    """
    plan = _Plan(fit, columns, tuple(months), sizes)
    half_width = (average_effect.upper - average_effect.lower) / 2
    widening = half_width / plan.half_width()
    visible = plan.visible_effect(0, widening)
    needed = None
    if worthwhile_effect is not None:
        enough = (
            more for more in range(HORIZON_MONTHS + 1) if plan.visible_effect(more, widening) <= worthwhile_effect
        )
        needed = next(enough, None)
    return Power(visible, worthwhile_effect, needed)


def average_contrast(columns: Columns, months: Sequence[Month], sizes: Floats | None) -> Floats:
    """The contrast of the average effect: over the months after the start, each by its denominator if there is one."""
    after = [columns.segments.role_of(month) == "after" for month in months]
    weights = np.where(after, 1.0 if sizes is None else sizes, 0.0)
    return np.asarray(weights @ columns.effects(months) / weights.sum())


@dataclass(frozen=True, slots=True)
class _Plan:
    """The series with some further months added."""

    fit: AveragedFit
    columns: Columns
    months: tuple[Month, ...]
    sizes: Floats | None

    def half_width(self) -> float:
        """Half the interval of today's average effect if the estimated autocorrelation were the true one."""
        return self._quantile(TAILS[1], 0) * self._error(0)

    def visible_effect(self, more: int, widening: float) -> float:
        """The effect whose estimate lies clear of zero, by the whole interval, as often as POWER says."""
        return (widening * self._quantile(TAILS[1], more) + self._quantile(POWER, more)) * self._error(more)

    def _quantile(self, share: float, more: int) -> float:
        return float(special.stdtrit(self.fit.degrees_of_freedom + more, share))

    def _error(self, more: int) -> float:
        months = [*self.months, *(self.months[-1].plus(step) for step in range(1, more + 1))]
        sizes = self.sizes
        scale = self.fit.residual_sd
        if sizes is not None:
            extended = np.append(sizes, np.full(more, np.median(sizes)))
            # residual_sd belongs to a month of mean size; the mean moves a little with the months added.
            scale *= float(np.sqrt(sizes.mean() / extended.mean()))
            sizes = extended
        positions = np.array([month.months_since(months[0]) for month in months], dtype=np.float64)
        return scale * unit_error(
            self.columns.design(months),
            average_contrast(self.columns, months, sizes),
            positions=positions,
            precisions=sizes,
            autocorrelation=self.fit.autocorrelation.value,
        )
