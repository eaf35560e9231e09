"""What is said of landing files that were there before, or should be there, or speak of days to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import SOME_FILE, Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import verb_for
from kpi_pipeline.report.words.notices.counted import counted, day_of, months_of, out_of


def _withdrawn_words(notice: Notice) -> str:
    """How to declare that a file is not missed; nothing where its name may not be told."""
    return "" if notice.file == SOME_FILE else f" If so on purpose, write withdrawn: ['{notice.file}'] in landing.yaml."


def _file_gone(notice: Notice) -> str:
    return (
        f"{notice.file}: was read before and is no longer there; {out_of(notice, 'rows', 'rows')} of "
        f"{notice.table} that it held are in no file now, and count no more. Put it back.{_withdrawn_words(notice)}"
    )


def _file_shrank(notice: Notice) -> str:
    return (
        f"{notice.file}: held more before; {out_of(notice, 'rows', 'rows')} of {notice.table} that it held are in no "
        "file now, and count no more. Was it cut short? Give each extract a name of its own, or declare feed: full."
        f"{_withdrawn_words(notice)}"
    )


def _file_older(notice: Notice) -> str:
    last, before = notice.details["last"], notice.details["before"]
    ends = f" It ends on {day_of(last)}, that one on {day_of(before)}." if "" < last < before else ""
    return (
        f"{notice.file}: is older than what bore its name before.{ends} Put the newer {notice.table} file back."
        f"{_withdrawn_words(notice)}"
    )


def _extract_missing(notice: Notice) -> str:
    month = Month.parse(notice.details["month"]).name
    return (
        f"{notice.file}: of this monthly series of {notice.table} the file for {month} is missing; figures of that "
        f"time may lack rows.{_withdrawn_words(notice)}"
    )


def _year_short(notice: Notice) -> str:
    return (
        f"{notice.file}: is named after the year {notice.details['year']}, but what its rows of {notice.table} say of "
        f"it lies {months_of(notice)}. Was the rest not exported? If that is all, name it after its months."
        f"{_withdrawn_words(notice)}"
    )


def _history_damaged(notice: Notice) -> str:
    return (
        f"{counted(notice, 'lines', 'lines')} of landing_history.jsonl, the register of the files read before, cannot "
        "be read; of the files they name nobody would see that they are gone. Restore the register from a backup, or "
        "remove those lines."
    )


def _dates_ahead(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    return (
        f"{notice.file}: {counted(notice, 'rows', 'rows')} of {notice.table} {verb} dated after the day the file "
        "came, or after plausible_until; counted as written. A mistyped year? Encounters after plausible_until "
        "(landing.yaml) are refused."
    )


def _updates_ahead(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"{notice.file}: {counted(notice, 'rows', 'rows')} of {notice.table} {verb} an updated_at after the day the "
        "file came, or after plausible_until: no correction counts until that day. "
        "A mistyped year, or a clock that is wrong?"
    )


ARRIVALS: Mapping[str, Callable[[Notice], str]] = {
    "file_gone": _file_gone,
    "file_shrank": _file_shrank,
    "file_older": _file_older,
    "year_short": _year_short,
    "extract_missing": _extract_missing,
    "history_damaged": _history_damaged,
    "dates_ahead": _dates_ahead,
    "updates_ahead": _updates_ahead,
}
"""The sentences of this module by kind of notice."""
