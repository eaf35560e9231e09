"""Answers to the questions a director is asked about a finding: what the data license, or what would be needed.

An answer never repeats a number of another page: it says what may be concluded, and names the figures by their ids.
Not here: which findings are asked about (`pages.questions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import date_words, format_number, one_or_many, verb_for
from kpi_pipeline.core.text.texts import join_words, printable_name
from kpi_pipeline.declared.commentary import Comment
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.improving.asked_decisions import TrackedDecision
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import size_of_change
from kpi_pipeline.report.words.findings import resemblance_sentence
from kpi_pipeline.report.words.numbers import capitalised, small_count_words
from kpi_pipeline.report.words.phrases import LACK_WORDS, mid_sentence

_CANNOT = "It cannot be said"
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """One question, its answer, and the figures it rests on, by their ids."""

    question: str
    text: str
    figures: tuple[str, ...] = ()


def answers_about(judged: Judged, measure: Measure) -> Iterator[Answer]:
    """The questions about one finding, in the order in which they are asked."""
    comment = judged.commentary.comments.get(measure.metric.name, Comment())
    yield _is_it_real(judged, measure)
    yield _why_did_it_move(judged, measure)
    yield _who_drives_it(judged, measure)
    yield _compared_with_what(measure)
    yield _what_does_it_cost(judged, measure)
    if measure.state != "improvement":
        yield _what_are_we_doing(comment)
        yield _when_will_it_be_back(comment)


def outside_answer() -> Answer:
    """How the findings compare with hospitals elsewhere."""
    needed = "their figures, defined alike, for patients of the same risk"
    return Answer("How do other systems do?", f"{_CANNOT}: that needs {needed}.")


def decisions_answer(judged: Judged) -> Answer:
    """What the decisions of earlier reports achieved, as far as months have followed them."""
    question = "What did the decisions achieve?"
    carried = [one for one in judged.asked_before if one.outcome and one.outcome.became in ("granted", "done")]
    if not carried:
        asked = "was asked for before and granted" if judged.asked_before else "was asked for before"
        return Answer(question, f"{_CANNOT}: none {asked}.")
    said = [_since(judged, one) for one in carried]
    return Answer(question, " ".join(text for text, _ in said), tuple(name for _, names in said for name in names))


def _since(judged: Judged, one: TrackedDecision) -> tuple[str, tuple[str, ...]]:
    assert one.outcome is not None
    what = f"“{one.asked.what.rstrip('.')}”, granted on {date_words(one.outcome.answered_on)}"
    measure = judged.system.get(one.asked.measure or "")
    if measure is None:
        return f"{what}: {_CANNOT[:1].lower()}{_CANNOT[1:]}, for no measure is named with it.", ()
    answered = Month.of(one.outcome.answered_on)
    final = [month for month, figure in measure.figures.items() if figure.is_final and month > answered]
    if not final:
        return f"{what}: too early, for no final month of {mid_sentence(measure.metric.title)} has followed.", ()
    count = f"{small_count_words(len(final))} final {one_or_many(len(final), 'months')}"
    return (
        f"{what}: {count} of {mid_sentence(measure.metric.title)} {verb_for(len(final), 'has', 'have')} followed. That "
        "the decision moved them cannot be said: for that it must be an initiative, declared beforehand.",
        tuple(_id(measure, month) for month in final[-3:]),
    )


def _is_it_real(judged: Judged, measure: Measure) -> Answer:
    question = "Is it real?"
    ids = _ids(measure, measure.signal_months[-1:] or ([measure.headline.month] if measure.headline else []))
    if not measure.has_signal:
        text = "It is no change: it is where the measure has been all along, and its target lies elsewhere."
        return Answer(question, text, ids)
    text = "Routine variation does not explain it."
    expected = judged.false_signals
    if expected is not None:
        n = sum(one.has_signal for one in judged.system.values())
        charts = f"{small_count_words(expected.n_charts)} {one_or_many(expected.n_charts, 'charts')}"
        text += (
            f" Chance alone would color about {format_number(expected.icons, 1)} of {charts} in a report; "
            f"{small_count_words(n)} {verb_for(n, 'is', 'are')} colored in this one."
        )
    if weaker := resemblance_sentence(measure, expected):
        text += f" {weaker}"
    before = next((one.before for one in judged.claims if _is_of(one.claim, judged, measure)), None)
    if before is not None:
        text += f" It has been said since the report of {before.first_month.name}."
    return Answer(question, text, ids)


def _is_of(claim: Claim, judged: Judged, measure: Measure) -> bool:
    side = "high" if measure.is_high else "low"
    return claim.key == (measure.metric.name, judged.scope.facility_id, side) and claim.is_open


def _why_did_it_move(judged: Judged, measure: Measure) -> Answer:
    question = "Other cases, or the same ones?"
    mix = judged.drivers.mix if judged.drivers else None
    name = measure.metric.name
    if mix is None or mix.metric.name != name:
        known = f"; only {mid_sentence(mix.metric.title)} is divided that way here" if mix is not None else ""
        return Answer(question, f"{_CANNOT}: it needs this measure's cases by kind in both years{known}.")
    ids = tuple(f"drivers/mix_and_rate/{name}/all/{part}" for part in ("change", "mix", "rate"))
    chance = mix.chance
    if chance is None:
        return Answer(question, f"{_CANNOT}: how much of either part is chance is not known.", ids)
    if not chance.change.excludes_zero:
        return Answer(question, f"{_CANNOT}: against the year before, the whole change is within chance.", ids)
    parts = {"other kinds of cases (mix)": chance.mix, "the same kinds of cases (rate)": chance.rate}
    beyond = [words for words, part in parts.items() if part.excludes_zero]
    within = [words for words in parts if words not in beyond]
    if not beyond:
        return Answer(question, f"{_CANNOT}: the change is beyond chance, neither part of it alone is.", ids)
    text = f"Beyond chance against the year before: {join_words(beyond)}."
    return Answer(question, f"{text} Within chance: {within[0]}." if within else text, ids)


def _who_drives_it(judged: Judged, measure: Measure) -> Answer:
    question = "Who drives it?"
    if not judged.scope.is_system:
        return Answer(question, f"{_CANNOT} from this copy, which is about one hospital.")
    parts = {place: of[measure.metric.name] for place, of in judged.by_facility.items() if measure.metric.name in of}
    if len(parts) < 2:
        text = "there is one hospital in the data" if len(judged.by_facility) < 2 else "it is not judged by hospital"
        return Answer(question, f"{_CANNOT}: {text}.")
    same = [place for place, one in parts.items() if _shows_the_same(one, measure)]
    quiet = [place for place, one in parts.items() if place not in same and not one.lack]
    lacking = [place for place, one in parts.items() if place not in same and one.lack]
    if not same:
        text = "No hospital's own chart shows it: it shows only where all are taken together."
    else:
        show = verb_for(len(same), "shows", "show")
        text = f"{capitalised(_places(judged, same))} {show} it on {verb_for(len(same), 'its', 'their')} own"
        text += f"; {_places(judged, quiet)} {verb_for(len(quiet), 'does', 'do')} not." if quiet else "."
    if lacking:
        words = " or ".join(dict.fromkeys(LACK_WORDS[one.lack] for place in lacking if (one := parts[place]).lack))
        text += f" {capitalised(_places(judged, lacking))} cannot be judged: {words}."
    month = measure.headline.month if measure.headline else measure.report_month
    return Answer(question, text, tuple(f"{measure.metric.name}/{place}/{month}" for place in same[:_MOST_NAMED]))


def _shows_the_same(one: Measure, measure: Measure) -> bool:
    if not measure.has_signal:
        return one.keeps_failing
    return one.has_signal and one.state == measure.state and one.is_high == measure.is_high


def _places(judged: Judged, places: Sequence[str]) -> str:
    """The hospitals by name, or counted where they are many."""
    if len(places) > _MOST_NAMED:
        return f"{small_count_words(len(places))} hospitals"
    return join_words([printable_name(judged.scope.facility_names.get(place, place)) for place in places])


def _compared_with_what(measure: Measure) -> Answer:
    baseline = measure.baseline_months
    known = [f"its own months, {baseline[0].name} to {baseline[1].name}"] if baseline else []
    known += [f"the target of {measure.target.source}"] if measure.target is not None else []
    return Answer("Compared with what?", f"With {join_words(known)}." if known else f"{_CANNOT}: too few months.")


def _what_does_it_cost(judged: Judged, measure: Measure) -> Answer:
    question = "What is it worth, or does it cost?"
    size = size_of_change(measure, judged.drivers.opportunity if judged.drivers else None)
    if size is not None and size.usd is not None:
        return Answer(
            question,
            "The range is on its page: days at the variable cost of a late day. It is no money in hand until beds, "
            "staff or supplies follow the days.",
            ("drivers/opportunity/all/late_day_usd",),
        )
    if size is not None and size.counted == "dollars":
        text = "The sum is on its page: dollars against the level of the baseline, in the months of the change."
        return Answer(question, text, _ids(measure, measure.signal_months[-3:]))
    what = "one of its cases" if size is not None and size.counted == "events" else "it in dollars"
    return Answer(question, f"{_CANNOT} from this measure: it needs what {what} costs, by a source that is named.")


def _what_are_we_doing(comment: Comment) -> Answer:
    n = len(comment.doing)
    plans = f"{capitalised(small_count_words(n))} {one_or_many(n, 'plans')} with owner and day"
    said = f"{plans} {verb_for(n, 'stands', 'stand')} on its page." if n else f"{_CANNOT}: nothing is recorded."
    return Answer("What are we doing?", said)


def _when_will_it_be_back(comment: Comment) -> Answer:
    said = "The director's own date stands on its page; the" if comment.back_by else "No date is recorded. The"
    return Answer("When will it be back?", f"{said} chart says what is, not what will be: it gives no date.")


def _ids(measure: Measure, months: Sequence[Month]) -> tuple[str, ...]:
    return tuple(_id(measure, month) for month in months)


def _id(measure: Measure, month: Month) -> str:
    figure = measure.figures.get(month)
    place = figure.facility_id if figure is not None else "all"
    return f"{measure.metric.name}/{place}/{month}"
