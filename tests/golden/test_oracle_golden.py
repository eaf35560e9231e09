"""The oracle itself is right: it agrees with every golden readmission folder, and its typed lists with CMS's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import compare, find_golden_folders, oracle_answers
from tests.support.value_sets import SMALL, read_published_categories, read_value_sets


def test_the_oracle_agrees_with_every_golden_row(golden_dir: Path, terminology_dir: Path) -> None:
    folders = find_golden_folders(golden_dir)
    if not folders:
        pytest.skip(f"{golden_dir} holds no golden readmission folder")
    for golden in folders:
        sets = read_value_sets(terminology_dir, icd9=golden.options["icd9"])
        comparison = compare(golden, oracle_answers(golden, sets))
        assert comparison.values > comparison.rows > 0
        assert not comparison.wrong, "\n".join([comparison.summary(str(golden)), *comparison.wrong[:20]])


def test_the_oracle_agrees_with_the_cases_of_our_own() -> None:
    (golden,) = find_golden_folders(Path(__file__).parent / "own")
    comparison = compare(golden, oracle_answers(golden, SMALL))
    assert (comparison.rows, comparison.index_rows) == (20, 14)
    assert not comparison.wrong, "\n".join(comparison.wrong)


def test_the_typed_categories_are_the_published_ones(terminology_dir: Path) -> None:
    typed = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | dict(SMALL.cohorts)
    for name, published in read_published_categories(terminology_dir).items():
        assert typed[name] == published, name


def test_the_small_code_list_is_the_published_one(terminology_dir: Path) -> None:
    published = read_value_sets(terminology_dir, icd9=False)
    assert {code: published.diagnosis_ccs[code] for code in SMALL.diagnosis_ccs} == SMALL.diagnosis_ccs
    assert {code: published.procedure_ccs[code] for code in SMALL.procedure_ccs} == SMALL.procedure_ccs
