"""Words: a rule set in sentences, and what fired in one clause. Numbers come from the rule set and the result only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_pipeline.core.language import one_or_many
from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.periods import period_in_words
from kpi_pipeline.signals.reading.runs import RunsAnalysis
from kpi_pipeline.signals.types import Assurance, Onset, Rule, RuleSet, Signal

RULE_NAMES: dict[Rule, str] = {
    "outside": "outside the limits",
    "shift": "shift",
    "trend": "trend",
    "two_of_three": "two of three",
    "long_run": "long run",
    "few_crossings": "few crossings",
}

MEDIAN_CHARTS = frozenset({"run", "g"})


def centre_name(chart: str) -> str:
    """What the centre line is called."""
    return "median" if chart in MEDIAN_CHARTS else "mean"


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


def signal_in_words(
    signal: Signal, labels: Sequence[str], chart: str, *, monthly: bool, runs: RunsAnalysis | None = None
) -> str:
    """What fired: '6 points below the mean'. No date: a run does not begin where a change does (`Onset`)."""
    side = "above" if signal.side == "high" else "below"
    limit = "upper" if signal.side == "high" else "lower"
    n = signal.n_points
    if signal.rule == "outside" and n == 1:
        first = period_in_words(labels[signal.first], monthly=monthly)
        return f"1 point {side} the {limit} limit {'in' if monthly else 'at'} {first}"
    if signal.rule == "outside":
        return f"{n} points in a row {side} the {limit} limit"
    if signal.rule == "shift":
        return f"{n} points in a row {side} the {centre_name(chart)}"
    if signal.rule == "trend":
        rising = "rising" if signal.side == "high" else "falling"
        return f"{n} points {rising} without a break"
    if signal.rule == "two_of_three":
        of = "2 of 3 points" if n == 2 else f"{n} points"
        return f"{of} close to or beyond the {limit} limit"
    if signal.rule == "long_run":
        return f"a run of {n} points {side} the {centre_name(chart)}"
    if runs is None:
        return f"the {centre_name(chart)} is crossed less often than chance allows"
    return (
        f"the {centre_name(chart)} is crossed {runs.n_crossings} times where chance gives at least "
        f"{runs.n_crossings_min}; the last {n} points are {side} it"
    )


def onset_in_words(onset: Onset, labels: Sequence[str], *, monthly: bool) -> str:
    """When the change began: 'most likely from March 2026 on, between February 2026 and May 2026 (95 %)'."""
    first, earliest, latest = (
        period_in_words(labels[at], monthly=monthly) for at in (onset.position, onset.earliest, onset.latest)
    )
    if onset.earliest == onset.latest:
        return f"most likely from {first} on"
    return f"most likely from {first} on, between {earliest} and {latest} (95 %)"


def assurance_in_words(
    assurance: Assurance, target: float, lower: float, upper: float, better: Better, *, monthly: bool
) -> str:
    """Why the assurance icon is what it is. Numbers to four figures, on the plotted scale."""
    points = "months" if monthly else "points"
    point = one_or_many(1, points)
    if assurance == "hit_or_miss":
        between = f"lies between the limits {lower:.4g} and {upper:.4g}"
        return f"the target {target:.4g} {between}: single {points} meet or miss it by chance"
    is_high = target > (lower + upper) / 2
    beyond = f"above the upper limit {upper:.4g}" if is_high else f"below the lower limit {lower:.4g}"
    meets = f"nearly every {point} meets it" if assurance == "passing" else f"hardly any {point} meets it"
    return f"the target {target:.4g} lies at or {beyond}, and {better} is better: {meets}"
