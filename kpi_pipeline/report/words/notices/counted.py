"""How the counts, columns, days and places of a notice are written; a count may be withheld."""

from __future__ import annotations

from datetime import date

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import date_words, format_count, format_number, one_or_many
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM


def counted(notice: Notice, name: str, noun: str) -> str:
    """`1 row`, `12 rows`, or `rows (number withheld)`."""
    count = notice.counts[name]
    return f"{noun} (number withheld)" if count is None else format_count(count, noun)


def out_of(notice: Notice, name: str, noun: str) -> str:
    """`12 of 4,120 rows`; `some rows (numbers withheld)` where they may not be told."""
    part, whole = notice.counts[name], notice.counts[f"of_{name}"]
    if part is None or whole is None:
        return f"some {noun} (numbers withheld)"
    return f"{format_number(part)} of {format_number(whole)} {one_or_many(whole, noun)}"


def quoted(notice: Notice) -> str:
    """The columns (or values) it names, each in quotation marks."""
    return ", ".join(repr(name) for name in notice.columns)


def day_of(text: str) -> str:
    """A day kept as ISO text, in words."""
    return date_words(date.fromisoformat(text))


def place_of(notice: Notice) -> str:
    """The facility it is about, or all together."""
    return "all facilities together" if notice.facility_id == WHOLE_SYSTEM else f"facility {notice.facility_id!r}"


def months_of(notice: Notice) -> str:
    """`in March 2026`, or `in months from March 2026 to May 2026`, not every one between."""
    first, last = (Month.parse(notice.details[name]).name for name in ("first_month", "last_month"))
    return f"in {first}" if first == last else f"in months from {first} to {last}"


def with_article(name: str) -> str:
    """`a done_at`, `an admitted_at`."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
