"""Results as plain data, and series from tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import RebaseDecision, check_rebase, evaluate_chart, evaluate_funnel
from kpi_pipeline.signals.result_tables import COLUMNS, result_as_dict, result_rows
from kpi_pipeline.signals.series_table import evaluate_table
from kpi_pipeline.signals.types import Constant


def test_a_result_is_fit_for_json() -> None:
    result = evaluate_chart([11.0, 9.0] * 6 + [20.0, None], chart="xmr", better="lower", target=8)
    plain = json.loads(json.dumps(result_as_dict(result), allow_nan=False))
    assert plain["variation"] == "concern_high"
    assert plain["points"][12]["rules"] == [{"rule": "outside", "side": "high"}]
    assert plain["points"][13]["value"] is None
    assert plain["deciding_signal"] == {"rule": "outside", "side": "high", "positions": [12]}
    assert plain["rule_set"]["name"] == "nhs-2024"
    assert plain["rule_set"]["across_phases"] == ["trend"]


def test_no_result_carries_a_sentence_but_the_sources_it_cites() -> None:
    wild = evaluate_chart([5, 40, 8, None, 35] * 6, chart="p", denominators=[100] * 30, better="lower", target=0.3)
    shifted = evaluate_chart([11.0, 9.0] * 6 + [20.0] * 6, chart="xmr", better="lower", target=8, frozen_points=12)
    run = evaluate_chart([5, 1, 6, 2, 7, 1, 5, 2, 6, 1, 8, 2] + [9] * 9, chart="run", better="lower")
    decision = RebaseDecision(12, "Lounge", "Director", date(2026, 2, 1), is_trial=True)
    check = check_rebase([11.0, 9.0] * 6 + [16.0, 14.0] * 3, chart="xmr", better="lower", decision=decision)
    funnel = evaluate_funnel([20, 20, 1, 70], [100] * 4, names=list("ABCD"), better="lower")
    assert wild.warnings
    assert shifted.deciding_signal
    assert check.refusals
    for result in (wild, shifted, run, check, funnel):
        assert [text for name, text in texts_of(result) if " " in text and name != "source"] == []


def texts_of(thing: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a result, with the field that holds it; names of constants are terms, not sentences."""
    if isinstance(thing, Constant):
        return
    if isinstance(thing, str):
        yield name, thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from texts_of(getattr(thing, field.name), field.name)
    elif isinstance(thing, (tuple, frozenset)):
        for one in thing:
            yield from texts_of(one, name)


def test_rows_have_the_columns_they_promise() -> None:
    result = evaluate_chart([11.0, 9.0] * 6 + [12.0] * 6, chart="xmr", better="lower", phases=[12], baseline=12)
    shifted = evaluate_chart([11.0, 9.0] * 6 + [20.0] * 6, chart="xmr", better="lower", baseline=12)
    rows = result_rows(result)
    assert [tuple(row) for row in rows] == [COLUMNS] * 18
    assert (rows[0]["phase"], rows[17]["phase"]) == (1, 2)
    assert (rows[0]["rules"], rows[0]["deciding_rule"]) == ("", "")
    last = result_rows(shifted)[-1]
    assert last["rules"] == "outside high; shift high; two_of_three high"
    assert (last["deciding_rule"], last["point_class"]) == ("shift high", "concern")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_of_values_with_every_optional_column() -> None:
    rows = table(
        "period,value,target,phase,is_ghosted,is_immature\n"
        "2025-01,10,9,a,,\n2025-02,12,9,a,no,false\n2025-03,90,9,a,yes,0\n2025-04,,8,b,,\n2025-05,30,8,b,,\n2025-06,34,8,b,,1\n"
    )
    result = evaluate_table(rows, chart="xmr", better="lower")
    assert result == evaluate_chart(
        [10, 12, 90, None, 30, 34],
        chart="xmr",
        better="lower",
        periods=[f"2025-0{month}" for month in range(1, 7)],
        target=[9, 9, 9, 8, 8, 8],
        phases=[3],
        ghosted=[2],
        immature=[5],
    )


def test_a_table_of_counts_and_one_of_subgroups() -> None:
    counts = evaluate_table(table("numerator,denominator\n10,100\n70,300\n"), chart="p", value_scale=100)
    assert counts.points[0].upper == pytest.approx(32)
    groups = evaluate_table(table("mean,size,sd,range\n10,4,1,2\n12,4,3,6\n"), chart="xbar")
    assert groups.points[0].centre == 11
    by_range = evaluate_table(table("mean,size,sd,range\n10,4,1,2\n12,4,3,6\n"), chart="xbar", estimator="UWAVE-R")
    assert by_range.phases[0].sigma == pytest.approx(4 / 2.059)


def test_options_win_over_columns() -> None:
    rows = table("value,target\n1,5\n2,5\n")
    assert evaluate_table(rows, chart="xmr", target=9).points[0].target == 9


@pytest.mark.parametrize(
    ("text", "chart", "faults"),
    [
        ("value\n", "xmr", ["table: has no rows."]),
        ("valeu\n1\n", "xmr", ["column valeu: is not known.", "column value: is missing"]),
        ("value\n1\n", "p", ["column numerator: is missing", "column denominator: is missing"]),
        ("value,target\n1,x\ny,2\n", "xmr", ["row 1, column target: is not a number.", "row 2, column value: is not"]),
        ("value\n1e308\n-inf\n", "xmr", ["row 1, column value: is too large", "row 2, column value: is too large"]),
        ("value,is_ghosted\n1,maybe\n", "xmr", ["row 1, column is_ghosted: is neither true nor false."]),
    ],
)
def test_faults_name_row_and_column(text: str, chart: str, faults: list[str]) -> None:
    with pytest.raises(InputError) as error:
        evaluate_table(table(text), chart=chart)  # type: ignore[arg-type]
    assert len(error.value.faults) == len(faults)
    for fault in faults:
        assert fault in str(error.value)
