"""The built-in rule sets: each number of each set in one place, with its source. The rules are in `rules`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.types import RuleSet

FROZEN_2026 = RuleSet(
    name="frozen-2026",
    source="this program's own, for limits frozen at the first 24 final months; chosen by simulation (docs/signals.md)",
    outside=True,
    shift=8,
    trend=7,
    two_of_three="beyond_counts",
    runs_analysis=False,
    across_phases=frozenset(),
    precedence=("shift", "two_of_three", "outside", "trend"),
    tie="following",
    screen_moving_ranges=False,
    fewest_points_for_icons=13,
    trial_limits_below=24,
    fewest_points_per_phase=12,
    target_on_limit="decides",
)
"""Against a frozen baseline a run of six colours 5.6 % of stable icons, a run of eight 2.5 %. Where a series lies
outranks where it is heading: a fall back from far above the mean is no improvement yet."""

NHS_2024 = RuleSet(
    name="nhs-2024",
    source="NHS England, Making Data Count: SPC rules of the 2024 tools and SQL (v2.6)",
    outside=True,
    shift=6,
    trend=6,
    two_of_three="beyond_counts",
    runs_analysis=False,
    across_phases=frozenset({"trend"}),
    precedence=("trend", "shift", "two_of_three", "outside"),
    tie="improvement",
    screen_moving_ranges=False,
    fewest_points_for_icons=13,
    trial_limits_below=13,
    fewest_points_per_phase=12,
    target_on_limit="decides",
)

NHS_CLASSIC = RuleSet(
    name="nhs-classic",
    source="NHS England and NHS Improvement, Making Data Count (2018-2023), as in NHSRplotthedots 0.2.2",
    outside=True,
    shift=7,
    trend=7,
    two_of_three="between_only",
    runs_analysis=False,
    across_phases=frozenset(),
    precedence=("outside", "trend", "two_of_three", "shift"),
    tie="following",
    screen_moving_ranges=True,
    fewest_points_for_icons=0,
    trial_limits_below=13,
    fewest_points_per_phase=12,
    target_on_limit="hit_or_miss",
)

IHI = RuleSet(
    name="ihi",
    source="Provost & Murray, The Health Care Data Guide; Institute for Healthcare Improvement",
    outside=True,
    shift=8,
    trend=6,
    two_of_three="beyond_counts",
    runs_analysis=False,
    across_phases=frozenset(),
    precedence=("outside", "trend", "two_of_three", "shift"),
    tie="following",
    screen_moving_ranges=False,
    fewest_points_for_icons=12,
    trial_limits_below=13,
    fewest_points_per_phase=12,
    target_on_limit="hit_or_miss",
)

ANHOEJ = RuleSet(
    name="anhoej",
    source="Anhøj & Olesen, PLoS ONE 9(11) 2014; Anhøj & Wentzel-Larsen, BMC Med Res Methodol 18 (2018)",
    outside=False,
    shift=None,
    trend=None,
    two_of_three="off",
    runs_analysis=True,
    across_phases=frozenset(),
    precedence=("outside", "long_run", "few_crossings"),
    tie="following",
    screen_moving_ranges=False,
    fewest_points_for_icons=10,
    trial_limits_below=13,
    fewest_points_per_phase=10,
    target_on_limit="hit_or_miss",
)

RULE_SETS = {rule_set.name: rule_set for rule_set in (FROZEN_2026, NHS_2024, NHS_CLASSIC, IHI, ANHOEJ)}


def find_rule_set(rules: str | RuleSet, **changes: Any) -> RuleSet:
    """The rule set of that name, or the given one, with single numbers changed (and the name marked '+').

    >>> find_rule_set("anhoej", outside=True).name
    'anhoej+'
    """
    if isinstance(rules, str):
        if rules not in RULE_SETS:
            known = ", ".join(sorted(RULE_SETS))
            raise InputError(Fault("rules", f"no rule set is called {rules!r}.", f"Use one of {known}, or a RuleSet."))
        rules = RULE_SETS[rules]
    return replace(rules, name=f"{rules.name}+", **changes) if changes else rules
