"""The claim linter: a sentence that lies in any of the six ways stops the report, an honest report passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.judged import Judged, judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.licence import refuse_unlicensed, unlicensed
from kpi_pipeline.report.licence.linter import is_printed_as
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.words.phrases import count_words
from tests.report.invented_report import DENIALS, LOS, METRICS, eventful, report_inputs


@cache
def told() -> tuple[Report, Judged]:
    """A system of two hospitals with a concern, an improvement, a claim made before and an open month."""
    said = Claim.model_validate(
        {
            "metric": LOS,
            "version": METRICS[LOS].version,
            "side": "low",
            "first_month": "2026-08",
            "signal_from": "2026-04",
            "signalled": "2026-08",
            "onset": ["2026-05", "2026-04", "2026-06"],
        }
    )
    inputs = eventful(facilities="AB", said=(said,))
    return build_report(inputs), judge(inputs)


def found(change: Callable[[str], str]) -> list[str]:
    """What the linter says of the same report with other words."""
    report, judged = told()
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False)
    lied = change(text)
    assert lied != text, "the report holds no such words to change"
    return [what for _, what in unlicensed(Report.model_validate_json(lied), judged)]


def other(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def of_exception(metric: str) -> Any:
    return next(one for one in told()[0].exceptions if one.metric == metric)


def test_the_honest_report_passes() -> None:
    assert unlicensed(*told()) == []


LIES = {
    "up for down": ("direction", other("Average length of stay is down", "Average length of stay is up")),
    "an improvement that is a concern": ("direction", other("in the unwanted direction.", "in the wanted direction.")),
    "nothing where something is": (
        "direction",
        other("Denials per 100 discharges are up:", "Denials per 100 discharges show no evidence of change:"),
    ),
    "a claim nobody made": ("direction", other("Still so: length of stay is down", "Still so: length of stay is up")),
    "another outcome": ("direction", other("Still so: length", "No longer said: length")),
    "an icon of the other kind": (
        "direction",
        other('"icon": "improvement_low"', '"icon": "concern_low"'),
    ),
    "a hospital that is in order": (
        "direction",
        other("concern, high, ", "improvement, high, "),
    ),
    "a level that was not": ("size", lambda text: text.replace(_size_words(text), "1.01 days in these months against")),
    "a sum that is not": ("size", lambda text: text.replace(" fewer bed-days", " more bed-days")),
    "a tile of another value": ("size", lambda text: _with_tile(text, value="3.33")),
    "a provisional tile as final": ("maturity", lambda text: _with_tile(text, maturity="provisional")),
    "the month as settled": ("maturity", other('"status": "provisional"', '"status": "final"')),
    "another denominator": ("denominator", lambda text: text.replace(f"({_basis()})", "(99,999 discharges)")),
    "another kind of denominator": ("denominator", lambda text: text.replace(f"({_basis()})", f"({_patients()})")),
    "no denominator": ("denominator", lambda text: text.replace(f" ({_basis()})", "")),
    "another place": ("place", other(" is down: ", " is down at Northside: ")),
    "a chart of another place": ("place", other('"facility_id": "all"', '"facility_id": "B"')),
    "another hospital's row": ("place", lambda text: text.replace('["Lakeside", [', '["Northside", [')),
    "a longer run": ("period", lambda text: text.replace(" months in a row", "teen months in a row")),
    "another beginning": ("period", other("most likely began in May 2026", "most likely began in March 2026")),
    "another month's value": (
        "period",
        lambda text: text.replace(f"October 2026 ({_basis()})", f"May 2026 ({_basis()})"),
    ),
    "a month to come": ("period", lambda text: text.replace("in October 2026 (", "in December 2026 (")),
    "a beginning of a claim": (
        "period",
        other("May 2026 (April 2026 to June", "June 2026 (May 2026 to June"),
    ),
}


def _basis() -> str:
    figure = told()[1].system[LOS].headline
    assert figure is not None
    return f"{figure.denominator:,.0f} discharges"


def _patients() -> str:
    return _basis().replace("discharges", "patients")


def _size_words(text: str) -> str:
    at = text.index(" days in these months against")
    return text[text.rindex(" ", 0, at) + 1 : at] + " days in these months against"


def _with_tile(text: str, **changed: str) -> str:
    model = json.loads(text)
    tile = next(one for one in model["front"]["tiles"] if one["metric"] == LOS)
    tile["reading"] |= changed
    return json.dumps(model, ensure_ascii=False)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found_and_named(name: str) -> None:
    way, change = LIES[name]
    assert any(what.startswith(way) for what in found(change)), found(change)


def test_a_month_that_is_not_final_may_not_be_called_final() -> None:
    inputs = report_inputs()
    judged = judge(inputs)
    open_ones = [one for one in judged.system.values() if one.current is not None and not one.current.is_final]
    assert open_ones
    measure = next(one for one in open_ones if one.current is not None and one.current.number is not None)
    figure = measure.current
    assert figure is not None
    report = build_report(inputs)
    metric = measure.metric
    tells = f"The newest final figure is {figure.number:.{metric.decimals}f}% for {figure.month.name}."
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False)
    model = json.loads(text)
    model["front"]["improved"]["items"] = [f"{metric.title}: {tells}"]
    lied = Report.model_validate(model)
    assert any("as if it were final" in what for _, what in unlicensed(lied, judged))


def test_a_report_that_lies_is_not_written() -> None:
    report, judged = told()
    lied = report.model_copy(
        update={"front": report.front.model_copy(update={"title": "Length of stay is up; denials are down"})}
    )
    with pytest.raises(CheckError) as refused:
        refuse_unlicensed(lied, judged)
    assert len(refused.value.faults) == 2
    assert "front.title: “Length of stay is up”: says more than the data: direction" in str(refused.value)


def test_the_silences_of_page_1_are_claims_too() -> None:
    report, judged = told()
    front = report.front
    silent = front.model_copy(update={"attention": front.attention.model_copy(update={"items": ()})})
    found = unlicensed(report.model_copy(update={"front": silent}), judged)
    assert any("nothing of a measure that shows concern" in what for _, what in found)


@pytest.mark.parametrize("privacy", ["internal", "board", "external"])
@pytest.mark.parametrize("back", [0, 3, 9])
def test_honest_reports_of_other_months_and_audiences_pass(privacy: str, back: int) -> None:
    inputs = eventful(facilities="AB", privacy=privacy)
    inputs = replace(inputs, month=Month(2026, 10).plus(-back))
    assert unlicensed(build_report(inputs), judge(inputs)) == []
    assert of_exception(DENIALS).kind == "concern"


@given(st.floats(min_value=0, max_value=1e7))
def test_a_count_prints_as_what_it_is(count: float) -> None:
    """Also sums of weights between two whole numbers: 43.46 is told as 43.5, and is no other number."""
    assert is_printed_as(count, count_words(count))
    assert not is_printed_as(count + 1, count_words(count))


def test_the_denominators_of_tiles_and_rows_are_checked() -> None:
    report, judged = told()
    tile = next(one for one in report.front.tiles if one.basis)
    row = next(one for group in report.scorecard.groups for one in group.rows if one.metric == tile.metric)
    written = report.model_dump_json()
    for name, text, wrong in (("basis", tile.basis, f"1{tile.basis}"), ("denominator", row.denominator, "7")):
        lied = written.replace(f'"{name}":{json.dumps(text)}', f'"{name}":{json.dumps(wrong)}')
        found_out = {str(what) for _, what in unlicensed(Report.model_validate_json(lied), judged)}
        assert found_out == {f"denominator: {wrong}, where there were another number"}
