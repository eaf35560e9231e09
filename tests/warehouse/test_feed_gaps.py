"""Where a feed was silent, on tables written by hand: each edge of the rule from both sides, by exact numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from kpi_pipeline.warehouse.tables import load_tables

Day = tuple[str, str, date, date, float, float, int, bool, float]
Gap = tuple[str, str, str, date, date]
COLUMNS = ["facility_id", "table_name", "happened_on", "last_on", "n_telling", "usual_spacing_days"]
COLUMNS += ["n_rows", "is_closed", "n_usual"]
TELLING = 14.5
"""So many rows must be expected, and none of them come."""


def march(day: int) -> date:
    return date(2026, 3, day)


def days(first: date, n: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(n)]


def feed(
    silent: Iterable[date] = (),
    *,
    expected: float | list[float] = 5.0,
    table: str = "denials",
    place: str = "F1",
    spacing: float = 1,
    telling: float = TELLING,
    first: date = date(2026, 1, 1),
    last: date = date(2026, 6, 30),
    ends: date | None = None,
    closed: Iterable[date] = (),
    rows: dict[date, int] | None = None,
) -> Iterator[Day]:
    """A row a day from first to last but on the silent and the closed days. expected: of each silent day, or of all of
    them in order; ends: the last day looked at; rows: days with another number."""
    gap, shut = list(silent), set(closed)
    usual = dict(zip(gap, expected if isinstance(expected, list) else [expected] * len(gap), strict=True))
    day = first
    while day <= (ends or last):
        n = (rows or {}).get(day, 0 if day in usual or day in shut or day > last else 1)
        yield place, table, day, last, telling, spacing, n, day in shut, usual.get(day, 0.0 if day in shut else 5.0)
        day += timedelta(days=1)


def gaps(*feeds: Iterable[Day]) -> list[Gap]:
    """The rows of `feed_gaps`, in order."""
    sql = next(table.sql for table in load_tables() if table.name == "feed_gaps")
    with duckdb.connect() as connection:
        frame = pd.DataFrame([row for one in feeds for row in one], columns=COLUMNS)
        connection.register("frame", frame)
        connection.execute("CREATE TABLE feed_usual_days AS SELECT * FROM frame")
        connection.execute("ALTER TABLE feed_usual_days ALTER happened_on TYPE DATE")
        connection.execute("ALTER TABLE feed_usual_days ALTER last_on TYPE DATE")
        return connection.execute(f"SELECT * FROM ({sql}) ORDER BY ALL").fetchall()


def denials(first: date, before: date, place: str = "F1") -> Gap:
    return place, "denials", "rows", first, before


WEEK = [denials(march(2), march(9))]


def of_week(total: float) -> list[float]:
    """The number expected of a week, all of it on its first day: a sum without rounding."""
    return [total, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("telling", "expected", "told"),
    [
        (TELLING, of_week(TELLING), WEEK),
        (TELLING, of_week(TELLING - 1e-6), []),
        (TELLING, [2.08] * 7, WEEK),
        (TELLING, [2.07] * 7, []),
        (30.0, of_week(30.0), WEEK),
        (30.0, of_week(30.0 - 1e-6), []),
    ],
)
def test_a_week_is_told_where_so_many_rows_did_not_come_that_chance_seldom_keeps_them_back(
    telling: float, expected: list[float], told: list[Gap]
) -> None:
    assert gaps(feed(days(march(2), 7), expected=expected, telling=telling)) == told


@pytest.mark.parametrize(
    ("spacing", "n", "is_told"), [(1, 6, 0), (1, 7, 1), (1.4, 7, 1), (1.5, 7, 0), (2, 9, 0), (2, 10, 1)]
)
def test_a_silence_lasts_a_week_and_five_times_as_long_as_usual(spacing: float, n: int, is_told: int) -> None:
    silence = denials(march(2), march(2 + n))
    assert gaps(feed(days(march(2), n), expected=50.0, spacing=spacing)) == [silence] * is_told


@pytest.mark.parametrize("kind", ["encounters", "admissions", "discharges", "denials"])
@pytest.mark.parametrize(
    ("telling", "expected", "spacing", "is_enough"),
    [
        (TELLING, [10.0, 10.0], 1, True),
        (TELLING, [20.0 - 1e-6], 1, False),
        (TELLING, [10.0, 10.0], 2, False),
        (20.5, [10.0, 10.0], 1, False),
        (20.5, [10.5, 10.0], 1, True),
    ],
)
def test_of_encounters_a_shorter_silence_is_told_where_twenty_rows_did_not_come(
    kind: str, telling: float, expected: list[float], spacing: float, is_enough: bool
) -> None:
    of_what = kind if kind in ("admissions", "discharges") else "rows"
    told = [("F1", "encounters", of_what, march(2), march(2 + len(expected)))]
    found = gaps(feed(days(march(2), len(expected)), expected=expected, spacing=spacing, table=kind, telling=telling))
    assert found == (told if is_enough and kind != "denials" else [])


def test_a_silence_of_admissions_is_told_unless_the_whole_feed_was_silent_on_some_of_its_days() -> None:
    whole = feed(days(march(10), 4), table="encounters")
    rows = ("F1", "encounters", "rows", march(10), march(14))

    def with_admissions(first: int, place: str = "F1", kind: str = "admissions") -> list[Gap]:
        return gaps(feed(days(march(10), 4), table="encounters"), feed(days(march(first), 4), table=kind, place=place))

    def alone(first: int, place: str = "F1", kind: str = "admissions") -> Gap:
        return place, "encounters", kind, march(first), march(first + 4)

    assert gaps(whole) == [rows]
    assert with_admissions(7) == with_admissions(10) == with_admissions(13) == [rows]
    assert with_admissions(13, kind="discharges") == [rows]
    assert with_admissions(6) == [alone(6), rows]
    assert with_admissions(14) == [alone(14), rows]
    assert with_admissions(20, kind="discharges") == [alone(20, kind="discharges"), rows]
    assert with_admissions(10, place="F2") == [rows, alone(10, place="F2")]


def test_a_silence_of_another_table_or_of_discharges_hides_none_of_admissions() -> None:
    silences = [feed(days(march(10), 7), table=table) for table in ("admissions", "denials", "discharges")]
    assert gaps(*silences) == [
        denials(march(10), march(17)),
        ("F1", "encounters", "admissions", march(10), march(17)),
        ("F1", "encounters", "discharges", march(10), march(17)),
    ]


def test_each_stretch_is_told_by_itself_with_its_days() -> None:
    silent = [*days(march(2), 7), *days(march(20), 8)]
    assert gaps(feed(silent)) == [denials(march(2), march(9)), denials(march(20), march(28))]


def test_closed_days_are_no_silence_and_end_one() -> None:
    assert gaps(feed(closed=days(march(2), 20))) == []
    assert gaps(feed([*days(march(2), 4), *days(march(7), 4)], closed=[march(6)])) == []
    assert gaps(feed([*days(march(2), 4), *days(march(7), 7)], closed=[march(6)])) == [denials(march(7), march(14))]


def test_days_after_the_last_row_are_no_silence_between_rows() -> None:
    assert gaps(feed(last=march(1), ends=date(2026, 6, 30))) == []


def monthly(n_of_months: list[int], *, place: str = "F1", table: str = "denials") -> Iterator[Day]:
    """So many rows in January, February and so on: in January one a day from the 10th, before which five a day are
    expected; later one a day from the first. All rows of the last month come on its first day, and then none."""
    rows = {}
    for month, n in enumerate(n_of_months, start=1):
        is_last = month == len(n_of_months)
        for number, day in enumerate(days(date(2026, month, 10 if month == 1 else 1), 1 if is_last else n)):
            rows[day] = n if is_last and number == 0 else 1
    last = max(rows)
    for one in feed(table=table, place=place, last=last, ends=date(2026, 8, 31)):
        n = rows.get(one[2], 0)
        yield *one[:6], n, False, 5.0 if table == "denials" and place == "F1" and one[2] < date(2026, 1, 10) else 0.0


@pytest.mark.parametrize(("n_first", "is_told"), [(2, 0), (10, 0), (11, 1), (20, 1)])
def test_a_feed_begins_with_the_first_month_of_more_than_half_the_usual_rows(n_first: int, is_told: int) -> None:
    """Twenty rows a month are usual here, and two elsewhere."""
    others = [monthly([2] * 6, place="F2"), monthly([2] * 6, table="reviews")]
    told = [denials(date(2026, 1, 1), date(2026, 1, 10))]
    assert gaps(monthly([n_first, 20, 20, 20]), *others) == told * is_told
    assert gaps(monthly([n_first, 20, 20]), *others) == told * is_told


def test_silence_from_the_first_day_of_the_first_month_counts_in_full() -> None:
    assert gaps(feed(days(date(2026, 1, 1), 7))) == [denials(date(2026, 1, 1), date(2026, 1, 8))]
