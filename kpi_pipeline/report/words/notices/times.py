"""The sentences about days and hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import verb_for
from kpi_pipeline.report.words.notices.counted import counted, day_of, months_of, out_of, place_of, with_article


def _times_missing(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} have {with_article(notice.columns[0])} without a time. "
        "Measures of hours leave them out or go by the day, so that they rest on fewer rows or are more lenient. "
        "Export the time."
    )


def _times_at_midnight(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} of {place_of(notice)} {months_of(notice)} have "
        f"{with_article(notice.columns[0])} of midnight: days whose time was not written? They count as written, and "
        "hours over them are wrong. Export the time, or the day alone."
    )


def _hours_of_another_clock(notice: Notice) -> str:
    return (
        f"encounters: the patients of {place_of(notice)} left {notice.details['hours']} hours or more earlier or later "
        f"{months_of(notice)} than in its other months: {notice.columns[0]} by the clock of another time zone? "
        "Days and hours over it are likely wrong."
    )


def _days_out_of_order(notice: Notice) -> str:
    first, second = notice.columns
    verb = verb_for(notice.counts["rows"], "has", "have")
    has = f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} {with_article(second)}"
    if first == "admitted_on":
        return f"{has} long before {first}, counted as written: a date mistyped, or another encounter's?"
    return f"{has} before {first}, counted as written: a date mistyped?"


def _days_the_same(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} have one and the same {notice.columns[0]}, "
        f"{day_of(notice.details['day'])}: the day they were written down, and not the day it happened? Months are "
        "wrong then."
    )


TIMES: Mapping[str, Callable[[Notice], str]] = {
    "times_missing": _times_missing,
    "times_at_midnight": _times_at_midnight,
    "hours_of_another_clock": _hours_of_another_clock,
    "days_out_of_order": _days_out_of_order,
    "days_the_same": _days_the_same,
}
