"""The director's commentary: what may be written, how dates read, and how a faulty file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.commentary import Commentary, PlannedAction, read_commentary
from tests.support.frozen_metrics import FROZEN_METRICS

METRICS = FROZEN_METRICS
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "commentary.yaml"


def commentary_of(folder: Path, text: str) -> Commentary:
    path = folder / "commentary.yaml"
    path.write_text(text, encoding="utf-8")
    return read_commentary(path, METRICS)


def faults_in(folder: Path, text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        commentary_of(folder, text)
    return [str(fault) for fault in caught.value.faults]


def test_the_example_can_be_read() -> None:
    month = read_commentary(EXAMPLE, METRICS).of(Month(2026, 10))
    assert month.by == "Director's commentary, November 6, 2026"
    assert month.decisions[0].by == "December 15, 2026"
    denials = month.comments["denials_per_100_discharges"]
    assert denials.why is not None
    assert len(denials.why) == 2  # a blank line begins a paragraph
    assert denials.doing[1].due == "monthly"
    assert denials.back_by == "March 2027"


def test_a_month_without_commentary_is_empty() -> None:
    month = read_commentary(None, METRICS).of(Month(2026, 10))
    assert (month.headline, month.decisions, month.comments) == (None, (), {})


def test_lines_broken_in_the_file_are_one_line_in_print(tmp_path: Path) -> None:
    text = """
months:
  2026-10:
    comments:
      discharges:
        why: >
          First line
          second line.
"""
    assert commentary_of(tmp_path, text).of(Month(2026, 10)).comments["discharges"].why == ("First line second line.",)


def test_every_fault_of_the_file_is_reported_with_its_path(tmp_path: Path) -> None:
    faults = faults_in(
        tmp_path,
        """
months:
  2026-13:
    headline: No such month
  2026-10:
    decisions:
      - {what: Approve it, owner: CFO}
    coments: {}
    comments:
      readmission: {why: Not a metric}
      readmission_30d: {why: "", doing: [{what: Call, owner: Lead, due: 2026-11-30, until: never}]}
rebases: []
""",
    )
    text = "\n".join(faults)
    assert "months.2026-13" in text
    assert "months.2026-10.decisions.0.by is missing." in text
    assert "months.2026-10.coments is not a known field." in text
    assert "months.2026-10.comments names 'readmission', which is not a metric." in text
    assert "months.2026-10.comments.readmission_30d.why" in text
    assert "months.2026-10.comments.readmission_30d.doing.0.until is not a known field." in text
    assert "rebases is not a known field." in text  # they are recorded with `kpi rebase add`
    assert len(faults) == 7


def test_an_unknown_metric_alone_is_a_fault(tmp_path: Path) -> None:
    faults = faults_in(tmp_path, "months: {2026-10: {comments: {los: {why: Longer}}}}")
    assert len(faults) == 1
    assert "is not a metric" in faults[0]


def test_a_paragraph_given_twice_is_a_fault_and_not_the_last_one(tmp_path: Path) -> None:
    text = "months:\n  2026-10:\n    headline: First\n    headline: Second\n"
    assert "the key 'headline' is given twice" in faults_in(tmp_path, text)[0]


@pytest.mark.parametrize("text", ["Patient 12345678 stayed", "MRN 4711 stayed", "123-45-6789 stayed"])
def test_what_looks_like_a_patient_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    fault = faults_in(tmp_path, f"months: {{2026-10: {{comments: {{discharges: {{why: '{text}'}}}}}}}}")[0]
    assert "patient" in fault or "medical record" in fault or "social security" in fault
    assert text.split()[-2] not in fault


@pytest.mark.parametrize(
    ("text", "words"), [("months: [", "is not YAML"), ("- a\n- b\n", "is no list of `name: value` lines")]
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in faults_in(tmp_path, text)[0]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="there is no such commentary file"):
        read_commentary(tmp_path / "commentary.yaml", METRICS)


@pytest.mark.parametrize("when", ["2026-02-30", "2026-13"])
def test_a_day_that_there_is_not_is_a_fault_and_is_not_printed_as_words(when: str) -> None:
    with pytest.raises(ValidationError):
        PlannedAction(what="Call back", owner="Lead", due=when)
    assert PlannedAction(what="Call back", owner="Lead", due="the spring board").due == "the spring board"
    assert PlannedAction(what="Call back", owner="Lead", due="2026-11").due == "November 2026"
