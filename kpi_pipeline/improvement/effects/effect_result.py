"""What an estimate of an effect consists of: numbers, codes and counts, from which the report makes its sentences.

Types only; `interrupted_series` fills them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.initiatives import Model, Seasonality
from kpi_pipeline.improvement.effects.extreme_start import ExtremeStart
from kpi_pipeline.improvement.effects.power import Power
from kpi_pipeline.improvement.effects.segments import Role
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.signals import Better

Verdict = Literal["improvement", "worsening", "change", "no_evidence", "control_only", "too_early", "not_estimable"]
Obstacle = Literal["few_months_before", "few_months_after", "season_not_separable", "no_variation"]
Caution = Literal[
    "declared_after_start",
    "followed_extreme_month",
    "months_missing",
    "strong_autocorrelation",
    "long_forecast",
    "control_changed",
]


@dataclass(frozen=True, slots=True)
class EffectPoint:
    """One month as drawn, on the scale of the measure; with a control, the control's own value is added back.

    expected: the counterfactual from the start on, with lower and upper its 95 % interval. fitted: the line through
    the observed months. None where there is none.
    """

    month: Month
    role: Role
    observed: float
    control: float | None
    fitted: float | None
    expected: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Effects:
    """The numbers of an estimate, in the unit of the measure (per month for the slope change).

    level_change: in the first month that counts. slope_change: None in model 'level'. effect_at_end: in the last month.
    average_effect: over the months after the start, each by its denominator if there is one (with a control, by the
    two together); the verdict rests on it.
    residual_sd: how far a month lies from its line.
    """

    level_change: Estimate
    slope_change: Estimate | None
    effect_at_end: Estimate
    average_effect: Estimate
    autocorrelation: Estimate
    residual_sd: float
    degrees_of_freedom: int
    power: Power


@dataclass(frozen=True, slots=True)
class EffectResult:
    """What can be said of one initiative and one measure. effects is None exactly when obstacles says why.

    seasonality: as analysed ('automatic' is resolved). placebo: the same analysis of the control alone, which nobody
    treated; None without a control, or where it cannot be estimated. alone: the analysis of the measure without its
    control, likewise. judgeable_from: the month whose final figure
    allows a first estimate; None where there is one, or waiting does not help. extreme_start: only where it flatters.
    verdict 'control_only': the difference is there, but the control changed and the measure by itself did not.
    'too_early': waiting will help; 'not_estimable': it will not. n_missing: months absent between the first and
    the last. n_without_control: months left out because the control has none. months_lacking_*: to the fewest needed.
    """

    verdict: Verdict
    obstacles: tuple[Obstacle, ...]
    cautions: tuple[Caution, ...]
    model: Model
    seasonality: Seasonality
    better: Better
    first_counted_month: Month
    last_month: Month | None
    n_before: int
    n_washout: int
    n_after: int
    n_missing: int
    n_without_control: int
    months_lacking_before: int
    months_lacking_after: int
    is_weighted: bool
    has_control: bool
    is_declared_beforehand: bool
    effects: Effects | None
    placebo: Estimate | None
    alone: Estimate | None
    judgeable_from: Month | None
    extreme_start: ExtremeStart | None
    points: tuple[EffectPoint, ...]

    @property
    def shows_effect(self) -> bool:
        """Whether an effect may be claimed."""
        return self.verdict in ("improvement", "worsening", "change")
