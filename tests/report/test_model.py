"""The report model lets nothing unknown in, cannot hold what identifies a patient, and agrees with itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.core.text import texts
from kpi_pipeline.report.model import Chart, ChartPoint, Matrix, MatrixCell, Reading, Report, Statement, Table
from kpi_pipeline.report.model.texts import Label, Words
from tests.support.sample_report import build_sample_report

WORDS: TypeAdapter[str] = TypeAdapter(Words)
STRICT_WORDS: TypeAdapter[str] = TypeAdapter(texts.Words)


def test_the_sample_report_survives_json_unchanged() -> None:
    report = build_sample_report()
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_an_unknown_field_is_refused() -> None:
    fields = build_sample_report().model_dump(mode="json") | {"patient_id": "p1"}
    with pytest.raises(ValidationError, match="patient_id"):
        Report.model_validate(fields)


def test_nothing_in_a_report_can_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        build_sample_report().front.title = "Another finding"  # type: ignore[misc]


def test_every_text_field_is_bounded_or_chosen_from_a_list() -> None:
    """A plain `str` anywhere in the model would be a hole: any text, of any length, could pass."""
    bare = [path for path, schema in _strings(Report.model_json_schema()) if not _is_bounded(schema)]
    assert bare == []


def _strings(schema: Any, path: str = "Report") -> list[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        return [found for place, item in enumerate(schema) for found in _strings(item, f"{path}[{place}]")]
    if not isinstance(schema, dict):
        return []
    own = [(path, schema)] if schema.get("type") == "string" else []
    return own + [found for key, item in schema.items() for found in _strings(item, f"{path}.{key}")]


def _is_bounded(schema: dict[str, Any]) -> bool:
    return bool({"pattern", "enum", "const", "maxLength", "format"} & schema.keys())


@pytest.mark.parametrize(
    "text",
    [
        "Return of 1234567 on day 3",
        "Return of patient 123-45-6789",
        "Case 0b5e8b2c-6f0e-4c1d-9a57-3f1a2b4c5d6e was long",
        "See MRN 44871",
        "See mrn: A448",
    ],
)
def test_what_people_write_is_refused_when_it_looks_like_a_patient_identifier_and_the_model_masks_it(text: str) -> None:
    with pytest.raises(ValidationError, match="may identify a patient"):
        STRICT_WORDS.validate_python(text)
    secrets = [word for word in text.split() if sum(sign.isdigit() for sign in word) > 2]
    (printed,) = Statement(paragraphs=(text,)).paragraphs
    assert "[number]" in printed
    assert not any(word in printed for word in secrets)


@pytest.mark.parametrize("name", ["encounters_20261031.csv", "stays-20261031_2359.csv", "20261031T235959 export"])
def test_a_file_named_after_its_day_keeps_its_name(name: str) -> None:
    assert WORDS.validate_python(f"{name}: 3 rows are empty.") == f"{name}: 3 rows are empty."
    assert WORDS.validate_python("encounters_20269931.csv") == "encounters_[number].csv"


@pytest.mark.parametrize(
    "text", ["Of 1,234,567 rows", "$86,000 by 15 Dec 2026", "123456 rows", "FY 2026, v43", "≤ 4.80 σ"]
)
def test_ordinary_numbers_in_text_are_accepted(text: str) -> None:
    assert WORDS.validate_python(text) == text


@pytest.mark.parametrize("text", ["two\nlines", "a\u202etrick", "bell\x07", ""])
def test_what_people_write_may_hold_no_control_character_and_not_be_empty(text: str) -> None:
    with pytest.raises(ValidationError):
        STRICT_WORDS.validate_python(text)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("North\nWing", "North Wing"),
        ("a\u202etrick", "a□trick"),
        ("bell\x07", "bell□"),
        ("\x1b[31mred", "□[31mred"),
        ("half \ud83d sign", "half □ sign"),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 200, "x" * 200),
        ("word " * 1000, ("word " * 40)[:199].rstrip() + "…"),
    ],
)
def test_a_name_from_a_file_never_stops_a_report(name: str, shown: str) -> None:
    label: TypeAdapter[str] = TypeAdapter(Label)
    assert label.validate_python(name) == shown


def test_a_long_sentence_ends_visibly() -> None:
    printed = WORDS.validate_python("word " * 1000)
    assert len(printed) <= 1200
    assert printed.endswith("…")


def test_a_facility_without_a_name_may_show_its_long_id() -> None:
    label: TypeAdapter[str] = TypeAdapter(Label)
    assert label.validate_python("0b5e8b2c-6f0e-4c1d-9a57-3f1a2b4c5d6e")


@pytest.mark.parametrize("fields", [{}, {"value": "4.78", "unavailable": "not supplied"}])
def test_a_reading_has_either_a_value_or_a_reason(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either value or unavailable"):
        Reading(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_a_chart_point_is_a_finite_number(number: float) -> None:
    with pytest.raises(ValidationError):
        ChartPoint(month="2026-10", value=number)


@pytest.mark.parametrize("months", [("2026-01", "2026-03"), ("2026-02", "2026-01"), ("2026-01", "2026-01")])
def test_a_missing_month_must_be_given_as_a_point_without_value(months: tuple[str, str]) -> None:
    with pytest.raises(ValidationError, match="consecutive months"):
        _chart(points=[{"month": month} for month in months])


def test_a_year_end_is_consecutive() -> None:
    assert _chart(points=[{"month": "2025-12"}, {"month": "2026-01"}]).points[1].month == "2026-01"


def test_a_phase_cannot_start_in_the_first_month_or_outside_the_chart() -> None:
    points = [{"month": "2026-01"}, {"month": "2026-02"}]
    for month in ("2026-01", "2026-03"):
        with pytest.raises(ValidationError, match="phase_starts"):
            _chart(points=points, phase_starts=[month])


def test_an_annotation_must_lie_in_the_chart() -> None:
    with pytest.raises(ValidationError, match="annotations"):
        _chart(points=[{"month": "2026-01"}], annotations=[{"month": "2026-02", "letter": "A", "text": "Rounds"}])


def _chart(**fields: Any) -> Chart:
    return Chart.model_validate({"metric": "x_y", "better": "lower", "unit": "days", "alt": "A chart", **fields})


def test_a_cell_of_the_matrix_is_given_once() -> None:
    cell = MatrixCell(variation="concern", assurance="failing", measures=("Denials",))
    with pytest.raises(ValidationError, match="once"):
        Matrix(caption="Where each measure stands", cells=(cell, cell))


def test_a_table_row_has_one_cell_per_column() -> None:
    with pytest.raises(ValidationError, match="one cell per column"):
        Table.model_validate(
            {"caption": "Units", "columns": [{"heading": "Unit"}, {"heading": "Days"}], "rows": [["3 West"]]}
        )


def test_a_measure_on_the_scorecard_without_definition_is_refused() -> None:
    fields = build_sample_report().model_dump(mode="json")
    fields["appendix"]["definitions"].pop()
    with pytest.raises(ValidationError, match="without a definition: caseload_per_case_manager"):
        Report.model_validate(fields)


def test_a_tile_of_a_measure_without_a_row_is_refused() -> None:
    fields = build_sample_report().model_dump(mode="json")
    fields["front"]["tiles"][0]["metric"] = "unheard_of"
    with pytest.raises(ValidationError, match="without a row: unheard_of"):
        Report.model_validate(fields)


def test_the_sample_shows_every_class_of_point_it_claims() -> None:
    report = build_sample_report()
    assert report.small_multiples is not None
    points = [point for panel in report.small_multiples.panels for point in panel.chart.points]
    assert {point.point_class for point in points} == {"common_cause", "improvement", "concern", "neither"}
    assert any(point.hollow for point in points)
    assert any(point.ghosted for point in points)
    assert any(point.value is None for point in points)
