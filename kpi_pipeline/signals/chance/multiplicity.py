"""How many false signals an issue with many charts must expect: printed, so that one coloured icon is read as such.

The rates come from a simulation of stable series (`false_signal_table`, with its provenance); they hold for
independent months. Seasonal or autocorrelated measures give more (docs/signals.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.chance.false_signal_table import FALSE_SIGNALS, PROVENANCE
from kpi_pipeline.signals.reading.rule_sets import find_rule_set
from kpi_pipeline.signals.types import RuleSet


@dataclass(frozen=True, slots=True)
class FalseSignals:
    """What chance alone gives. icons: expected coloured icons; flagged_charts: charts with a flag on any point.

    chance_of_any_icon: the probability that at least one icon is coloured by chance.
    """

    n_charts: int
    rule_set: str
    icons: float
    flagged_charts: float
    chance_of_any_icon: float
    provenance: str

    @property
    def sentence(self) -> str:
        """For print under a scorecard."""
        charts = "1 chart" if self.n_charts == 1 else f"{self.n_charts} charts"
        return (
            f"If nothing had changed in any of the {charts}, chance alone would still colour about {self.icons:.1f} "
            f"icons and mark some point in about {self.flagged_charts:.0f} of them (rule set {self.rule_set})."
        )


def expected_false_signals(n_points: Sequence[int], *, rules: str | RuleSet = "nhs-2024") -> FalseSignals:
    """The false signals to expect of stable charts with these numbers of points, one entry a chart.

    A chart with too few points for an icon has none. Between the simulated lengths rates are interpolated; beyond the
    longest the icon rate stays as it is and flags accumulate at its rate. Raises InputError for a rule set that was
    not simulated.
    """
    rule_set = find_rule_set(rules)
    if rule_set.name not in FALSE_SIGNALS:
        simulated = ", ".join(FALSE_SIGNALS)
        raise InputError(Fault("rules", f"{rule_set.name} has not been simulated.", f"Use one of {simulated}."))
    rates = [_rates(n, rule_set) for n in n_points]
    none_coloured = 1.0
    for _, icon in rates:
        none_coloured *= 1 - icon
    return FalseSignals(
        n_charts=len(rates),
        rule_set=rule_set.name,
        icons=sum(icon for _, icon in rates),
        flagged_charts=sum(flagged for flagged, _ in rates),
        chance_of_any_icon=1 - none_coloured,
        provenance=PROVENANCE,
    )


def _rates(n: int, rule_set: RuleSet) -> tuple[float, float]:
    """Share with any flag, share with a coloured icon, for a chart of n points."""
    table = FALSE_SIGNALS[rule_set.name]
    lengths = sorted(table)
    if n < lengths[0]:  # fewer points than simulated: flags in proportion, icons only if the rule set gives any
        flagged, icon = table[lengths[0]]
        return flagged * max(n, 0) / lengths[0], icon if n >= max(rule_set.fewest_points_for_icons, 1) else 0.0
    if n >= lengths[-1]:
        flagged, icon = table[lengths[-1]]
        return 1 - (1 - flagged) ** (n / lengths[-1]), icon
    upper = next(length for length in lengths if length > n)
    lower = lengths[lengths.index(upper) - 1]
    weight = (n - lower) / (upper - lower)
    (flagged_lower, icon_lower), (flagged_upper, icon_upper) = table[lower], table[upper]
    return (
        flagged_lower + weight * (flagged_upper - flagged_lower),
        icon_lower + weight * (icon_upper - icon_lower),
    )
