"""The words of single things: a measure's name in a sentence, a count, a target, how final a figure is, an icon.

Not here: digits and units (`words.numbers`), whole sentences about a measure (`words.sentences`).
"""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.language import format_count, format_number, one_or_many, verb_for
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.judged import Scope
from kpi_pipeline.judgement.measures import Lack, Measure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import MISSING, format_bare, format_value, small_count_words, unit_words
from kpi_pipeline.report.words.reasons import missing_words, reason_words

LACK_WORDS: dict[Lack, str] = {
    "no_data": "no data",
    "few_months": "too few months",
    "few_cases": "too few cases a month",
    "few_events": "too few events a month",
    "withheld": "too many months withheld",
}
"""What is lacking where a measure is not judged; `to judge` follows."""

WITHHELD = "withheld"
"""Printed for a small count, and for one that would give a small one away: which of the two it is stays hidden."""

_PREPOSITIONS = {"per", "of", "within", "in", "on", "to", "with", "after", "before", "by", "for", "from"}

ALL_HOSPITALS = "all hospitals"


def scope_words(scope: Scope) -> str:
    """Where the report's figures are from: the hospital, where there is one, or all of them."""
    only = list(scope.facility_names.values()) if len(scope.facility_names) == 1 else []
    return scope.place or (only[0] if only and only[0] else ALL_HOSPITALS)


def subject(title: str) -> str:
    """A measure's title as the subject of a sentence: what stands after a comma goes into brackets."""
    name, _, rest = title.partition(", ")
    return f"{name} ({rest})" if rest else title


def mid_sentence(title: str) -> str:
    """A subject inside a sentence: first letter small, unless the word is an abbreviation (`DRG`)."""
    title = subject(title)
    first = title.split(" ")[0]
    return title if any(letter.isupper() for letter in first[1:]) else title[:1].lower() + title[1:]


def is_plural(title: str) -> bool:
    """Whether a measure's title takes a plural verb: its main noun, before `of`, `per` or a comma, ends in s."""
    words = title.split(",")[0].split(" (")[0].split(" ")
    end = next((at for at, word in enumerate(words) if word.lower() in _PREPOSITIONS and at > 0), len(words))
    noun = words[end - 1].lower()
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def verb(title: str, singular: str, plural: str) -> str:
    """The verb in the number of the title."""
    return plural if is_plural(title) else singular


def count_words(count: Number, noun: str = "") -> str:
    """A count as printed: `1,180 discharges`, `discharges withheld`, or a dash when there is none.

    One label for all that is withheld: two would tell a small count from one that is not.
    """
    if count is None:
        return MISSING
    if isinstance(count, Withheld):
        return f"{noun} {WITHHELD}".lstrip()
    assert isinstance(count, float)
    number = format_number(count, 0 if count == round(count) or count >= 100 else 1)
    return f"{number} {one_or_many(count, noun)}" if noun else number


def basis_words(figure: Figure, metric: Metric) -> str:
    """What a figure rests on: `1,165 discharges`."""
    return count_words(figure.denominator, noun=metric.denominator_noun)


def no_value_words(figure: Figure, metric: Metric) -> str:
    """Why a month has no value: `fewer than 25 discharges`, `withheld to protect small numbers`."""
    if isinstance(figure.value, Withheld):
        return "withheld to protect small numbers"
    return reason_words(figure.status_reason) or f"no {metric.denominator_noun}"


def none_left_out_words(reasons: Sequence[str]) -> str | None:
    """The reasons that left out no case, as one sentence; None without any."""
    if not reasons:
        return None
    return f"Would be left out, none this month: {'; '.join(mid_sentence(one.rstrip('.')) for one in reasons)}."


def follow_up_words(figure: Figure, metric: Metric) -> str:
    """How final a figure is: `final`, or `provisional: 412 of 1,180 discharges have their 30 days of follow-up`."""
    if figure.is_final:
        return "final"
    days, counted, waiting = metric.matures_after_days, figure.n_counted, figure.n_immature
    if figure.is_incomplete:
        return f"{figure.maturity}: {_incomplete_words(figure)}"
    if not days:
        return f"{figure.maturity}: data for {figure.month.name} are not complete yet"
    follow_up = f"{format_count(days, 'days')} of follow-up"
    if isinstance(counted, Withheld) or isinstance(waiting, Withheld) or not counted or not waiting:
        return f"{figure.maturity}: not every case has had its {follow_up} yet"
    listed = counted + waiting
    return (
        f"{figure.maturity}: {format_number(counted)} of {format_number(listed)} "
        f"{one_or_many(listed, metric.denominator_noun)} {verb_for(counted, 'has its', 'have their')} {follow_up}"
    )


def _incomplete_words(figure: Figure) -> str:
    if not isinstance(figure.n_counted, float) or not isinstance(figure.n_listed, float):
        return "fewer of its cases than usual have their data yet"
    return f"{format_number(figure.n_counted)} of {format_number(figure.n_listed)} cases have their data so far"


def interval_range(figure: Figure, metric: Metric) -> str | None:
    """The 95% interval of a value: `11.9% to 15.1%`, or None."""
    if figure.number is None or figure.lower is None or figure.upper is None:
        return None
    return f"{format_bare(figure.lower, metric)} to {format_bare(figure.upper, metric)}"


def latest_words(measure: Measure, *, with_interval: bool = False) -> str:
    """The newest defensible value in a line of its own: `4.78 days (4.61 to 4.95), October 2026`."""
    figure = measure.headline
    if figure is None:
        return missing_words(measure.metric, measure.missing)
    if figure.number is None:
        return f"{no_value_words(figure, measure.metric)}, {figure.month.name}"
    interval = interval_range(figure, measure.metric) if with_interval else None
    between = f" ({interval})" if interval else ""
    return f"{format_value(figure.number, measure.metric)}{between}, {figure.month.name}"


def span_words(n_months: int) -> str:
    """How long: `the year`, `the three months`, `the month`."""
    if n_months == 12:
        return "the year"
    return f"the {small_count_words(n_months)} months" if n_months > 1 else "the month"


def unit_words_of(metric: Metric) -> str:
    """The unit after a title that does not name it: `, days`; empty where it does, or where there is none."""
    if metric.unit in ("index", "cases", "discharges") or metric.unit in metric.title:
        return ""
    return f", {unit_words(metric)}"


def target_words(value: float, metric: Metric) -> str:
    """A target in a sentence: `13.5% or lower`."""
    side = {"lower": " or lower", "higher": " or higher", "neither": ""}[metric.better]
    return format_value(value, metric) + side


def variation_word(measure: Measure) -> str:
    """The word beside the variation icon."""
    side = "high" if measure.is_high else "low"
    return {
        "improvement": f"improvement, {side}",
        "concern": f"concern, {side}",
        "neither": f"unusually {side}",
        "common_cause": "no evidence of change",
        "not judged": "not judged",
    }[measure.state]


def assurance_word(measure: Measure) -> str:
    """The word beside the assurance icon."""
    if measure.metric.better == "neither":
        return "no target by design"
    if measure.result is None or measure.target is None:
        return "no target"
    return {
        "passing": "consistently passes",
        "failing": "consistently misses",
        "hit_or_miss": "hit or miss",
        "none": "not judged",
    }[measure.result.assurance]
