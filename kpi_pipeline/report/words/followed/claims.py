"""What earlier issues said and what became of it, in sentences. Not here: what became of it (`judgement.claims`)."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import one_or_many
from kpi_pipeline.core.text.texts import join_words, printable_name
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.claims.follow import FollowUp, first_month_of
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.words.numbers import small_count_words
from kpi_pipeline.report.words.phrases import LACK_WORDS, is_plural, mid_sentence, subject, verb
from kpi_pipeline.report.words.reasons import missing_words

_MOST_NAMED, _LONGEST_LINE = 2, 122
"""Claims named in a line of page 1, and letters that fit on one; the rest are counted."""
_OPEN_QUESTION = ("unconfirmed", "waiting")
_HOLDS = ("continuing", "sustained")
_ENDINGS = {"faded": "faded", "reversed": "reversed", "withdrawn": "withdrawn", "settled": "settled by new limits"}


def said_before_lines(judged: Judged) -> tuple[str, ...]:
    """At most three lines for page 1: what is no longer said, what is not confirmed, what still holds. None without an
    earlier issue."""
    own = followed_up(judged, places=False)
    groups = (
        ("No longer said", [one for one in own if not one.claim.is_open]),
        ("Not confirmed this month", [one for one in own if one.claim.state in _OPEN_QUESTION]),
        ("Still so", [one for one in own if one.claim.state in _HOLDS]),
    )
    return tuple(_line(judged, heading, group) for heading, group in groups if group)


def followed_up(judged: Judged, *, places: bool) -> list[FollowUp]:
    """What became of earlier claims about the report's own scope, or about single hospitals; headlines first, and what
    is told with another measure last."""
    of_scope = [
        one
        for one in judged.claims
        if one.before is not None and (one.claim.facility_id != judged.scope.facility_id) == places
    ]
    states = {one.claim.metric: one.claim.state for one in of_scope}

    def place_in_line(one: FollowUp) -> tuple[bool, bool]:
        measure = judged.system.get(one.claim.metric)
        lead = measure.metric.told_with if measure else None
        return states.get(lead or "") == one.claim.state, one.claim.metric not in judged.headlines

    return sorted(of_scope, key=place_in_line)


def claim_title(judged: Judged, claim: Claim, *, short: bool = False) -> str:
    """What was said: `Length of stay is down`, `Denials were unusually high in April 2026 at Lakeside`."""
    measure = judged.system.get(claim.metric)
    title = claim.metric.replace("_", " ") if measure is None else measure.metric.title
    if short and measure is not None:
        title = measure.metric.headline_title
    if claim.signal_from == claim.signalled:
        side = "high" if claim.side == "high" else "low"
        said = f"{subject(title)} {verb(title, 'was', 'were')} unusually {side} in {claim.signalled.name}"
    else:
        are = "are" if is_plural(subject(title)) else "is"
        said = f"{subject(title)} {are} {'up' if claim.side == 'high' else 'down'}"
    if claim.facility_id == judged.scope.facility_id:
        return said
    return f"{said} at {printable_name(judged.scope.facility_names.get(claim.facility_id, claim.facility_id))}"


def first_said_words(judged: Judged, claim: Claim) -> str:
    """When it was first said: the month of that report; one that this report replaces is named as such."""
    if claim.first_month == judged.scope.month:
        return "in the report this one replaces"
    return claim.first_month.name


def outcome_sentence(judged: Judged, one: FollowUp) -> str:
    """What became of a claim, and why that is said."""
    claim, since = one.claim, one.claim.signalled.name
    if claim.state == "waiting":
        return f"Cannot be judged this month: {_lack_words(judged, claim)}. It is kept."
    if claim.state == "sustained":
        proposal = " New limits can be recorded." if one.may_rebase else ""
        return f"Still so, for twelve final months or more.{proposal}"
    if claim.state == "faded" and claim.cause == "no_signal":
        return f"Faded: no signal in the twelve final months since {since}."
    if claim.state == "settled":
        return f"Settled: new limits are recorded, and {_limits_words(judged, claim)}."
    if claim.state == "withdrawn":
        return {
            "figures": "Withdrawn: with the figures as they are known now it would not have been said.",
            "definition": "Withdrawn: the measure is defined otherwise now, and does not show it.",
        }.get(claim.cause, "Withdrawn: the measure is no longer in the report.")
    return {
        "continuing": f"Still so in {since}.",
        "unconfirmed": f"Not confirmed since {since}: no signal, and not evidence enough that the old level is back.",
        "faded": f"Faded: the months since {since} fit the old level again.",
        "reversed": "Reversed: the chart now shows the other direction.",
    }[claim.state]


def proposal_sentence(judged: Judged) -> str | None:
    """The lasting changes told for the first time for which new limits can be recorded; None without any. Those told
    before have it in their own line."""
    said = [
        f"{mid_sentence(judged.system[claim.metric].metric.title)} from {first_month_of(claim).name}"
        for claim in (one.claim for one in judged.claims if one.before is None and one.may_rebase)
        if claim.facility_id == judged.scope.facility_id
    ]
    if not said:
        return None
    return f"Has lasted for twelve final months or more, so that new limits can be recorded: {'; '.join(said)}."


def onset_words(one: FollowUp) -> str | None:
    """`December 2025 (July 2025 to May 2026)`, and what was told before where that changed; None where not dated."""
    onset = one.claim.onset
    if not onset:
        return None
    said = _span_words(onset)
    if one.dated_anew and one.before is not None:
        return f"{said}; we said {_span_words(one.before.onset)}"
    return said


def said_before_title(own: Sequence[FollowUp]) -> str:
    """`Of nine claims made before, six still hold, two are not confirmed and one was given up`."""
    holds = sum(one.claim.state in _HOLDS for one in own)
    waits = sum(one.claim.state in _OPEN_QUESTION for one in own)
    ended = len(own) - holds - waits
    parts = [f"{small_count_words(holds)} still {'holds' if holds == 1 else 'hold'}"] if holds else []
    parts += [f"{small_count_words(waits)} {'is' if waits == 1 else 'are'} not confirmed"] if waits else []
    parts += [f"{small_count_words(ended)} {'was' if ended == 1 else 'were'} given up or settled"] if ended else []
    if len(own) == 1:
        return f"The one claim made before {parts[0].removeprefix('one ')}"
    return f"Of {small_count_words(len(own))} {one_or_many(len(own), 'claims')} made before, {join_words(parts)}"


def _line(judged: Judged, heading: str, group: Sequence[FollowUp]) -> str:
    """As many of a group as fit on a line, at least one; the others counted."""
    for n_named in range(min(_MOST_NAMED, len(group)), 0, -1):
        more = len(group) - n_named
        named = [_in_short(judged, one) for one in group[:n_named]]
        line = f"{heading}: {join_words([*named, f'{small_count_words(more)} more'] if more else named)}."
        if len(line) <= _LONGEST_LINE:
            break
    return line


def _in_short(judged: Judged, one: FollowUp) -> str:
    said = mid_sentence(claim_title(judged, one.claim, short=True))
    since = first_said_words(judged, one.claim)
    is_replaced = one.claim.first_month == judged.scope.month
    if one.claim.is_open:
        return f"{said} ({since})" if is_replaced else f"{said} (said since {since})"
    return f"{said} (said {since if is_replaced else f'in {since}'}; {_ENDINGS[one.claim.state]})"


def _span_words(onset: Sequence[Month]) -> str:
    likeliest, earliest, latest = onset
    return likeliest.name if earliest == latest else f"{likeliest.name} ({earliest.name} to {latest.name})"


def _lack_words(judged: Judged, claim: Claim) -> str:
    measures = judged.by_facility.get(claim.facility_id, {}) if claim.facility_id != judged.scope.facility_id else None
    measure = (judged.system if measures is None else measures).get(claim.metric)
    if measure is None or measure.result is None:
        return "there are no figures" if measure is None else missing_words(measure.metric, measure.missing)
    return LACK_WORDS[measure.lack or "few_months"]


def _limits_words(judged: Judged, claim: Claim) -> str:
    measure = judged.system.get(claim.metric)
    rebases = measure.rebases if measure else ()
    known = [one.from_month for one in rebases if one.from_month <= claim.signalled]
    return f"the change is part of them from {known[-1].name} on" if known else "the change is part of them"
