"""A clean hospital spoilt in a few of the ways of `benchmarks/corruption.py`: no figure is wrong and silent."""

from __future__ import annotations

import re

import pytest

from tests.support.corruption_bench import CleanHospital, Corruption, Outcome, make_clean_hospital
from tests.support.corruptions import every_corruption

EXPECTED = {
    "denials: encounter numbers lost their zeros: 60 % of rows": ("held back",),
    "person_id UNKNOWN: 1 % of rows": ("told",),
    "corrected rows that nobody dated: 10 % of rows": ("refused",),
    "rows twice: 60 % of rows": ("right",),
    "a month is missing: one facility": ("told",),
    "facility_id misspelt: 1 % of rows": ("told",),
    "cut short between rows: 10 % of a file": ("held back", "told"),
}
KNOWN = {one.title: one for one in every_corruption()}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> CleanHospital:
    return make_clean_hospital(tmp_path_factory.mktemp("clean"), scale=0.15, months=14)


@pytest.mark.parametrize("title", EXPECTED)
def test_no_figure_is_wrong_and_silent(title: str, hospital: CleanHospital) -> None:
    outcome = hospital.run(KNOWN[title])
    assert outcome.verdict in EXPECTED[title], (outcome.wrong[:5], outcome.words, outcome.refused)


def test_a_figure_that_is_wrong_is_silent_where_no_word_names_the_fault() -> None:
    corruption = Corruption("costs", "all", lambda _: None, told="cost")
    assert Outcome(corruption, wrong=("x: 1 → 2",), words=("denials are missing",)).verdict == "WRONG AND SILENT"
    assert Outcome(corruption, wrong=("x: 1 → 2",), words=("3 costs are missing",)).verdict == "told"


def test_every_corruption_has_a_name_of_its_own_and_a_pattern_that_can_be_read() -> None:
    assert len(KNOWN) == len(every_corruption()) >= 60
    assert all(re.compile(one.told) for one in every_corruption())
