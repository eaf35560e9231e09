"""What days beyond need are worth, as records: three measures of them that are never summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.improvement.drivers.excess_days import ExcessDays
from kpi_pipeline.improvement.effects.effect_size import LateDayPrice
from kpi_pipeline.improvement.estimates import Estimate

LAST_DAY_SHARE = 0.6
"""The variable direct cost of a late day, as a share of the stay's mean variable direct cost per day.

An assumption to be replaced by the hospital's own figure. Taheri, Butz and Greenfield (J. American College of Surgeons
191, 2000) found $420 for the last full day where the mean stay was 10.5 days and $17,734, of which about 42 % (their
trauma patients' share) is variable: 420 / (0.42 · 17,734 / 10.5) = 0.59."""

ASSUMED_SHARES = (0.4, 0.8)
"""Where the share is assumed, the interval lets it lie anywhere (triangular) between these: one study of one
hospital."""

RungName = Literal["documented", "net_excess", "comparator_gap"]
Omission = Literal[
    "not_supplied", "no_expected_stay", "not_declared", "none_above_expected", "not_above_comparator", "too_few_stays"
]
"""too_few_stays: withheld from this reader, by `judgement`."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a freed bed-day is worth, as finance declares it. Used only while beds are full enough to be wanted.

    is_worth: occupancy_pct at or above occupancy_threshold_pct. source: who says so, printed beside the figure.
    """

    contribution_margin_per_day_usd: float
    backfill_probability: float
    occupancy_pct: float
    occupancy_threshold_pct: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.backfill_probability <= 1:
            what = f"must lie between 0 and 1; got {self.backfill_probability}."
            raise InputError(Fault("capacity: backfill_probability", what))

    @property
    def is_worth(self) -> bool:
        """Whether beds are so full that a freed day would be used."""
        return self.occupancy_pct >= self.occupancy_threshold_pct


@dataclass(frozen=True, slots=True)
class Comparator:
    """A declared O/E to compare with (1.0: as long as expected), and whose it is."""

    observed_over_expected: float
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Capture:
    """How much of what should be documented is: n_documented of n_long stays above GMLOS + 2 days."""

    n_long: int
    n_documented: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to count the days. days is None, and omission says why, where there are none to count.

    usd is None without a single stay with a cost. days_valued: those of stays that have one; the days of n_not_valued
    stays are worth an unknown amount, not nothing (documented days only; the others take the mean late day of the
    stays costed).
    capacity_usd: what the freed days would earn, where finance declares it and beds are full enough. groups: net
    excess only.
    """

    name: RungName
    days: Estimate | None
    usd: Estimate | None = None
    capacity_usd: Estimate | None = None
    days_valued: float = 0.0
    n_not_valued: int = 0
    n_stays: int = 0
    groups: tuple[ExcessDays, ...] = ()
    omission: Omission | None = None


@dataclass(frozen=True, slots=True)
class Opportunity:
    """The three rungs in order, and what to print beside them. late_day_usd: the mean late day of the stays costed."""

    rungs: tuple[Rung, Rung, Rung]
    capture: Capture | None
    late_day_usd: float | None
    last_day_share: float
    share_is_assumed: bool
    capacity: Capacity | None
    comparator: Comparator | None
    seed: int
    n_resamples: int

    @property
    def price(self) -> LateDayPrice | None:
        """The price of a late day with the ends of its assumption; None without costs."""
        if self.late_day_usd is None:
            return None
        low, high = ASSUMED_SHARES if self.share_is_assumed else (self.last_day_share, self.last_day_share)
        usd = self.late_day_usd
        return LateDayPrice(usd, usd * low / self.last_day_share, usd * high / self.last_day_share)
