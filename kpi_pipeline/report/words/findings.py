"""The month as a whole in words: page 1's finding and the count of measures behind it.

Deterministic, from the strongest signals; licensed by the same statistics as `words.sentences`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.language import format_number, one_or_many, verb_for
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.agenda import tell_once
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.numbers import capitalised, small_count_words
from kpi_pipeline.report.words.phrases import LACK_WORDS, is_plural, mid_sentence
from kpi_pipeline.report.words.sentences import direction_words, failing_heading
from kpi_pipeline.signals import FalseSignals, run_as_rare

LONGEST_TITLE = 96
"""Letters that fit on two lines of page 1's heading."""


def finding_title(headlines: Sequence[Measure]) -> str:
    """Page 1's finding, from the strongest signals among the headline measures; shorter when names are long."""
    improved = [one for one in headlines if one.state == "improvement"]
    concerns = [one for one in headlines if one.state == "concern"]
    failing = [one for one in headlines if one.keeps_failing and not one.has_signal]
    if not improved and not concerns:
        return _title_without_signal(headlines, failing)
    for named in (True, False):
        parts = [_improved_part(improved, named)] if improved else []
        if concerns:
            parts.append(_attention_part(concerns, named, after=bool(parts)))
        elif failing:
            parts.append(_failing_part(failing, named, after=bool(parts)))
        title = capitalised("; ".join(parts))
        if len(title) <= LONGEST_TITLE:
            return title
    return title


def _title_without_signal(headlines: Sequence[Measure], failing: Sequence[Measure]) -> str:
    judged = [one for one in headlines if not one.lack]
    if not judged:
        lacks = {one.lack for one in headlines if one.lack}
        lack = LACK_WORDS[lacks.pop()] if len(lacks) == 1 else "too few figures"
        return f"There are {lack} yet to tell change from routine variation"
    unchanged = f"{_none_of(judged, headlines, 'headline measures')} changed beyond routine variation this month"
    if neutral := [one for one in judged if one.state == "neither"]:
        unchanged = _neutral_part(neutral)
    return f"{unchanged}; {_failing_part(failing, False, after=True)}" if failing else unchanged


def _improved_part(measures: Sequence[Measure], named: bool) -> str:
    if not named and len(measures) > 1:
        return f"{small_count_words(len(measures))} measures changed in the wanted direction"
    groups: dict[str, list[Measure]] = {}
    for one in sorted(measures, key=lambda one: one.is_high):
        groups.setdefault(direction_words(one, plural=True), []).append(one)
    clauses = [f"{_subjects(group)} {direction_words(group[0], plural=_is_plural(group))}" for group in groups.values()]
    return join_words(clauses)


def _attention_part(measures: Sequence[Measure], named: bool, *, after: bool) -> str:
    if not named and len(measures) > 1:
        return f"{small_count_words(len(measures))} {'' if after else 'measures '}need attention"
    return f"{_subjects(measures)} {'need' if _is_plural(measures) else 'needs'} attention"


def _failing_part(measures: Sequence[Measure], named: bool, *, after: bool) -> str:
    if named and len(measures) == 1:
        return mid_sentence(failing_heading(measures[0]))
    if len(measures) == 1:
        return f"one {'' if after else 'measure '}keeps missing its target"
    return f"{small_count_words(len(measures))} {'' if after else 'measures '}keep missing their targets"


def _subjects(measures: Sequence[Measure]) -> str:
    return join_words([mid_sentence(one.metric.headline_title) for one in measures])


def _is_plural(measures: Sequence[Measure]) -> bool:
    return len(measures) > 1 or is_plural(measures[0].metric.headline_title)


def scorecard_title(measures: Sequence[Measure]) -> str:
    """The scorecard's finding: how many measures changed which way, and how many keep missing their targets.

    A change that several measures show is counted once (`judgement.agenda.tell_once`).
    """
    told = tell_once(measures)
    improved = sum(one.state == "improvement" for one in told)
    concerns = sum(one.state == "concern" for one in told)
    failing = sum(one.keeps_failing for one in told)
    parts: list[tuple[int, str]] = []
    if improved:
        parts.append((improved, verb_for(improved, "is improving", "are improving")))
    if concerns:
        parts.append((concerns, verb_for(concerns, "needs attention", "need attention")))
    if failing:
        parts.append((failing, verb_for(failing, "keeps missing its target", "keep missing their targets")))
    said = [
        f"{small_count_words(count)} {one_or_many(count, 'measures') + ' ' if at == 0 else ''}{words}"
        for at, (count, words) in enumerate(parts)
    ]
    if not improved and not concerns:
        judged = [one for one in measures if not one.lack]
        neutral = sum(one.state == "neither" for one in measures)
        unchanged = f"{mid_sentence(_none_of(judged, measures, 'measures'))} changed beyond routine variation"
        if neutral:
            changed = f"{small_count_words(neutral)} {one_or_many(neutral, 'measures')} changed"
            unchanged = f"{changed}, neither good nor bad in {verb_for(neutral, 'itself', 'themselves')}"
        said.insert(0, unchanged if judged else "no measure can be judged yet")
    return capitalised(join_words(said))


def _neutral_part(measures: Sequence[Measure]) -> str:
    """Headline measures that changed without being good or bad; nothing else did."""
    n, themselves = len(measures), verb_for(len(measures), "itself", "themselves")
    return f"{capitalised(small_count_words(n))} changed, neither good nor bad in {themselves}; nothing else did"


def _none_of(judged: Sequence[Measure], every: Sequence[Measure], noun: str) -> str:
    """`No measure`, or, where some are not judged, `none of the three measures that can be judged`."""
    if len(judged) == len(every):
        return f"No {one_or_many(1, noun)}"
    if len(judged) == 1:
        return f"The one {one_or_many(1, noun)} that can be judged has not"
    return f"None of the {small_count_words(len(judged))} {noun} that can be judged"


def no_improvement_words(measures: Sequence[Measure]) -> str:
    """What is said where nothing improved: of the measures that were judged, and only of them."""
    judged = [one for one in measures if not one.lack]
    if not judged:
        return "No measure can be judged yet, so none is said to have improved."
    who = mid_sentence(_none_of(judged, measures, "measures"))
    return f"No evidence of improvement: {who} left routine variation in the wanted direction."


def no_attention_words(measures: Sequence[Measure]) -> str:
    """What is said where nothing needs attention: of the measures that were judged, and only of them."""
    judged = [one for one in measures if not one.lack]
    if not judged:
        return "No measure can be judged yet, so none is said to be in order."
    who = _none_of(judged, measures, "measures")
    return f"{who} left routine variation in the unwanted direction; none keeps missing its target."


def further_measures_words(n: int) -> str:
    """Where the measures are that are not on the scorecard."""
    further = f"{capitalised(small_count_words(n))} further {one_or_many(n, 'measures')}"
    return f"{further} {verb_for(n, 'stands', 'stand')} in the annex alone, each with its chart."


def issue_words(number: int | None) -> str:
    """How the issue is named: `Issue 3`; `Draft` until it is issued, when numbers are given."""
    return "Draft" if number is None else f"Issue {number}"


def summary_sentence(measures: Sequence[Measure]) -> str:
    """How many measures show what, in one or two sentences; every measure is counted once by its signal.

    Where several measures show one change, both numbers are said.
    """
    total, told = len(measures), tell_once(measures)

    def having(state: str) -> int:
        return sum(one.state == state for one in measures)

    def changed(state: str, how: str) -> tuple[int, str]:
        n, changes = having(state), sum(one.state == state for one in told)
        if changes == n:
            return n, f"changed {how}"
        return n, f"show {small_count_words(changes)} {one_or_many(changes, 'changes')} {how}"

    unsupplied = sum(not one.is_supplied for one in measures)
    neither, common = having("neither"), having("common_cause")
    lacks = [one.lack for one in measures if one.lack]
    lacking = {lack: lacks.count(lack) for lack in LACK_WORDS if lack != "no_data"}
    parts = [
        changed("improvement", "in the wanted direction"),
        changed("concern", "in the unwanted direction"),
        (neither, f"changed without being good or bad in {verb_for(neither, 'itself', 'themselves')}"),
        (common, f"{verb_for(common, 'shows', 'show')} no evidence of change"),
        *((n, f"{verb_for(n, 'has', 'have')} {LACK_WORDS[lack]} to judge") for lack, n in lacking.items()),
        (unsupplied, f"{verb_for(unsupplied, 'has', 'have')} no data"),
    ]
    said = join_words([f"{small_count_words(n)} {words}" for n, words in parts if n])
    text = f"Of {small_count_words(total)} {one_or_many(total, 'measures')}, {said}."
    if failing := sum(one.keeps_failing for one in measures):
        keeps = verb_for(failing, "keeps missing its target", "keep missing their targets")
        text += f" {capitalised(small_count_words(failing))} {keeps}."
    return text


FEW_ALIKE = 0.1
"""Below this autocorrelation a run is hardly likelier than in independent months."""


def resemblance_sentence(measure: Measure, expected: FalseSignals | None) -> str | None:
    """That the run behind a signal is weaker evidence, where months resemble each other and it is no longer than the
    rule asks; None elsewhere."""
    signal = measure.result.deciding_signal if measure.result else None
    rule = measure.result.rule_set.shift if measure.result else None
    if expected is None or rule is None or signal is None or signal.rule != "shift":
        return None
    rho = expected.pattern.autocorrelation
    needed = run_as_rare(rule, rho)
    if rho < FEW_ALIKE or signal.n_points >= needed:
        return None
    return (
        f"Neighboring months resemble each other here (autocorrelation {format_number(rho, 2)}), so runs come by "
        f"chance more often: one of {small_count_words(needed)} months would be as rare as one of "
        f"{small_count_words(rule)} is elsewhere."
    )


def false_signal_sentence(expected: FalseSignals | None) -> str | None:
    """How often chance alone would color an icon of these charts; None when none of them can have one."""
    if expected is None:
        return None
    share, a_year = (format_number(100 * one) for one in (expected.chance_of_any_icon, expected.chance_a_year))
    charts = f"{small_count_words(expected.n_charts)} {one_or_many(expected.n_charts, 'charts')}"
    return (
        f"Even if nothing had changed, chance alone would color an icon in about {share} of 100 reports with {charts}, "
        f"and in at least one of a year's reports in about {a_year} of 100 years (rule set {expected.rule_set}; a "
        f"simulation of stable months that resemble each other and follow the season as ours do)."
    )
