"""The figures of the pages on drivers and the programme in figures.csv: each as printed, none that is not printed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.improvement.drivers.collect import Drivers, MixChange
from kpi_pipeline.improvement.drivers.opportunity_result import Comparator
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.figures.page_figure import PageFigure
from kpi_pipeline.report.forms.figures.page_figures import page_figures
from kpi_pipeline.report.words.numbers import format_dollars, rounded_dollars, rounded_roughly
from kpi_pipeline.report.words.page_figures import page_figure_lines
from tests.report.invented_report import LOS, METRICS, report_inputs
from tests.report.test_build_drivers import LINES, WAITS, amounts, excess, opportunity
from tests.report.test_build_improvement import inputs_with, rounds

LAST = Month(2026, 10)
YEARS = (
    amounts(("medicine", 4000, 16_000.0), ("surgery", 3000, 24_000.0)),
    amounts(("medicine", 4000, 17_000.0), ("surgery", 3600, 29_000.0)),
)


BEST = Comparator(0.5, "Best quarter of hospitals", "Invented for this test")


def inputs_of(drivers: dict[str, Any], privacy: Privacy = "internal") -> ReportInputs:
    given = Drivers(first_month=Month(2025, 11), last_month=LAST, n_discharges=170, **drivers)
    return replace(report_inputs(months=14, privacy=privacy), drivers=given)


def everything(privacy: Privacy = "internal") -> ReportInputs:
    given = {
        "waits": WAITS,
        "service_lines": excess(LINES),
        "drgs": excess(LINES, "drg_code"),
        "mix_change": MixChange(LOS, "service_line", *YEARS),
        "opportunity": opportunity(),
    }
    return inputs_of(given, privacy)


def numbers(text: str) -> set[str]:
    """The numbers of a text, without signs, separators and trailing zeros; a million is written out."""
    text = re.sub(r"([\d.,]+) million", lambda match: str(round(float(match[1]) * 1e6)), text)
    found = re.findall(r"\d[\d,]*(?:\.\d+)?", text)
    return {f"{float(one.replace(',', '')):g}" for one in found}


def known(figures: tuple[PageFigure, ...]) -> set[str]:
    ends = [end for one in figures for end in (one.value, one.lower, one.upper) if isinstance(end, float)]
    return {f"{abs(end):g}" for end in ends}


def test_every_number_in_the_tables_and_bars_of_the_drivers_page_is_among_the_figures() -> None:
    inputs = everything()
    report, _ = build_report_and_tables(inputs)
    (page,) = [section for section in report.further_sections if section.name == "drivers"]
    found = known(page_figures(judge(inputs)))
    assert len(page.blocks) == 5
    for block in page.blocks:
        cells = [cell for table in block.tables for row in table.rows for cell in row[1:]]
        cells += [words for bar in (block.bars.bars if block.bars else ()) for words in (bar.value_words, *bar.beside)]
        missing = {number for cell in cells for number in numbers(cell)} - found
        assert missing == set(), block.heading


def test_the_csv_holds_them_with_their_intervals_and_no_metric() -> None:
    inputs = everything()
    text = build_report_and_tables(inputs)[1]["figures.csv"]
    rows = [row for row in csv.DictReader(io.StringIO(text)) if not row["metric"]]
    by_id = {row["figure_id"]: row for row in rows}
    figures = page_figures(judge(inputs))
    assert len(by_id) == len(rows) == len(figures)
    dollars = by_id["drivers/opportunity/documented/usd"]
    assert float(dollars["lower"]) < float(dollars["value"]) < float(dollars["upper"])
    assert dollars["unit"] == "usd"


def test_each_figure_says_how_it_was_counted_and_no_other_id_does() -> None:
    given = (everything(), inputs_of({"opportunity": opportunity(comparator=BEST)}), inputs_with(rounds()))
    figures = [one for inputs in given for one in page_figures(judge(inputs))]
    assert {one.page for one in figures} == {"drivers", "improvement", "totals"}
    for one in figures:
        title, _, counted, *_ = page_figure_lines(one.figure_id, METRICS)
        assert title.startswith(f"{one.figure_id} (page: ")
        assert counted.endswith((".", ":"))
    lines = list(page_figure_lines("drivers/opportunity/documented/usd", METRICS))
    assert "This way: different avoidable days that have a reason and a party on record." in lines
    assert list(page_figure_lines("drivers/opportunity/documented/guesses", METRICS)) == []
    assert list(page_figure_lines("elsewhere/all/all/days", METRICS)) == []


@pytest.mark.parametrize("privacy", ["board", "external"])
def test_what_the_page_withholds_has_no_value_here(privacy: Privacy) -> None:
    lines = {"medicine": (100, 6.0), "surgery": (50, 5.0), "oncology": (3, 9.0)}
    given = {"service_lines": excess(lines), "waits": WAITS}
    inputs = inputs_of(given, privacy)
    figures = {one.figure_id: one.value for one in page_figures(judge(inputs))}
    assert isinstance(figures["drivers/service_lines/oncology/discharges"], Withheld)
    assert isinstance(figures["drivers/service_lines/oncology/net_days"], Withheld)
    assert "drivers/service_lines/oncology/observed_over_expected" not in figures
    assert "drivers/service_lines/oncology/discharges,3" not in build_report_and_tables(inputs)[1]["figures.csv"]


def test_an_effect_is_there_as_the_page_prints_it() -> None:
    inputs = inputs_with(rounds())
    report, _ = build_report_and_tables(inputs)
    (page,) = [section for section in report.further_sections if section.name == "improvement_programme"]
    figures = {one.name: one for one in page_figures(judge(inputs)) if one.page == "improvement" and one.item == LOS}
    effect, days = figures["average_effect"], figures["bed_days"]
    said = numbers(" ".join(page.blocks[0].paragraphs))
    for one in (effect, days):
        assert isinstance(one.value, float)
        assert one.lower is not None
        assert one.upper is not None
        assert {f"{abs(end):g}" for end in (one.value, one.lower, one.upper)} <= said
    assert figures["months_after"].value == 12


def test_the_levels_before_and_since_and_the_months_on_target_are_there() -> None:
    inputs = inputs_with(rounds())
    report, _ = build_report_and_tables(inputs)
    (page,) = [section for section in report.further_sections if section.name == "improvement_programme"]
    (told,) = [one for one in page.blocks[0].paragraphs if one.startswith("Since ")]
    printed = numbers(told.split("(")[0].split(":")[1] + told.split("(")[1].split(")")[0])
    figures = {one.name: one.value for one in page_figures(judge(inputs)) if one.page == "improvement"}
    names = ["level_before", "level_since", "final_months_before", "final_months_since"]
    assert {f"{figures[name]:g}" for name in names} == printed
    on_target = re.search(r"met in (\d+) of (\d+) of them", told)
    assert on_target is not None
    assert (figures["months_on_target"], figures["months_with_target"]) == tuple(map(float, on_target.groups()))


def test_each_rung_of_the_opportunity_and_its_comparator_are_the_figures_of_the_page() -> None:
    """The table's rows are found again by name: days and dollars of a rung, withheld or absent ones in no figure."""
    judged = judge(inputs_of({"opportunity": opportunity(comparator=BEST)}))
    assert judged.drivers is not None
    assert judged.drivers.opportunity is not None
    found = {one.figure_id: one for one in page_figures(judged)}
    for rung in judged.drivers.opportunity.rungs:
        ids = [f"drivers/opportunity/{rung.name}/{name}" for name in ("days", "usd", "capacity_usd")]
        for figure_id, size in zip(ids, (rung.days, rung.usd, rung.capacity_usd), strict=True):
            if size is None or rung.days is None:
                assert figure_id not in found
                continue
            printed = round(size.value) if figure_id.endswith("/days") else rounded_dollars(size.value)
            assert found[figure_id].value == printed
    assert found["drivers/opportunity/comparator_gap/days"].value > 0  # type: ignore[operator]
    assert found["drivers/opportunity/all/comparator"].value == 0.5
    without = page_figures(judge(inputs_of({"opportunity": opportunity()})))
    assert not any("comparator" in one.figure_id for one in without)


@pytest.mark.parametrize("usd", [0.0, 0.4, 8120.0, 812_345.0, 999_600.0, 1_000_000.0, 25_547_000.0, -812_345.0, -3.2])
def test_the_figure_is_the_amount_that_is_printed(usd: float) -> None:
    assert format_dollars(rounded_dollars(usd)) == format_dollars(usd)


def test_days_no_finer_than_two_digits() -> None:
    assert [rounded_roughly(number) for number in (0.4, 9.6, 96.4, 5431.0, -5431.0)] == [0, 10, 96, 5400, -5400]
