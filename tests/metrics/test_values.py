"""The one aggregation: every kind of measure by hand, its interval, and when nothing may be shown."""

from __future__ import annotations

import math
from typing import Any

import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.compute import EXCLUSION_COLUMNS, VALUE_COLUMNS, compute_values
from tests.support.cases import ONE_IS_ENOUGH, case, exclusions_of, measure, values_of, warehouse_of

OCTOBER = ("F1", "2026-10")
PROPORTION = measure("proportion", unit="percent")
RATE = measure("rate", per=100.0, unit="per 100 discharges")
RATIO = measure("ratio", unit="index")
MEAN = measure("mean", unit="days")


def figures(row: dict[str, Any]) -> tuple[float, float, float]:
    return row["numerator"], row["denominator"], row["value"]


def test_a_proportion_is_a_percentage() -> None:
    found = values_of([case(1)] * 3 + [case(0)] * 7, PROPORTION)[OCTOBER]
    assert figures(found) == (3, 10, 30.0)


def test_a_rate_is_scaled_by_its_per() -> None:
    found = values_of([case(2), case(0), case(1), case(0)], RATE)[OCTOBER]
    assert figures(found) == (3, 4, 75.0)


def test_a_mean_is_the_sum_over_the_number() -> None:
    found = values_of([case(1), case(2), case(6)], MEAN)[OCTOBER]
    assert figures(found) == (9, 3, 3.0)


def test_a_geometric_mean_is_that_of_the_ratios_with_students_interval_of_the_logarithms() -> None:
    metric = measure("geometric_mean", unit="days", chart="xmr")
    found = values_of([case(1), case(2), case(8, 2)], metric)[OCTOBER]
    assert found["value"] == pytest.approx(2.0)  # the cube root of 1 × 2 × 4
    # ln: 0, 0.6931, 1.3863: standard deviation 0.6931; t of 2 degrees 4.3027; half width 1.7219
    assert (found["lower"], found["upper"]) == pytest.approx((2 / math.exp(1.72190), 2 * math.exp(1.72190)), rel=1e-4)


def test_a_geometric_mean_of_a_zero_is_not_shown() -> None:
    found = values_of([case(0), case(2)], measure("geometric_mean", unit="days", chart="xmr"))[OCTOBER]
    assert (found["status"], found["status_reason"]) == ("too_few", "not_above_zero")
    assert math.isnan(found["value"])


def test_a_percentile_lies_between_the_cases() -> None:
    metric = measure("percentile", percentile=90.0, unit="days", chart="xmr")
    found = values_of([case(1), case(2), case(4), case(8)], metric)[OCTOBER]
    assert found["value"] == pytest.approx(6.8)  # at 2.7 of the way 0 to 3: from 4 seven tenths on to 8


def test_a_ratio_is_a_ratio_of_sums_and_no_mean_of_ratios() -> None:
    found = values_of([case(4, 2), case(9, 1)], RATIO)[OCTOBER]
    assert figures(found) == (13, 3, pytest.approx(13 / 3))  # the mean of the ratios would be 5.5


def test_a_median_is_the_middle_of_the_cases() -> None:
    metric = measure("median", unit="days")
    assert values_of([case(1), case(2), case(30)], metric)[OCTOBER]["value"] == 2
    found = values_of([case(1), case(2), case(4), case(30)], metric)[OCTOBER]
    assert found["value"] == 3
    assert math.isnan(found["lower"])
    assert math.isnan(found["upper"])


def test_a_count_has_no_denominator_and_no_interval() -> None:
    found = values_of([case(), case()], measure("count"), settings=Settings())[OCTOBER]
    assert (found["numerator"], found["value"], found["status"]) == (2, 2, "ok")  # two are enough for a count
    assert all(math.isnan(found[column]) for column in ("denominator", "lower", "upper"))


def test_the_system_is_the_ratio_of_all_sums() -> None:
    cases = [case(1), case(0, facility="F2"), case(0, facility="F2"), case(0, facility="F2")]
    found = values_of(cases, PROPORTION)
    assert {key: row["value"] for key, row in found.items()} == {
        ("all", "2026-10"): 25.0,  # one of four, not the mean of 100 and 0
        ("F1", "2026-10"): 100.0,
        ("F2", "2026-10"): 0.0,
    }


def test_a_case_belongs_to_the_month_of_its_day() -> None:
    days = ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01", "2028-02-29"]
    found = values_of([case(on=day) for day in days], measure("count"))
    assert {month: row["value"] for (facility, month), row in found.items() if facility == "F1"} == {
        "2026-09": 1,
        "2026-10": 2,
        "2026-11": 1,
        "2028-02": 1,
    }


def test_a_month_without_cases_does_not_appear() -> None:
    found = values_of([case(on="2026-01-10"), case(on="2026-03-10", facility="F2")], MEAN)
    assert set(found) == {("all", "2026-01"), ("all", "2026-03"), ("F1", "2026-01"), ("F2", "2026-03")}


@pytest.mark.parametrize(
    ("events", "cases", "lower", "upper"),
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_the_interval_of_a_proportion_is_wilsons(events: int, cases: int, lower: float, upper: float) -> None:
    # Newcombe, Statistics in Medicine 1998; 17: 857–872, table I, method 3
    found = values_of([case(1)] * events + [case(0)] * (cases - events), PROPORTION)[OCTOBER]
    assert (round(found["lower"], 2), round(found["upper"], 2)) == (lower, upper)


def test_the_interval_of_a_mean_is_students_on_the_log_scale() -> None:
    found = values_of([case(1), case(2), case(3), case(4)], MEAN)[OCTOBER]
    # s = √(5/3), s/√4 = 0.645497, t with 3 degrees of freedom = 3.182446: exp(2.054260/2.5) = 2.274372
    assert (found["lower"], found["upper"]) == pytest.approx((2.5 / 2.274372, 2.5 * 2.274372), abs=1e-5)


def test_the_interval_of_a_ratio_comes_from_the_spread_around_it() -> None:
    found = values_of([case(2, 1), case(4, 2), case(6, 2)], RATIO)[OCTOBER]
    # r = 12/5; residuals −0.4, −0.8, 1.2; squares 2.24; √(2.24/2/3) ÷ (5/3) = 0.366606; t with 2 = 4.302653
    # exp(1.577379/2.4) = 1.929461
    assert (found["lower"], found["upper"]) == pytest.approx((2.4 / 1.929461, 2.4 * 1.929461), abs=1e-4)


def test_one_case_has_no_spread_and_so_no_interval() -> None:
    found = values_of([case(4, 2)], RATIO)[OCTOBER]
    assert found["value"] == 2
    assert math.isnan(found["lower"])
    assert math.isnan(found["upper"])


@pytest.mark.parametrize(("events", "upper"), [(0, 3.69), (5, 11.67), (10, 18.39)])
def test_the_interval_of_a_rate_reaches_at_least_as_far_as_the_exact_poisson_one(events: int, upper: float) -> None:
    # Garwood, Biometrika 1936; 28: 437–442: exact upper limits of 0, 5 and 10 events; here each in a case of its own
    found = values_of([case(1)] * events + [case(0)] * (1000 - events), RATE)[OCTOBER]
    assert round(10 * found["upper"], 2) == upper


def test_the_interval_of_a_rate_does_not_vanish_where_all_cases_are_alike() -> None:
    found = values_of([case(1)] * 10, RATE)[OCTOBER]
    # no spread at all; Garwood's limits of 10 events are 4.80 and 18.39
    assert (round(found["lower"], 1), round(found["upper"], 1)) == (48.0, 183.9)


def test_events_that_come_in_clusters_widen_the_interval_of_a_rate() -> None:
    spread_out = values_of([case(1)] * 20 + [case(0)] * 80, RATE)[OCTOBER]
    clustered = values_of([case(10)] * 2 + [case(0)] * 98, RATE)[OCTOBER]
    assert spread_out["value"] == clustered["value"] == 20
    # Fay and Feuer: Σy = 20, Σy² = 200. Lower 200/40 · χ²(0.025; 4 df) = 5 · 0.484419; upper with one more event of
    # weight 200/20 = 10: 300/60 · χ²(0.975; 2·30²/300 = 6 df) = 5 · 14.449375
    assert (clustered["lower"], clustered["upper"]) == pytest.approx((2.422093, 72.246877), abs=1e-5)
    assert clustered["upper"] > spread_out["upper"]


def test_a_month_of_few_events_knows_from_the_others_how_heavy_events_are() -> None:
    quiet = [case(0, on="2026-02-10") for _ in range(100)]
    heavy = [case(5, on="2026-01-10")] * 20 + [case(0, on="2026-01-10")] * 80
    alone = values_of(quiet, RATE)["all", "2026-02"]
    beside = values_of([*quiet, *heavy], RATE)["all", "2026-02"]
    assert round(alone["upper"], 2) == 3.69
    assert round(beside["upper"], 2) == round(5 * 3.688879, 2)  # one event of weight 5: 25/10 · χ²(0.975; 2 df)


def test_costs_need_more_cases_than_other_figures() -> None:
    cost = MEAN.model_copy(update={"unit": "usd"})
    settings = Settings(min_denominator=25, min_cost_cases=100)
    assert [settings.fewest_cases(is_cost=is_cost) for is_cost in (True, False)] == [100, 25]
    assert values_of([case(1)] * 99, cost, settings=settings)[OCTOBER]["status_reason"] == "few_cases:100"
    assert values_of([case(1)] * 100, cost, settings=settings)[OCTOBER]["status"] == "ok"


def test_what_is_all_there_is_has_neither_a_least_number_of_cases_nor_an_interval() -> None:
    settings = Settings(min_denominator=25, min_cost_cases=100)
    lines = [case(90, 100), case(120, 100)]
    assert values_of(lines, RATIO, settings=settings)[OCTOBER]["status"] == "too_few"
    budget = RATIO.model_copy(update={"counts_patients": False, "is_sample": False})
    found = values_of(lines, budget, settings=settings)[OCTOBER]
    assert (found["status"], found["value"]) == ("ok", 1.05)
    assert math.isnan(found["lower"])
    assert math.isnan(found["upper"])


def test_only_what_can_be_negative_has_a_negative_bound() -> None:
    assert 0 <= values_of([case(0), case(9)], MEAN)[OCTOBER]["lower"] < 0.01
    assert values_of([case(-1), case(9)], MEAN)[OCTOBER]["lower"] < 0


@pytest.mark.parametrize(("counted", "status", "reason"), [(24, "too_few", "few_cases:25"), (25, "ok", "")])
def test_below_the_least_number_of_cases_no_value_is_shown(counted: int, status: str, reason: str) -> None:
    # cases that do not count do not help
    cases = [case(2)] * counted + [case(None, None, excluded="died")] * 5
    found = values_of(cases, MEAN, settings=Settings(min_denominator=25))[OCTOBER]
    assert (found["status"], found["status_reason"]) == (status, reason)
    assert (found["numerator"], found["denominator"]) == (2 * counted, counted)
    assert [math.isnan(found[column]) for column in ("value", "lower", "upper")] == [counted == 24] * 3


def test_a_month_of_excluded_cases_only_has_no_value() -> None:
    for metric in (MEAN, measure("count")):
        found = values_of([case(None, None, excluded="died")], metric)[OCTOBER]
        assert (found["status"], found["status_reason"], found["n_cases"], found["n_excluded"]) == (
            "too_few",
            "no_cases",
            1,
            1,
        )
        assert math.isnan(found["value"])


def test_nothing_is_divided_by_zero() -> None:
    found = values_of([case(3, 0), case(0, 0)], RATIO)[OCTOBER]
    assert (found["status"], found["status_reason"]) == ("too_few", "zero_denominator")
    assert all(math.isnan(found[column]) for column in ("value", "lower", "upper"))


def test_excluded_cases_are_counted_by_reason_for_each_facility_and_the_system() -> None:
    cases = [
        case(),
        case(None, None, excluded="died"),
        case(None, None, excluded="died", facility="F2"),
        case(None, None, excluded="transferred", on="2026-11-02"),
    ]
    exclusions = exclusions_of(cases, MEAN)
    assert tuple(exclusions.columns) == EXCLUSION_COLUMNS
    assert {tuple(row[1:]) for row in exclusions.itertuples(index=False)} == {
        ("F1", "2026-10", "died", 1),
        ("F2", "2026-10", "died", 1),
        ("all", "2026-10", "died", 2),
        ("F1", "2026-11", "transferred", 1),
        ("all", "2026-11", "transferred", 1),
    }


@pytest.mark.parametrize(
    ("supplied", "expected"),
    [
        ([("census", False, "not_supplied", "table_not_supplied:census")], "table_not_supplied:census"),
        (
            [("census", True, "", ""), ("icd", False, "not_computable", "no_icd_codes")],
            "no_icd_codes",
        ),
        ([("census", True, "", "")], "item_unknown:icd"),
    ],
)
def test_a_measure_without_its_inputs_has_one_row_that_says_why(
    supplied: list[tuple[str, bool, str, str]], expected: str
) -> None:
    metric = measure("mean", needs=("census", "icd"))
    with warehouse_of([case(1)]) as connection:
        connection.executemany("INSERT INTO supply VALUES (?, ?, ?, ?)", supplied)
        ((_, values, exclusions),) = compute_values(connection, [metric], settings=ONE_IS_ENOUGH)
    assert tuple(values.columns) == VALUE_COLUMNS
    (row,) = values.to_dict("records")
    assert (row["facility_id"], row["month"], row["status_reason"]) == ("all", "", expected)
    assert row["status"] == ("not_supplied" if "supplied" in expected else "not_computable")
    assert all(math.isnan(row[column]) for column in ("numerator", "denominator", "value", "lower", "upper"))
    assert exclusions.empty


def test_a_measure_whose_inputs_are_there_is_computed() -> None:
    with warehouse_of([case(1)]) as connection:
        connection.execute("INSERT INTO supply VALUES ('census', true, '', '')")
        ((_, values, _),) = compute_values(connection, [measure("mean", needs=("census",))], settings=ONE_IS_ENOUGH)
    assert set(values["status"]) == {"ok"}
