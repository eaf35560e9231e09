"""The sentences about the department's own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import verb_for
from kpi_pipeline.report.words.notices.counted import counted, months_of, out_of, place_of, quoted


def _cells_empty(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} of {place_of(notice)} have no {notice.columns[0]}. What "
        "needs it rests on the others, which may be of another kind."
    )


def _cells_empty_in_month(notice: Notice) -> str:
    month = Month.parse(notice.details["month"]).name
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} of {place_of(notice)} in {month} have no "
        f"{notice.columns[0]}, far more than in other months: was a part of it not sent? What is empty counts as "
        "not done "
        "or unknown."
    )


def _facilities_without_encounters(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    named = f" ({quoted(notice)})" if notice.columns else ""
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} of a facility_id that no encounter has{named}, and "
        "count for no hospital: misspelt, or other capitals? Correct them, or map them with values."
    )


def _outcomes_unknown(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    named = f" ({quoted(notice)})" if notice.columns else ""
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} an outcome that is not overturned, upheld or "
        f"open{named}, and count as not overturned. Map them with values in landing.yaml."
    )


def _words_instead(notice: Notice) -> str:
    word, old, column = notice.details["word"], notice.details["instead"], notice.columns[0]
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} of {place_of(notice)} {months_of(notice)} {verb} "
        f"{column} {word!r}, which nobody else writes, where {old!r} is usual: another word for the same? Measures go "
        "by the word. Map it with values in landing.yaml."
    )


def _words_like(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    named = f" ({quoted(notice)})" if notice.columns else ""
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} a {notice.details['column']} that looks like "
        f"{notice.details['means']}{named} and {verb_for(notice.counts['rows'], 'is', 'are')} not counted so. If it is "
        "the same, map it with values in landing.yaml."
    )


def _peer_to_peers_unsettled(notice: Notice) -> str:
    n = notice.counts["rows"]
    return (
        f"denials: {counted(notice, 'rows', 'rows')} {verb_for(n, 'is', 'are')} overturned by peer_to_peer_outcome, "
        f"but not by outcome and decided_on, and {verb_for(n, 'counts', 'count')} as dollars not won back. Write there "
        "where the denial stands now."
    )


def _shifts_twice(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"staffing: {counted(notice, 'rows', 'rows')} without a unit {verb} the same person, day and hours as a row "
        "with one: sent twice? Hours count twice then. Send each shift once."
    )


def _budget_lines_missing(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    return (
        f"budget: {counted(notice, 'rows', 'lines')} that {place_of(notice)} usually has {verb} missing "
        f"{months_of(notice)}. Spending as a share of the budget rests on the others."
    )


def _nothing_spent(notice: Notice) -> str:
    return (
        f"budget: {place_of(notice)} has an actual_usd of 0 in every line of "
        f"{Month.parse(notice.details['month']).name}: not booked yet? Leave what is not known empty."
    )


DEPARTMENT: Mapping[str, Callable[[Notice], str]] = {
    "cells_empty": _cells_empty,
    "cells_empty_in_month": _cells_empty_in_month,
    "facilities_without_encounters": _facilities_without_encounters,
    "outcomes_unknown": _outcomes_unknown,
    "words_instead": _words_instead,
    "words_like": _words_like,
    "peer_to_peers_unsettled": _peer_to_peers_unsettled,
    "shifts_twice": _shifts_twice,
    "budget_lines_missing": _budget_lines_missing,
    "nothing_spent": _nothing_spent,
}
