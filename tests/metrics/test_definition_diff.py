"""The way from one measure's figure to another's: each case in one step, and the steps add up exactly."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.metrics.definition_diff import compare_definitions

METRICS = load_metrics()
Case = tuple[str, float | None, float | None, str | None, str]
"""case_id, numerator, denominator, exclusion_reason, outcome_rule."""


def an_empty_warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE supply (item VARCHAR, is_supplied BOOLEAN, status VARCHAR, reason VARCHAR)")
    connection.execute(
        "CREATE TABLE watermarks (facility_id VARCHAR, complete_through DATE, is_held_back BOOLEAN, "
        "is_material BOOLEAN)"
    )
    connection.execute(
        "CREATE TABLE feed_ends (facility_id VARCHAR, table_name VARCHAR, complete_through DATE, is_held_back BOOLEAN)"
    )
    return connection


def laid_side_by_side(
    first: list[Case], second: list[Case], *, months: tuple[Month, Month] | None = None
) -> pd.DataFrame:
    with an_empty_warehouse() as connection:
        for name, cases in (("one", first), ("other", second)):
            connection.execute(
                f"CREATE TABLE {name}_cases (case_id VARCHAR, facility_id VARCHAR, unit_id VARCHAR, event_date DATE, "
                "numerator DOUBLE, denominator DOUBLE, exclusion_reason VARCHAR, outcome_rule VARCHAR)"
            )
            for case_id, numerator, denominator, reason, rule in cases:
                row = [case_id, "F", None, date(2024, 5, 1), numerator, denominator, reason, rule]
                connection.execute(f"INSERT INTO {name}_cases VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return compare_definitions(connection, measure("one"), measure("other"), months=months)


def measure(name: str, **changes: object) -> Metric:
    fields = METRICS["readmission_7d"].model_dump() | {
        "name": name,
        "title": name * 2,
        "sql": f"SELECT * FROM {name}_cases",
        "needs": (),
        "matures_after_days": 0,
        "balancing": (),
        "told_with": None,
        "data_faults": (),
        "late_data_exclusions": (),
        "exclusions": {"died": "Died.", "planned": "Planned."},
    }
    return Metric.model_validate(fields | changes)


def test_every_rule_is_one_step_in_the_words_of_its_measure() -> None:
    first: list[Case] = [
        ("a", 1, 1, None, "unplanned return"),
        ("b", 0, 1, None, "no return"),
        ("c", 0, 1, None, "planned return"),
        ("d", None, None, "died", ""),
        ("e", 0, 1, None, "no return"),
    ]
    second: list[Case] = [
        ("a", 1, 1, None, "inpatient return"),
        ("b", 1, 1, None, "observation return"),
        ("c", None, None, "planned", ""),
        ("d", 0, 1, None, "no return"),
        ("f", 1, 1, None, "inpatient return"),
    ]
    steps = laid_side_by_side(first, second)
    assert steps["step"].tolist() == [
        "oneone",
        "- no case of the second",
        "- left out by the second",
        "+ no case of the first",
        "+ left out by the first",
        "± counted otherwise",
        "otherother",
    ]
    assert steps["rule"][[2, 4, 5]].tolist() == ["planned: Planned.", "died: Died.", "no return; observation return"]
    assert steps["cases"].tolist() == [4, 1, 1, 1, 1, 1, 4]
    assert steps["numerator"].tolist() == [1, 0, 0, 1, 0, 1, 3]
    assert steps["denominator"].tolist() == [4, -1, -1, 1, 1, 0, 4]
    assert steps["value"].tolist() == pytest.approx([25, 100 / 3, 50, 200 / 3, 50, 75, 75])


def test_a_measure_laid_beside_itself_has_no_step() -> None:
    cases: list[Case] = [("a", 1, 1, None, "x"), ("b", None, None, "died", "")]
    assert len(laid_side_by_side(cases, cases)) == 2


def test_only_the_months_asked_for_are_compared() -> None:
    cases: list[Case] = [("a", 1, 1, None, "x")]
    may, june = Month(2024, 5), Month(2024, 6)
    assert laid_side_by_side(cases, cases, months=(may, may))["cases"].tolist() == [1, 1]
    assert laid_side_by_side(cases, cases, months=(june, june))["cases"].tolist() == [0, 0]


ONE_CASE = st.one_of(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.none(), st.sampled_from(["x", "y"])),
    st.tuples(st.none(), st.none(), st.sampled_from(["died", "planned"]), st.just("x")),
)
LISTS = st.dictionaries(st.sampled_from("abcdefghij"), ONE_CASE).map(
    lambda cases: [(case_id, *case) for case_id, case in cases.items()]
)


def counted(cases: list[Case], place: int) -> float:
    return sum(float(str(case[place])) for case in cases if case[3] is None)


@settings(deadline=None, max_examples=40)
@given(LISTS, LISTS)
def test_the_steps_add_up_exactly(first: list[Case], second: list[Case]) -> None:
    begin, *between, end = laid_side_by_side(first, second).to_dict("records")
    for part, place in (("numerator", 1), ("denominator", 2)):
        assert begin[part] == counted(first, place)
        assert end[part] == counted(second, place)
        assert begin[part] + sum(step[part] for step in between) == end[part]
    same = {case[0] for case in first if case[:4] in {other[:4] for other in second}}
    assert sum(step["cases"] for step in between) <= len({case[0] for case in first + second} - same)


def test_measures_of_different_units_are_not_compared() -> None:
    with an_empty_warehouse() as connection:
        days = measure("other", kind="mean", unit="days", chart="xmr")
        with pytest.raises(InputError, match="one is in percent, other in days"):
            compare_definitions(connection, measure("one"), days)
        with pytest.raises(InputError, match="is a median, which is no sum over cases"):
            compare_definitions(connection, measure("one"), measure("other", kind="median", unit="days", chart="xmr"))


def test_what_was_not_supplied_is_said() -> None:
    with an_empty_warehouse() as connection:
        connection.execute("INSERT INTO supply VALUES ('denials', FALSE, 'not_supplied', 'the denials table')")
        with pytest.raises(InputError, match="other has no cases: it is not supplied"):
            compare_definitions(connection, measure("one"), measure("other", needs=("denials",)))
