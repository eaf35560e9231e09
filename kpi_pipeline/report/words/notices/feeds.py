"""The sentences about feeds: months, rows and values that did not come."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import format_number, verb_for
from kpi_pipeline.report.words.notices.counted import counted, day_of, out_of, place_of


def _declared_far_ahead(notice: Notice) -> str:
    declared, seen = notice.details["declared"], notice.details["last_seen"]
    return f"landing.yaml: complete_through is {declared}, but the last day seen in the data is {seen}."


def _feed_stopped(notice: Notice) -> str:
    days = notice.details["supported"].split()
    of_table = dict(zip(notice.columns, days if len(days) > 1 else days * len(notice.columns), strict=True))
    of_day = {day: [table for table in of_table if of_table[table] == day] for day in sorted(set(days))}
    since = ", ".join(f"{day_of(day)} ({', '.join(tables)})" for day, tables in of_day.items())
    these = "that day" if len(of_day) == 1 else "these days"
    return (
        f"Facility {notice.facility_id!r} sent hardly a row since {since}, far fewer than usual, though it counts as "
        f"complete through {day_of(notice.details['claimed'])}. What rests on them is held back to {these}. Send the "
        f"missing rows, or declare complete_through: {{{notice.facility_id}: {min(days)}}} in landing.yaml; give a "
        "closed facility its closed_on."
    )


def _feed_silent(notice: Notice) -> str:
    whole = ", those of the whole system too" if notice.details["whole"] else ""
    one = {"admissions": "admission", "discharges": "discharge"}.get(notice.details["of"], "row")
    return (
        f"{notice.table}: not one {one} of facility {notice.facility_id!r} from {day_of(notice.details['first'])} to "
        f"{day_of(notice.details['last'])}, where there are usually many. Figures that rest on these days are "
        f"provisional{whole}. Is a file missing? If it was shut, write closed: in landing.yaml."
    )


def _rows_removed(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} of earlier extracts {verb} not in the newest one "
        "and no longer counted, since each extract is declared whole (feed: full)."
    )


def _month_thin(notice: Notice) -> str:
    rows, usual = notice.counts["rows"], notice.counts["usual"]
    month = Month.parse(notice.details["month"]).name
    sent = "no rows" if rows == 0 else counted(notice, "rows", "rows")
    far = "far fewer than usual" if usual is None else f"where {format_number(usual)} are usual"
    return f"{notice.table}: {place_of(notice)} sent {sent} for {month}, {far}. Is a part of the feed missing?"


def _kind_thin(notice: Notice) -> str:
    rows, usual = notice.counts["rows"], notice.counts["usual"]
    month = Month.parse(notice.details["month"]).name
    had = "no rows" if rows == 0 else counted(notice, "rows", "rows")
    far = "far fewer than usual" if usual is None else f"where {format_number(usual)} are usual"
    return (
        f"{notice.table} ({notice.columns[0]}): {place_of(notice)} sent {had} for {month}, {far}. Is a part of the "
        "feed missing, or written otherwise?"
    )


def _months_thin(notice: Notice) -> str:
    rows, usual = notice.counts["rows"], notice.counts["usual"]
    first, last = (Month.parse(notice.details[name]) for name in ("first_month", "last_month"))
    kind = f" ({notice.columns[0]})" if notice.columns else ""
    had = "no rows" if rows == 0 else counted(notice, "rows", "rows")
    span = f"the {format_number(last.months_since(first) + 1)} months from {first.name} to {last.name}"
    far = "far fewer than usual" if usual is None else f"where {format_number(usual)} a month are usual"
    cause = "Is a part of the feed missing, or written otherwise?" if kind else "Is a part of the feed missing?"
    return f"{notice.table}{kind}: {place_of(notice)} sent {had} in {span}, {far}. {cause}"


def _months_apart(notice: Notice) -> str:
    rows, usual = notice.counts["rows"], notice.counts["usual"]
    few = notice.kind == "months_low"
    kind = f" ({notice.columns[0]})" if notice.columns else ""
    first, last = (Month.parse(notice.details[name]).name for name in ("first_month", "last_month"))
    far = f"far {'fewer' if few else 'more'} than usual" if usual is None else f"where {format_number(usual)} are usual"
    sent = f"{'no rows' if rows == 0 else counted(notice, 'rows', 'rows')}, {far},"
    cause = "Is a part of the feed missing?" if few else "Are rows sent twice?"
    return (
        f"{notice.table}{kind}: {place_of(notice)} sent {sent} from {first} to {last}, though its stays did not change "
        f"so. {cause} If it is true, nothing need be done."
    )


def _values_missing(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'stays', 'stays')} of {place_of(notice)} lack {notice.columns[0]}. What "
        "needs it rests on the others, which may be of another kind."
    )


def _values_missing_in_month(notice: Notice) -> str:
    month = Month.parse(notice.details["month"]).name
    return (
        f"{notice.table}: {out_of(notice, 'stays', 'stays')} discharged in {month} "
        f"lack {notice.columns[0]}, more than in other months. What needs it rests on the others."
    )


FEEDS: Mapping[str, Callable[[Notice], str]] = {
    "declared_facility_unknown": lambda one: (
        f"landing.yaml: complete_through names the facility {one.facility_id!r}, which has no encounters."
    ),
    "declared_far_ahead": _declared_far_ahead,
    "feed_silent": _feed_silent,
    "feed_stopped": _feed_stopped,
    "month_thin": _month_thin,
    "kind_thin": _kind_thin,
    "months_thin": _months_thin,
    "months_low": _months_apart,
    "months_high": _months_apart,
    "values_missing": _values_missing,
    "values_missing_in_month": _values_missing_in_month,
    "rows_removed": _rows_removed,
}
