"""Page 8: with a handful of facilities each has its line; with many, one line says how far their data reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.pages.appendix import MOST_FACILITIES_LISTED, build_data_quality
from kpi_pipeline.warehouse.facts import Watermark
from tests.report.invented_report import report_inputs


def lines(marks: list[Watermark]) -> list[tuple[str, str, str]]:
    inputs = report_inputs()
    judged = judge(replace(inputs, facts=replace(inputs.facts, watermarks=tuple(marks))))
    quality = build_data_quality(judged.scope, judged.records)
    return [(line.facility_name, line.complete_through, line.basis) for line in quality.watermarks]


def facilities(count: int, *, last_day: date = date(2026, 10, 31), basis: str = "declared") -> list[Watermark]:
    return [Watermark(f"F{at}", f"Hospital {at}", last_day, basis) for at in range(count)]


def test_up_to_twelve_facilities_are_listed_one_by_one() -> None:
    assert len(lines(facilities(MOST_FACILITIES_LISTED))) == MOST_FACILITIES_LISTED


def test_more_facilities_with_one_last_day_are_one_line() -> None:
    assert lines(facilities(1401)) == [("1,401 facilities", "October 31, 2026", "declared")]


def test_more_facilities_with_different_last_days_are_a_range_for_each_way_of_knowing() -> None:
    late = facilities(12, last_day=date(2026, 9, 30), basis="last day seen in the data")
    later = [Watermark("G", "Hospital G", date(2026, 10, 2), "last day seen in the data")]
    assert lines([*facilities(1), *late, *later]) == [
        ("1 facility", "October 31, 2026", "declared"),
        ("13 facilities", "September 30, 2026 to October 2, 2026", "last day seen in the data"),
    ]
