"""Board and external reports: counts from 1 to 10, and what gives one away, are nowhere in the model or the table."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.figures import Figure, read_figures
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report, build_report_and_tables
from kpi_pipeline.report.model import DataQuality, Report
from kpi_pipeline.report.pages.appendix import build_data_quality
from kpi_pipeline.warehouse.facts import FunnelStep, LedgerRow, QuarantineReason
from tests.report.invented_report import FACTS, LAST, report_inputs

SEPTEMBER = Month(2026, 9)
READMISSION, LOS, COST = "readmission_30d", "length_of_stay_days", "total_cost_per_case_usd"


def disclosed(inputs: ReportInputs) -> dict[tuple[str, str, Month], Figure]:
    figures = read_figures(inputs.values, inputs.exclusions, inputs.metrics, [SEPTEMBER, LAST])
    kept = withhold_small_numbers(figures, inputs.metrics, threshold=11)
    return {(one.metric, one.facility_id, one.month): one for one in kept}


def data_quality(inputs: ReportInputs) -> DataQuality:
    judged = judge(inputs)
    return build_data_quality(judged.scope, judged.records)


def rows_of(figures_csv: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(figures_csv, newline="")))


def definition_counts(report: Report, metric: str) -> tuple[str | None, dict[str, str]]:
    one = next(one for one in report.appendix.definitions if one.metric == metric)
    return one.counted, {item.text: item.count for item in one.exclusions}


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_small_numerator_withholds_the_rate_and_the_next_facility() -> None:
    """C has 8 returns of 60; A, B and C sum to the system, so B, the next smallest, goes too."""
    inputs = report_inputs({READMISSION: lambda at: 8 / 60}, facilities="ABC", discharges={"A": 900, "B": 300, "C": 60})
    figures = disclosed(inputs)
    shown = {place: figures[(READMISSION, place, SEPTEMBER)] for place in ("all", "A", "B", "C")}
    assert (shown["C"].numerator, shown["C"].value) == (Withheld.SMALL, Withheld.SMALL)
    assert shown["C"].denominator == 60.0
    assert (shown["B"].numerator, shown["B"].value) == (Withheld.COMPLEMENT, Withheld.COMPLEMENT)
    assert (shown["A"].numerator, shown["A"].value) == (120.0, 13.3)
    assert shown["all"].numerator == 168.0
    assert shown["C"].plotted_numerator is None  # not even the limits know it


def test_a_rate_close_to_all_is_as_telling_as_one_close_to_none() -> None:
    """54 of 60 assessed in time leaves six who were not."""
    inputs = report_inputs({"initial_assessment_within_24h": lambda at: 0.9}, discharges=60)
    assert disclosed(inputs)[("initial_assessment_within_24h", "all", SEPTEMBER)].value is Withheld.SMALL


def test_few_cases_withhold_value_and_denominator() -> None:
    figures = disclosed(report_inputs(facilities="AB", discharges={"A": 900, "B": 8}))
    small = figures[(LOS, "B", SEPTEMBER)]
    assert (small.denominator, small.numerator) == (Withheld.SMALL, Withheld.COMPLEMENT)
    assert figures[(LOS, "A", SEPTEMBER)].value is Withheld.COMPLEMENT  # the system less A is B
    assert figures[(LOS, "A", SEPTEMBER)].denominator is Withheld.COMPLEMENT


def test_zero_is_printed_and_never_stands_for_a_small_count() -> None:
    report, tables = build_report_and_tables(
        report_inputs({"denials_per_100_discharges": lambda at: 0.0 if at % 2 else 5 / 1200}, privacy="external")
    )
    rows = {
        row["month"]: row for row in rows_of(tables["figures.csv"]) if row["metric"] == "denials_per_100_discharges"
    }
    assert (rows["2026-08"]["numerator"], rows["2026-08"]["value"]) == ("0", "0")
    assert (rows["2026-09"]["numerator"], rows["2026-09"]["value"]) == ("withheld", "withheld")
    chart = next(one.chart for one in report.small_multiples.panels if one.metric == "denials_per_100_discharges")  # type: ignore[union-attr]
    points = {point.month: point for point in chart.points}
    assert points["2026-08"].value == 0.0
    assert points["2026-09"].value is None  # a gap, not a zero


def test_an_internal_report_withholds_nothing() -> None:
    inputs = report_inputs({READMISSION: lambda at: 8 / 60}, discharges=60)
    row = next(
        row
        for row in rows_of(build_report_and_tables(inputs)[1]["figures.csv"])
        if row["figure_id"] == f"{READMISSION}/all/2026-09"
    )
    assert (row["numerator"], row["denominator"]) == ("8", "60")


# ── exclusions and denominators ──────────────────────────────────────────────────────────────────────────────


def test_one_small_exclusion_takes_another_with_it() -> None:
    inputs = report_inputs(exclusions={READMISSION: {"A": {"died": 25, "ama": 4}}}, privacy="board")
    counted, counts = definition_counts(build_report(inputs), READMISSION)
    assert counts["Left against medical advice."] == "withheld"
    assert counts["Died during the stay."] == "withheld"
    assert counts["Principal diagnosis is psychiatric."] == "0"
    assert counted == "September 2026: cases listed 1,200, counted 1,171."


def test_a_single_small_exclusion_takes_the_denominator_and_not_the_number_other_measures_share() -> None:
    inputs = report_inputs(exclusions={COST: {"A": {"not_costed": 4}}}, privacy="external")
    report, tables = build_report_and_tables(inputs)
    counted, counts = definition_counts(report, COST)
    assert counts["The stay has no total cost yet."] == "withheld"
    assert counted == "October 2026: cases listed 1,200, counted withheld."
    row = next(row for row in rows_of(tables["figures.csv"]) if row["figure_id"] == f"{COST}/all/2026-10")
    assert (row["numerator"], row["denominator"]) == ("withheld", "withheld")
    assert float(row["value"]) > 0  # one dollar more or less says nothing about the denominator
    assert definition_counts(report, LOS)[0] == "October 2026: cases listed 1,200, counted 1,200."


def test_a_value_that_would_tell_its_withheld_denominator_goes_too() -> None:
    """With about 200 cases a share printed to a tenth fits few denominators; with 2,000 it fits them all."""
    small = {"initial_assessment_within_24h": {"A": {"shorter_than_24_hours": 4}}}
    few = disclosed(report_inputs(discharges=200, exclusions=small))
    many = disclosed(report_inputs(discharges=2000, exclusions=small))
    key = ("initial_assessment_within_24h", "all", SEPTEMBER)
    assert isinstance(few[key].value, Withheld)
    assert isinstance(many[key].denominator, Withheld)
    assert isinstance(many[key].value, float)


def test_two_measures_of_the_same_cases_are_no_subtraction_apart() -> None:
    """Costed: 60 left out. Costed and coded: the same 60 and 5 more. 1,140 less 1,135 would be the five."""
    adjusted = "case_mix_adjusted_cost_per_case_usd"
    inputs = report_inputs(
        exclusions={COST: {"A": {"not_costed": 60}}, adjusted: {"A": {"not_costed": 60, "missing_drg": 5}}}
    )
    figures = disclosed(inputs)
    cost, both = figures[(COST, "all", SEPTEMBER)], figures[(adjusted, "all", SEPTEMBER)]
    assert both.exclusions["missing_drg"] is Withheld.SMALL
    assert cost.n_counted == 1140.0
    assert isinstance(both.n_counted, Withheld)


def test_limits_are_left_out_where_their_width_would_tell_the_denominator() -> None:
    inputs = report_inputs(
        discharges=2000,
        exclusions={"initial_assessment_within_24h": {"A": {"shorter_than_24_hours": 4}}},
        privacy="board",
    )
    panels = build_report(inputs).small_multiples.panels  # type: ignore[union-attr]
    points = next(one.chart for one in panels if one.metric == "initial_assessment_within_24h").points
    assert all(point.value is not None and point.lower is None and point.upper is None for point in points)


def test_follow_up_is_told_without_counts_when_few_are_waiting() -> None:
    inputs = report_inputs(privacy="board")
    waiting = inputs.exclusions["exclusion_reason"] == "insufficient_followup"
    exclusions = inputs.exclusions.assign(n_cases=inputs.exclusions["n_cases"].where(~waiting, 6))
    tile = build_report(replace(inputs, exclusions=exclusions)).front.tiles[0]
    assert str(tile.so_far).endswith(", provisional.")


# ── the report as a whole ────────────────────────────────────────────────────────────────────────────────────


def printed_counts(inputs: ReportInputs) -> dict[tuple[str, Month], list[float]]:
    """Facility and month → every count of cases of the month's discharges that the reader can see."""
    seen: dict[tuple[str, Month], list[float]] = defaultdict(list)
    for (metric, facility, month), figure in disclosed(inputs).items():
        if metric not in ("initial_assessment_within_24h", "caseload_per_case_manager"):
            numbers = [figure.n_listed, figure.n_counted, *figure.exclusions.values()]
            seen[(facility, month)] += [number for number in numbers if isinstance(number, float)]
    return seen


def listed_counts(inputs: ReportInputs) -> dict[tuple[str, Month], float]:
    """Facility and month → the month's discharges, as they are."""
    figures = read_figures(inputs.values, inputs.exclusions, inputs.metrics, [SEPTEMBER, LAST])
    known = {(one.facility_id, one.month): one.n_listed for one in figures if one.metric == LOS}
    return {place: known[place] for place in printed_counts(inputs)}  # type: ignore[misc]


small_or_not = st.sampled_from([0, 0, 3, 7, 12, 30])


@settings(max_examples=12, deadline=None)
@given(
    died=small_or_not,
    ama=small_or_not,
    not_costed=small_or_not,
    missing_drg=small_or_not,
    size=st.sampled_from([60, 900]),
)
def test_no_printed_count_is_small_nor_a_step_from_the_number_listed(
    died: int, ama: int, not_costed: int, missing_drg: int, size: int
) -> None:
    inputs = report_inputs(
        {"discharges": lambda at: 1.0},  # as in life: every measure of discharges lists these same cases
        months=2,
        facilities="AB",
        discharges={"A": 1200, "B": size},
        exclusions={
            READMISSION: {"A": {"died": died}, "B": {"died": 12, "ama": ama}},
            COST: {"B": {"not_costed": not_costed}},
            "case_mix_index": {"A": {"missing_drg": missing_drg}},
        },
    )
    for numbers in printed_counts(inputs).values():
        assert not [number for number in numbers if 0 < number < 11]
    for numbers, listed in zip(printed_counts(inputs).values(), listed_counts(inputs).values(), strict=True):
        if listed in numbers:
            assert not [number for number in numbers if 0 < listed - number < 11]


def test_nothing_small_is_left_in_any_number_of_the_model() -> None:
    """Every float of every chart is rounded as printed, so that no fraction can be worked back to its counts."""
    report = build_report(report_inputs(privacy="external"))

    def numbers(part: Any) -> list[tuple[int, float]]:
        found = []
        for panel in part.panels:
            for point in panel.chart.points:
                found += [
                    (panel.chart.decimals, number)
                    for number in (point.value, point.centre, point.lower, point.upper)
                    if number is not None
                ]
        return found

    for decimals, number in numbers(report.small_multiples):
        assert number == round(number, decimals)


# ── data quality ─────────────────────────────────────────────────────────────────────────────────────────────


def test_small_row_counts_and_what_gives_them_away_are_withheld() -> None:
    facts = replace(
        FACTS,
        ledger=(LedgerRow("encounters", 1, 60_007, 60_000, 7, 0, 0), LedgerRow("denials", 1, 500, 480, 20, 0, 0)),
        quarantine_reasons=(
            QuarantineReason("encounters", "a", "admitted_at is empty.", 7),
            QuarantineReason("denials", "b", "denial_id is empty.", 20),
        ),
        stays=(FunnelStep("Encounters in use", 60_000), FunnelStep("Left aside", 5), FunnelStep("Stays", 59_995)),
    )
    quality = data_quality(report_inputs(facts=facts, privacy="external"))
    encounters, denials = quality.ledger
    assert (encounters.quarantined, encounters.duplicate) == ("withheld", "0")
    assert "withheld" in (encounters.rows_in, encounters.used)
    assert (denials.rows_in, denials.used, denials.quarantined) == ("500", "480", "20")
    assert [one.rows for one in quality.quarantine_reasons] == ["withheld", "20"]
    assert "60,0" not in quality.summary
    assert quality.funnel is not None
    shown = [bar.value for bar in quality.funnel.bars]
    seen = [float(text.replace(",", "")) for text in (encounters.rows_in, encounters.used) if text != "withheld"]
    assert not [one for one in shown for other in seen if 0 < abs(one - other) < 11]
    assert "left out" in quality.funnel.caption


def test_an_internal_report_prints_every_row_count() -> None:
    facts = replace(FACTS, ledger=(LedgerRow("encounters", 1, 60_007, 60_000, 7, 0, 0),))
    quality = data_quality(report_inputs(facts=facts))
    assert quality.ledger[0].quarantined == "7"
    assert quality.summary.startswith("Of 60,007 rows that came in, 60,000 were used and 7 set aside")


UNREADABLE = Notice("values_unreadable", file="doe_2026.csv", columns=("total_cost",), counts={"values": 1})
TITLED = Notice("rows_above_header", file="doe_2026.csv", details={"unit": "lines", "header_row": "3"})


@pytest.mark.parametrize("privacy", ["board", "external"])
def test_warnings_count_nothing_and_name_no_file_where_small_numbers_are_withheld(privacy: Privacy) -> None:
    """`1 value`, the singular alone, tells one; a file's name may tell more; some help nobody but the analyst."""
    facts = replace(FACTS, warnings=(UNREADABLE, TITLED))
    assert data_quality(report_inputs(facts=facts)).warnings == (
        "doe_2026.csv: 1 value of total_cost cannot be read; treated as unknown.",
        "doe_2026.csv: the header row is line 3; lines 1 to 2 are taken for a title and left aside.",
    )
    assert data_quality(report_inputs(facts=facts, privacy=privacy)).warnings == (
        "A source file: values (number withheld) of total_cost cannot be read; treated as unknown.",
    )


def test_a_report_without_warnings_says_so() -> None:
    assert data_quality(report_inputs(privacy="board")).no_warnings_words == "No warnings."
    facts = replace(FACTS, warnings=(TITLED,))
    board = data_quality(report_inputs(facts=facts, privacy="board"))
    assert (board.warnings, board.no_warnings_words) == ((), "No warnings that bear on the figures.")


def test_every_month_is_guarded_not_only_the_last() -> None:
    inputs = report_inputs({READMISSION: lambda at: 5 / 1200 if at == 20 else 0.14}, privacy="board")
    rows = {
        row["month"]: row
        for row in rows_of(build_report_and_tables(inputs)[1]["figures.csv"])
        if row["metric"] == READMISSION
    }
    assert rows["2025-07"]["value"] == "withheld"
    assert all(rows[str(month)]["value"] != "withheld" for month in month_range(Month(2025, 8), SEPTEMBER))
