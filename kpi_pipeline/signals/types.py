"""The public words of the signals room: what goes into a chart and what comes out, as frozen dataclasses.

Here live types only. Limits are computed in `limits`, rules in `rules`, named rule sets in `rule_sets`,
the icons in `verdict`, and `evaluate` puts them together. Nothing here knows a metric, a month or a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from kpi_pipeline.core.vocabulary import Better

Chart = Literal["xmr", "mr", "p", "p_prime", "u", "u_prime", "c", "g", "t", "xbar", "s", "i_prime", "ewma", "run"]
Scale = Literal["linear", "log"]
Side = Literal["high", "low"]
Rule = Literal["outside", "shift", "trend", "two_of_three", "long_run", "few_crossings"]
PointClass = Literal["improvement", "concern", "neither_high", "neither_low", "common_cause"]
Variation = Literal[
    "improvement_high",
    "improvement_low",
    "concern_high",
    "concern_low",
    "neither_high",
    "neither_low",
    "common_cause",
    "empty",
]
Assurance = Literal["passing", "failing", "hit_or_miss", "none"]
LimitsKind = Literal["trial", "fixed", "none"]
Laney = Literal["floored", "always", "never"]
"""floored: p′ and u′ as such, but never narrower than p and u; always: also narrower; never: p and u."""
NotJudged = Literal["few_points", "few_events"]
Estimator = Literal["default", "UWAVE-R", "UWAVE-SD", "MVLUE-R", "MVLUE-SD", "RMSDF"]


class RuleHit(NamedTuple):
    """One rule that fired on one point, and the side of the chart it points to.

    For `trend` the side is the direction (high: rising); for the others the side of the centre line.
    """

    rule: Rule
    side: Side


@dataclass(frozen=True, slots=True)
class Signal:
    """One stretch of points on which one rule fired, on one side.

    positions: those points in `ChartResult.points`, in time order; a ghosted point inside the stretch is not one.
    """

    rule: Rule
    side: Side
    positions: tuple[int, ...]

    @property
    def first(self) -> int:
        """The position it begins at."""
        return self.positions[0]

    @property
    def last(self) -> int:
        """The position it ends at, so far."""
        return self.positions[-1]

    @property
    def n_points(self) -> int:
        """How many points it holds."""
        return len(self.positions)


@dataclass(frozen=True, slots=True)
class Point:
    """One point as drawn. Every number is on the plotted scale; None means there is none (never NaN).

    value: None for a missing point. denominator: as given (p, u, i_prime), the subgroup size (xbar, s), or None.
    index: what the point was divided by before it was judged (season, days of the month); lines are drawn times it.
    lower_2sigma, upper_2sigma: the warning lines. phase: 0 for the first phase.
    is_ghosted: shown, left out of limits, rules and icons. is_immature: the same, and drawn hollow.
    in_baseline: the point took part in computing the limits of its phase.
    rules: every rule that fired. deciding_hit: the one that gave `point_class` (None: common cause).
    """

    period: str
    value: float | None
    denominator: float | None
    centre: float | None
    lower: float | None
    upper: float | None
    lower_2sigma: float | None
    upper_2sigma: float | None
    target: float | None
    index: float
    phase: int
    is_ghosted: bool
    is_immature: bool
    is_missing: bool
    in_baseline: bool
    rules: frozenset[RuleHit]
    deciding_hit: RuleHit | None
    point_class: PointClass


@dataclass(frozen=True, slots=True)
class Phase:
    """The calculation behind one phase. first and last are positions in `ChartResult.points`, inclusive.

    n_points: points with a value that are neither ghosted nor immature; n_baseline: those behind the limits, of which
    baseline_first and baseline_last are the outermost (positions; None without any).
    sigma: on the scale of the calculation, for a point of size 1 where the limits depend on the size.
    sigma_z: Laney's ratio of the observed to the expected variation (p, u and their primes), else None.
    mean_moving_range: as used, after screening. n_screened: moving ranges screening left out.
    screening_fell_back: screening would have left no variation, so the limits are unscreened.
    n_useful, longest_run, longest_run_max, n_crossings, n_crossings_min: Anhøj's runs analysis against the
    centre line; the max and min are the last values that are no signal.
    """

    index: int
    first: int
    last: int
    first_period: str
    last_period: str
    n_points: int
    n_baseline: int
    baseline_first: int | None
    baseline_last: int | None
    limits_kind: LimitsKind
    centre: float | None
    sigma: float | None
    sigma_z: float | None
    mean_moving_range: float | None
    n_screened: int
    screening_fell_back: bool
    n_useful: int
    longest_run: int
    longest_run_max: int | None
    n_crossings: int
    n_crossings_min: int | None

    @property
    def is_frozen(self) -> bool:
        """Whether limits from earlier points are continued over later ones."""
        return self.n_baseline < self.n_points


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named set of rules as data: every number, and who says so. The built-in ones are in `rule_sets`.

    shift: points in a row on one side of the centre (None: rule off). trend: points in a row, each beyond the one
    before, points counted. two_of_three: two of three points in a row, all three on one side of the centre;
    'beyond_counts': a point outside 3 sigma counts as beyond 2, 'between_only': it does not, 'off'.
    runs_analysis: Anhøj's longest run and crossings. across_phases: rules that look across a rebase.
    precedence: the first rule of it that fired on a point decides the point's class. tie: when that rule claims
    the point for both sides: the improving side, the worsening side, or the one that follows in time.
    trial_limits_below: limits from fewer points are trial limits. fewest_points_per_phase: to rebase.
    target_on_limit: a target exactly on a limit 'decides' (passing or failing) or is 'hit_or_miss'.
    """

    name: str
    source: str
    outside: bool
    shift: int | None
    trend: int | None
    two_of_three: Literal["beyond_counts", "between_only", "off"]
    runs_analysis: bool
    across_phases: frozenset[Rule]
    precedence: tuple[Rule, ...]
    tie: Literal["improvement", "concern", "following"]
    screen_moving_ranges: bool
    fewest_points_for_icons: int
    trial_limits_below: int
    fewest_points_per_phase: int
    target_on_limit: Literal["decides", "hit_or_miss"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A statistical constant that was used: its name, value and source, for print."""

    name: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Onset:
    """When the change behind the variation icon most likely began, as one lasting step (`chance.onset`).

    position: the first point of the new level; earliest, latest: the 95 % interval, positions too. n_points: the points
    between, so many as a month is uncertain. before, after: the two levels on the drawn scale, at an ordinary point.
    """

    position: int
    earliest: int
    latest: int
    n_points: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class TargetShare:
    """The share of points (0 to 1) expected to meet the target while nothing changes, with its 95 % interval.

    is_since_change: from the level since the onset, else that of the baseline; n_points: the points of that level.
    """

    share: float
    lower: float
    upper: float
    is_since_change: bool
    n_points: int


@dataclass(frozen=True, slots=True)
class LaneyChoice:
    """How a p′ or u′ chart was drawn. as_asked, no_sigma_z: as the plain chart, because that was asked for or sigma z
    cannot be computed; primed: with limits times sigma z; floored: sigma z is below 1, and limits are never narrowed.

    plain: the chart without the prime. sigma_z and chance: by phase, with the range that chance alone gives.
    """

    outcome: Literal["as_asked", "no_sigma_z", "primed", "floored"]
    plain: Chart
    sigma_z: tuple[float, ...] = ()
    chance: tuple[tuple[float, float], ...] = ()


WarningKind = Literal[
    "trial_limits", "no_limits", "no_variation", "ranges_screened", "screening_fell_back", "points_missing",
    "periods_absent", "points_ghosted", "points_immature", "varies_more", "varies_less", "few_events",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChartWarning:
    """What a careful reader must know before believing a chart. phase: its number from 1 where there are several.

    count: of the points, periods or moving ranges it is about. sigma_z and bound: of a chart that varies more or less
    than chance gives; instead: the chart whose limits would follow that variation.
    """

    kind: WarningKind
    count: int = 0
    phase: int | None = None
    sigma_z: float | None = None
    bound: float | None = None
    instead: Chart | None = None


@dataclass(frozen=True, slots=True)
class ChartResult:
    """One evaluated series. Chart, table, icons and sentences all read this one object.

    chart: as drawn; requested_chart: as asked for; laney: of a p′ or u′ chart, how it was drawn.
    variation, assurance, limits_kind: see the design; limits_kind is that of the last phase.
    frozen_points: of each phase only so many first points set the limits; None where all do.
    n_points: points that count (not missing, ghosted or immature). sigma_z: of the last phase.
    onset: when the change behind the variation icon began; None without a signal, for a trend, and where there is no
    step to the signal's side. A run's start is no onset.
    target_share: None without target, direction, limits or icon. warnings: what to say under the chart, as records.
    No field is a sentence: `report.words.chart_verdicts` makes them.
    not_judged: why the variation icon is empty; None when it is not.
    decided_at: position of the point the variation icon was taken from; None when there is none.
    deciding_signal: the stretch behind the variation icon; None for common cause and empty.
    signals: every stretch on which a rule fired, in time order.
    """

    chart: Chart
    requested_chart: Chart
    laney: LaneyChoice | None
    better: Better
    scale: Scale
    points: tuple[Point, ...]
    phases: tuple[Phase, ...]
    variation: Variation
    assurance: Assurance
    limits_kind: LimitsKind
    n_points: int
    frozen_points: int | None
    sigma_z: float | None
    moving_ranges_screened: bool
    constants: tuple[Constant, ...]
    warnings: tuple[ChartWarning, ...]
    not_judged: NotJudged | None
    decided_at: int | None
    deciding_signal: Signal | None
    onset: Onset | None
    target_share: TargetShare | None
    signals: tuple[Signal, ...]
    rule_set: RuleSet
