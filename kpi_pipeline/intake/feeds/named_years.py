"""Files that are named after a year and hold a part of it: `encounters_2025.csv` with January to March."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, parquet_file
from kpi_pipeline.intake.feeds.data_end import HAPPENED
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.staged.staged_files import StagedFile

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PART_OF_YEAR = re.compile(
    r"\d|(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|half|quarter|part)", re.IGNORECASE
)
_MONTHS_ASIDE = 2
"""So many months without a row at an end of the year are not a quiet holiday."""
_MONTHS_UNTIL_BEGUN = 4


@dataclass(frozen=True, slots=True)
class _YearFile:
    file: StagedFile
    year: int
    first: date
    last: date


def year_named(file_name: str) -> int | None:
    """The year a file, or the folder it lies in, is named after; None where the name says less or more than a year."""
    stem = file_name.split(".", 1)[0]
    years = set(_YEAR.findall(stem))
    if len(years) != 1 or _PART_OF_YEAR.search(_YEAR.sub("", stem)):
        return None
    return int(years.pop())


def find_short_years(
    connection: duckdb.DuckDBPyConnection, files: Sequence[StagedFile], options: LandingOptions
) -> list[Notice]:
    """A notice for each file named after a year whose rows end two months or more before it (or before the day all is
    declared complete through), or begin in May or later although no file of a later year shows that a feed began."""
    named = [one for file in files if (one := _rows_of_year(connection, file)) is not None]
    declared = options.complete_through
    ends = [declared] if isinstance(declared, date) else list((declared or {}).values())
    ends = ends or [one.last for one in named]
    return [
        Notice(
            "year_short",
            file=one.file.file_name,
            table=one.file.table,
            details={
                "year": str(one.year),
                "first_month": f"{one.first:%Y-%m}",
                "last_month": f"{one.last:%Y-%m}",
            },
        )
        for one in named
        if not options.is_withdrawn(one.file.file_name) and _is_short(one, named, max(ends))
    ]


def _is_short(one: _YearFile, named: Sequence[_YearFile], end: date) -> bool:
    months_due = 12 if end.year > one.year else end.month if end.year == one.year else 0
    begins_a_feed = any(other.file.table == one.file.table and other.year > one.year for other in named)
    follows = any(other.file.table == one.file.table and other.year < one.year for other in named)
    is_late = one.first.month > (_MONTHS_ASIDE if follows else _MONTHS_UNTIL_BEGUN)
    return months_due - one.last.month >= _MONTHS_ASIDE or (is_late and (follows or not begins_a_feed))


def _rows_of_year(connection: duckdb.DuckDBPyConnection, file: StagedFile) -> _YearFile | None:
    year, columns = year_named(file.file_name), HAPPENED.get(file.table)
    if year is None or not columns:
        return None
    days = " UNION ALL ".join(
        f"SELECT CAST({identifier(column)} AS DATE) AS day FROM {parquet_file(file.staged)}" for column in columns
    )
    first, last = connection.execute(f"SELECT MIN(day), MAX(day) FROM ({days}) WHERE YEAR(day) = ?", [year]).fetchall()[
        0
    ]
    return None if first is None else _YearFile(file, year, first, last)
