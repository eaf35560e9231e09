"""Sentences about the effect of an initiative, as its estimate licenses: none is claimed whose interval holds zero.

Here are the verdict, how sure it is, and the warnings. Not here: the estimate (`improvement/`), the page
(`build_improvement`).
"""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.language import format_number, one_or_many, verb_for
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.improvement.effects.analysed_months import FEWEST_MONTHS
from kpi_pipeline.improvement.effects.effect_result import EffectResult, Effects, Verdict
from kpi_pipeline.improvement.effects.extreme_start import COMPARED_MONTHS, ExtremeStart
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_value, small_count_words
from kpi_pipeline.report.words.phrases import subject

VERDICT_WORDS: dict[Verdict, str] = {
    "improvement": "an improvement",
    "worsening": "a change for the worse",
    "change": "a change",
    "no_evidence": "no evidence of an effect",
    "control_only": "a difference from the control only, which itself changed",
    "too_early": "too early to judge",
    "not_estimable": "cannot be judged",
}

_SHOWS: dict[Verdict, tuple[str, str]] = {
    "improvement": ("shows an improvement", "show an improvement"),
    "worsening": ("shows a change for the worse", "show a change for the worse"),
    "change": ("shows a change", "show a change"),
    "no_evidence": ("shows no evidence of an effect", "show no evidence of an effect"),
    "control_only": ("differs only from a control that itself changed", "differ only from controls that changed"),
    "too_early": ("is too early to judge", "are too early to judge"),
    "not_estimable": ("cannot be judged", "cannot be judged"),
}


def programme_title(titles: Sequence[str], verdicts: Sequence[Verdict | None], *, n_planned: int) -> str:
    """The finding of the page: how many initiatives show what. A verdict of None: it cannot be judged here."""
    known: list[Verdict] = [verdict or "not_estimable" for verdict in verdicts]
    if len(titles) == 1:
        return f"{titles[0]}: {VERDICT_WORDS[known[0]] if known else 'not begun yet'}"
    parts = []
    for verdict, (one, many) in _SHOWS.items():
        count = known.count(verdict)
        if count:
            parts.append(f"{small_count_words(count)} {verb_for(count, one, many)}")
    if n_planned:
        parts.append(f"{small_count_words(n_planned)} {verb_for(n_planned, 'has', 'have')} not begun")
    return f"{capitalised(small_count_words(len(titles)))} initiatives: {join_words(parts)}"


def effect_sentence(result: EffectResult, metric: Metric, place: str) -> str:
    """What the estimate licenses: the effect with its interval, no evidence of one, or why there is no number."""
    if result.effects is None:
        return f"{subject(metric.title)} {place}: {_refusal_sentence(result)}"
    average = result.effects.average_effect
    side = "lower" if average.value < 0 else "higher"
    size = format_difference(average.value, metric)
    what = f"{subject(metric.title)} {place}"
    span = f"over {format_number(result.n_after)} months since {result.first_counted_month.name}"
    if result.verdict == "no_evidence":
        return (
            f"There is no evidence of an effect on {what[:1].lower() + what[1:]}: {span} it is on average {size} "
            f"{side} than expected without the initiative (95% interval {_interval(average, metric)})."
        )
    if result.verdict == "control_only" and result.alone is not None:
        alone = result.alone
        return (
            f"{what} is on average {size} {side} than expected from its control, {span} (95% interval "
            f"{_interval(average, metric)}), but the control changed and the measure by itself did not: it is "
            f"{format_difference(alone.value, metric)} {'lower' if alone.value < 0 else 'higher'} than its own months "
            f"before let expect ({_interval(alone, metric)}). No effect is claimed."
        )
    return (
        f"{what} is on average {size} {side} than expected without the initiative, {span} "
        f"(95% interval {_interval(average, metric)}): {VERDICT_WORDS[result.verdict]}."
    )


def power_sentence(effects: Effects | None, metric: Metric, *, is_seen: bool) -> str:
    """What these months could have shown; nothing where an effect was seen or there is no estimate."""
    if effects is None or is_seen:
        return ""
    power = effects.power
    if power.worthwhile_effect is None:
        return (
            f"These months would probably show an effect of {format_difference(power.smallest_visible_effect, metric)} "
            "or more; no smallest effect worth seeing is declared."
        )
    worthwhile = format_difference(power.worthwhile_effect, metric)
    if power.months_needed is None:
        return f"An effect of {worthwhile} could not be seen even with {power.horizon_months} more months."
    if power.months_needed == 0:
        return f"An effect of {worthwhile}, the smallest worth seeing, would probably have shown in these months."
    months = f"{format_number(power.months_needed)} more {one_or_many(power.months_needed, 'months')}"
    are = verb_for(power.months_needed, "is", "are")
    return f"About {months} {are} needed to see {worthwhile}, the smallest effect worth seeing."


def caution_sentences(result: EffectResult, metric: Metric) -> tuple[str, ...]:
    """The warnings that go with an estimate, each once. Whether it was declared beforehand is said elsewhere."""
    said = []
    if result.extreme_start is not None:
        said.append(_extreme_sentence(result.extreme_start, metric))
    if "control_changed" in result.cautions and result.placebo is not None:
        placebo = result.placebo
        side = "higher" if placebo.value > 0 else "lower"
        said.append(
            f"The control, where nothing was done, was itself {format_difference(placebo.value, metric)} {side} than "
            f"expected (95% interval {_interval(placebo, metric)}): part of the difference is its change."
        )
    if "months_missing" in result.cautions:
        missing = f"{format_number(result.n_missing)} {one_or_many(result.n_missing, 'months')}"
        said.append(f"Without a value: {missing} between the first and the last.")
    if "strong_autocorrelation" in result.cautions:
        said.append("Neighboring months resemble each other strongly: the interval may be somewhat too narrow.")
    if "long_forecast" in result.cautions:
        said.append("What was expected is drawn further ahead than the months before the start reach back.")
    return tuple(said)


def format_difference(value: float, metric: Metric) -> str:
    """The size of a difference: `0.41 days`, `1.2 percentage points`, `$310`."""
    if metric.unit == "percent":
        return f"{format_number(abs(value), metric.decimals)} percentage points"
    return format_value(abs(value), metric)


def _interval(effect: Estimate, metric: Metric) -> str:
    """Both ends; where zero lies between them each with its side."""
    low, high = (format_difference(end, metric) for end in sorted((effect.lower, effect.upper), key=abs))
    if effect.excludes_zero:
        return f"{low.removesuffix(f' {metric.unit}').removesuffix(' percentage points')} to {high}"
    lower, upper = format_difference(effect.lower, metric), format_difference(effect.upper, metric)
    return f"{lower} lower to {upper} higher"


def _refusal_sentence(result: EffectResult) -> str:
    sentences = []
    if "few_months_before" in result.obstacles:
        sentences.append(
            f"it cannot be judged: {format_number(result.n_before)} of the {FEWEST_MONTHS} months needed before the "
            "start have final values."
        )
    if "no_variation" in result.obstacles:
        sentences.append("it cannot be judged: the months do not vary, so there is no scatter to compare with.")
    if "few_months_after" in result.obstacles:
        lacking = result.months_lacking_after
        more = f"{format_number(lacking)} more {one_or_many(lacking, 'months')}"
        sentences.append(
            f"too early to judge: {format_number(result.n_after)} of {FEWEST_MONTHS} final months after the start; "
            f"{more} at least {verb_for(lacking, 'is', 'are')} needed."
        )
    if "season_not_separable" in result.obstacles:
        sentences.append(
            "too early to judge: the months there are do not tell the season declared for the analysis from the effect."
        )
    return " ".join([sentences[0], *(capitalised(sentence) for sentence in sentences[1:])])


def _extreme_sentence(extreme: ExtremeStart, metric: Metric) -> str:
    """The regression-to-the-mean warning."""
    value = format_bare(extreme.value, metric)
    if extreme.kind == "outside_limits":
        how = f"lay {'above' if extreme.side == 'high' else 'below'} the limits of the months before it"
    else:
        how = f"was the {'highest' if extreme.side == 'high' else 'lowest'} of {small_count_words(COMPARED_MONTHS)}"
    return (
        f"Regression to the mean: the last month before the start, {extreme.month.name} ({value}), {how}. After such a "
        "month values come back by themselves, which would look like an improvement."
    )
