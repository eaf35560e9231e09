"""How many usual rows must not come before a silence is told: by hand, and held against feeds that come by chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks.feed_simulation import BUNDLES, drawn_builds
from kpi_pipeline.warehouse.tables import load_tables
from tests.support.feed_days import INPUTS, judge_feeds, judged_days

FIRST = date(2026, 1, 1)
N_WEEKS = 7
N_DAYS = 13 + 7 * N_WEEKS
"""Of so many days 49 end two whole weeks: each place in the fortnight comes equally often."""


def rows(n_of_days: Iterable[int], *, table: str = "denials") -> pd.DataFrame:
    """So many rows on each day from the first on; days without any have no line."""
    days = [(FIRST + timedelta(days=number), n) for number, n in enumerate(n_of_days) if n]
    return pd.DataFrame([("F", table, day, n) for day, n in days], columns=[*COLUMNS])


COLUMNS = ("facility_id", "table_name", "happened_on", "n_rows")


def telling(frame: pd.DataFrame, n_days: int, *, closed: tuple[int, int] | None = None) -> dict[str, float]:
    """n_telling of each table. closed: the first and the last day, counted from 0, on which the facility is shut."""
    with judged_days(frame, FIRST + timedelta(days=n_days - 1)) as connection:
        if closed:
            shut = [FIRST + timedelta(days=number) for number in closed]
            connection.execute("INSERT INTO declared_closures VALUES ('F', ?, ?)", shut)
            judge_feeds(connection)
        found = connection.execute("SELECT DISTINCT table_name, n_telling FROM feed_usual_days").fetchall()
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_day_of_every_feed_is_a_look_and_one_build_in_a_hundred_may_be_wrong() -> None:
    one = rows([1] * 62)
    assert telling(one, 62) == {"denials": pytest.approx(math.log(62 / 0.01))}
    both = pd.concat([one, rows([2] * 80, table="reviews")])
    assert telling(both, 80) == dict.fromkeys(("denials", "reviews"), pytest.approx(math.log((80 + 80) / 0.01)))


def test_rows_in_bundles_ask_for_so_many_times_as_many_rows_and_a_standard_error() -> None:
    """Seven days of one row and seven of eight in turn: the differences of the sliding weeks are 7, 5, 3, 1, -1, -3 and
    -5 times seven, whose squares are 17 times 49 on average; 63 rows come in two weeks."""
    fortnights = ([1] * 7 + [8] * 7) * 5
    bundle = 17 * 49 / 63 * (1 + math.sqrt(2 / N_WEEKS))
    assert telling(rows(fortnights[:N_DAYS]), N_DAYS) == {"denials": pytest.approx(bundle * math.log(100 * N_DAYS))}


@pytest.mark.parametrize(
    ("n_silent", "closed", "is_counted"), [(7, None, False), (6, None, True), (6, (30, 35), False)]
)
def test_a_long_silence_and_closed_days_say_nothing_of_bundles(
    n_silent: int, closed: tuple[int, int] | None, is_counted: bool
) -> None:
    n_of_days = [0 if 30 <= number < 30 + n_silent else 20 for number in range(90)]
    (found,) = telling(rows(n_of_days), 90, closed=closed).values()
    assert (found > 1.01 * math.log(100 * 90)) == is_counted


def test_encounters_of_less_than_a_row_a_day_are_taken_for_pairs() -> None:
    every_other_day = [1, 0] * 70
    for table, times in (("denials", 1), ("encounters", 2)):
        (found,) = telling(rows(every_other_day, table=table), 139).values()
        assert found == pytest.approx(times * math.log(100 * 139))
    (found,) = telling(rows([1] * 139, table="encounters"), 139).values()
    assert found == pytest.approx(math.log(100 * 139))


@pytest.mark.parametrize(("n_days", "is_held_back"), [(4, False), (5, True)])
def test_a_feed_has_stopped_where_chance_would_seldom_leave_so_many_days_empty(n_days: int, is_held_back: bool) -> None:
    """Two rows a day for 100 days: 8 and 10 rows did not come, and ln(100 × 104) is 9.25, ln(100 × 105) 9.26."""
    with judged_days(rows([2] * 100), FIRST + timedelta(days=100 + n_days - 1)) as connection:
        found = connection.execute("SELECT complete_through, is_held_back FROM feed_ends").fetchall()
    stopped = FIRST + timedelta(days=99 if is_held_back else 99 + n_days)
    assert found == [(stopped, is_held_back)]


def told(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, date]]:
    """The feeds told, with the first silent day, or the first after the last that is supported."""
    return connection.execute(
        "SELECT table_name, starts_on FROM feed_gaps UNION ALL "
        "SELECT table_name, CAST(complete_through + INTERVAL 1 DAY AS DATE) FROM feed_ends WHERE is_held_back"
    ).fetchall()


@pytest.mark.parametrize("bundle", [one for _, one in BUNDLES], ids=[words for words, _ in BUNDLES])
def test_of_feeds_that_come_by_chance_none_is_told(bundle: Callable[[np.random.Generator, int], np.ndarray]) -> None:
    """Six builds of ten feeds each, 0.3 to 12 bundles a day: an allowance of one in ten thousand for each silence and
    each row told of some in nearly all of those in bundles."""
    for frame in drawn_builds(bundle, 6):
        with judged_days(frame, date(2026, 10, 31)) as connection:
            assert told(connection) == []


def test_of_feeds_that_come_by_chance_those_that_lose_a_fortnight_are_told() -> None:
    """Two rows a day and more, between others and at the end. Thin days just before the loss are counted to it: the
    likeliest day that it began is within a week."""
    _, bundle = BUNDLES[0]
    between, last = (date(2026, 3, 2), date(2026, 3, 15)), (date(2026, 10, 18), date(2026, 10, 31))
    for frame in drawn_builds(bundle, 3):
        on = frame["happened_on"].dt.date
        for first, end in (between, last):
            with judged_days(frame[(on < first) | (on > end)], date(2026, 10, 31)) as connection:
                found = dict(told(connection))
            assert all(first - timedelta(days=7) <= found[feed] <= first for feed in ("feed 7", "feed 8", "feed 9"))


def test_the_judgement_of_feeds_reads_the_tables_named_and_no_other() -> None:
    judged = {
        table.name: table.reads
        for table in load_tables()
        if table.name in ("feed_usual_days", "feed_gaps", "feed_ends")
    }
    assert frozenset().union(*judged.values()) - judged.keys() == INPUTS.keys()
