from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpi_pipeline.core.notices import KINDS, Notice
from kpi_pipeline.report.words.notices import SENTENCES, notice_sentence
from tests.support.said import example

PACKAGE = Path(__file__).parents[2] / "kpi_pipeline"


def test_every_kind_has_its_sentence_and_is_noticed_somewhere() -> None:
    assert SENTENCES.keys() == KINDS.keys()
    noticing = "".join(
        path.read_text(encoding="utf-8") for room in ("intake", "warehouse") for path in (PACKAGE / room).rglob("*.py")
    )
    raised = set(re.findall(r'Notice\(\s*"(\w+)"', noticing))
    assert raised == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_says_every_fact_of_its_notice_in_one_or_more_sentences(kind: str) -> None:
    notice = example(kind)
    text = notice_sentence(notice)
    assert text.endswith((".", "?"))
    for fact in (notice.file, notice.table, notice.facility_id):
        assert fact in text
    assert ("12" in text) == bool(notice.counts)


@pytest.mark.parametrize("kind", [kind for kind, shape in KINDS.items() if shape.counts and not shape.is_housekeeping])
def test_what_outsiders_read_is_the_same_for_every_count(kind: str) -> None:
    told = [example(kind, count).for_outsiders() for count in (1, 2, 4_000)]
    texts = {notice_sentence(one) for one in told if one is not None}
    assert len(texts) == 1
    assert "withheld)" in texts.pop()


def test_one_is_singular() -> None:
    for kind, words in {
        "rows_empty": "1 row holds not a single value",
        "ids_of_several_facilities": "1 row was replaced",
        "drgs_unknown": "1 stay has a DRG",
        "cells_with_errors": "1 cell holds an error",
        "dispositions_invalid": "1 stay has a discharge_disposition_code that is no UB-04 code; 1 has one digit",
    }.items():
        assert words in notice_sentence(example(kind, 1))


def test_unknown_types_are_named_with_their_rows() -> None:
    counts = {"rows": 1_230, "rows of ED": 1_204}
    notice = Notice("encounter_types_unknown", columns=("ED",), counts=counts, details={"known": "7"})
    assert "1,230 rows with an encounter_type that is not one of the 7 known ones ('ED' in 1,204)" in notice_sentence(
        notice
    )
    told = notice.for_outsiders()
    assert told is not None
    assert "rows (number withheld) with an encounter_type" in notice_sentence(told)
    assert "('ED')" in notice_sentence(told)


@pytest.mark.parametrize(("n", "is_many"), [(5, False), (6, True), (None, False)])
def test_more_diagnoses_in_no_map_than_a_years_new_codes_are_called_another_systems(
    n: int | None, is_many: bool
) -> None:
    counts = {"diagnoses": n, "of_diagnoses": None if n is None else 100}
    assert ("another system" in notice_sentence(Notice("diagnoses_unmapped", counts=counts))) == is_many
