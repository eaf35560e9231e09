"""How numbers, targets, counts, dates and lists are written."""

from __future__ import annotations

from datetime import date

import pytest

from kpi_pipeline.core.text.language import date_words, format_count, format_number, one_or_many
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_target, format_value, small_count_words
from kpi_pipeline.report.words.phrases import count_words, is_plural, mid_sentence, subject, target_words
from tests.support.frozen_metrics import FROZEN_METRICS

METRICS = FROZEN_METRICS


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1180, 0, "1,180"),
        (4.785, 2, "4.79"),  # 4.785 is 4.78499… in binary; on paper the half goes up
        (2.675, 2, "2.68"),
        (13.45, 1, "13.5"),
        (13.449, 1, "13.4"),
        (0.5, 0, "1"),
        (-0.3, 1, "−0.3"),
        (-0.04, 1, "0.0"),  # never a negative zero
        (1_234_567.5, 0, "1,234,568"),
    ],
)
def test_numbers_are_rounded_half_up_with_separators(value: float, decimals: int, text: str) -> None:
    assert format_number(value, decimals) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_missing_number_is_never_written(value: float) -> None:
    with pytest.raises(ValueError, match="no digits"):
        format_number(value)


def test_rounding_gives_no_negative_zero() -> None:
    assert str(round_half_up(-0.04, 1)) == "0.0"


@pytest.mark.parametrize(
    ("metric", "value", "sentence", "bare"),
    [
        ("readmission_30d", 13.42, "13.4%", "13.4%"),
        ("length_of_stay_days", 4.776, "4.78 days", "4.78"),
        ("total_cost_per_case_usd", 14209.6, "$14,210", "$14,210"),
        ("total_cost_per_case_usd", -310.0, "−$310", "−$310"),
        ("length_of_stay_index", 1.034, "1.03", "1.03"),
        ("denials_per_100_discharges", 6.31, "6.3 per 100 discharges", "6.3"),
        ("discharges", 1212.0, "1,212 discharges", "1,212"),
        ("discharges", 1.0, "1 discharge", "1"),
        ("caseload_per_case_manager", 18.04, "18.0 cases", "18.0"),
    ],
)
def test_a_value_is_written_with_its_unit_and_decimals(metric: str, value: float, sentence: str, bare: str) -> None:
    assert format_value(value, METRICS[metric]) == sentence
    assert format_bare(value, METRICS[metric]) == bare


@pytest.mark.parametrize(
    ("metric", "value", "short", "words"),
    [
        ("readmission_30d", 13.5, "≤ 13.5%", "13.5% or lower"),
        ("initial_assessment_within_24h", 90, "≥ 90.0%", "90.0% or higher"),
        ("case_mix_index", 1.5, "1.500", "1.500"),
    ],
)
def test_a_target_says_on_which_side_it_is_met(metric: str, value: float, short: str, words: str) -> None:
    assert format_target(value, METRICS[metric]) == short
    assert target_words(value, METRICS[metric]) == words


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1180.0, "discharges", "1,180 discharges"),
        (1.0, "discharges", "1 discharge"),
        (0.0, "discharges", "0 discharges"),
        (1.0, "case manager shifts", "1 case manager shift"),
        (1.0, "days of stay", "1 day of stay"),
        (1.0, "facilities", "1 facility"),
        (12.5, "expected days", "12.5 expected days"),
        (1812.4, "expected days", "1,812 expected days"),
        (Withheld.SMALL, "discharges", "discharges withheld"),
        (Withheld.COMPLEMENT, "discharges", "discharges withheld"),
        (Withheld.COMPLEMENT, "", "withheld"),
        (None, "discharges", "–"),
    ],
)
def test_a_count_is_written_with_its_noun_or_why_it_is_not_there(count: Number, noun: str, text: str) -> None:
    assert count_words(count, noun=noun) == text


def test_plain_counts() -> None:
    assert format_count(2, "rows") == "2 rows"
    assert format_count(1204) == "1,204"
    assert one_or_many(2, "rows") == "rows"
    assert [small_count_words(n) for n in (0, 1, 12, 13, 1200)] == ["no", "one", "twelve", "13", "1,200"]


def test_dates_and_lists() -> None:
    assert date_words(date(2026, 11, 6)) == "November 6, 2026"
    assert [join_words(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert capitalised("one measure, DRG") == "One measure, DRG"


PLURAL_TITLES = {
    "readmission_30d",
    "discharges",
    "avoidable_days_per_100_discharges",
    "denials_per_100_discharges",
    "caseload_per_case_manager",
}


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_title_takes_the_right_verb(metric: Metric) -> None:
    assert is_plural(metric.title) == (metric.name in PLURAL_TITLES)


def test_titles_inside_sentences() -> None:
    assert mid_sentence("Average length of stay") == "average length of stay"
    assert mid_sentence("30-day unplanned readmissions") == "30-day unplanned readmissions"
    assert mid_sentence("DRG weight") == "DRG weight"
    assert subject("Cost per case, case mix adjusted") == "Cost per case (case mix adjusted)"
