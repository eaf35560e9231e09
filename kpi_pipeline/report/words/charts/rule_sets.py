"""A rule set in sentences: every number comes from the set (`signals.reading.rule_sets`), none is written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kpi_pipeline.signals.types import Rule, RuleSet

RULE_NAMES: dict[Rule, str] = {
    "outside": "outside the limits",
    "shift": "shift",
    "trend": "trend",
    "two_of_three": "two of three",
    "long_run": "long run",
    "few_crossings": "few crossings",
}


@dataclass(frozen=True, slots=True)
class RuleSetWords:
    """A rule set for print. rules: what makes a signal, each with its name; notes: how they are read, sentences."""

    rules: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def describe_rule_set(rules: RuleSet) -> RuleSetWords:
    """A rule set in words with its numbers."""
    said = []
    across = [RULE_NAMES[rule] for rule in rules.precedence if rule in rules.across_phases]
    only = f"only the {' and '.join(across)} rule looks" if across else "no rule looks"
    said.append(f"A missing month ends a run, and {only} across a rebase.")
    order = ", then ".join(RULE_NAMES[rule] for rule in _active(rules))
    said.append(f"When rules disagree about a point, the first of these decides: {order}.")
    if rules.trend:
        ties = {
            "improvement": "the improving side is taken",
            "concern": "the worsening side is taken",
            "following": "the direction that follows is taken",
        }
        said.append(f"When one rule claims a point for both sides, {ties[rules.tie]}.")
    screened = "are left out once" if rules.screen_moving_ranges else "are kept"
    said.append(f"Moving ranges of 3.267 times their mean and more {screened}.")
    said.append(_icon_sentence(rules))
    decides = "counts as reached or missed for good" if rules.target_on_limit == "decides" else "is hit or miss"
    said.append(f"A target exactly on a limit {decides}.")
    return RuleSetWords(tuple(_rules_in_words(rules)), tuple(said))


def _active(rules: RuleSet) -> list[Rule]:
    on = {
        "outside": rules.outside,
        "shift": bool(rules.shift),
        "trend": bool(rules.trend),
        "two_of_three": rules.two_of_three != "off",
        "long_run": rules.runs_analysis,
        "few_crossings": rules.runs_analysis,
    }
    return [rule for rule in rules.precedence if on[rule]]


def _rules_in_words(rules: RuleSet) -> Iterator[tuple[str, str]]:
    if rules.outside:
        yield "Outside", "A point beyond the 3-sigma limits."
    if rules.shift:
        yield "Shift", f"{rules.shift} or more points in a row on one side of the mean; one on it ends the run."
    if rules.trend:
        yield "Trend", f"{rules.trend} or more points in a row, each above, or each below, the one before."
    if rules.two_of_three != "off":
        counts = "counts" if rules.two_of_three == "beyond_counts" else "does not count"
        yield (
            "Two of three",
            f"Two of three points in a row beyond 2 sigma (one beyond 3 sigma {counts}), "
            "all three on one side of the mean.",
        )
    if rules.runs_analysis:
        yield (
            "Runs",
            "The longest run of points on one side of the line exceeds round(log2 n) + 3, or the line is crossed "
            "fewer times than the 5 % quantile of Binomial(n - 1, 1/2); points on the line are skipped.",
        )


def _icon_sentence(rules: RuleSet) -> str:
    trial = f"limits from fewer than {rules.trial_limits_below} points are trial limits"
    if rules.fewest_points_for_icons:
        return f"Icons need {rules.fewest_points_for_icons} points and read the last mature point; {trial}."
    return f"Icons read the last mature point; {trial}."
