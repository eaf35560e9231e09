"""Why there is no figure is stored as a record, and said in words once."""

from __future__ import annotations

import re

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.reasons import REASONS, Reason
from kpi_pipeline.report.words.reasons import missing_words, part_words, reason_words, refuse, unavailable_words
from tests.report.invented_report import METRICS

SAID = {
    "table_not_supplied:census": "midnight census",
    "column_not_supplied:encounters.payer": "payer of encounters",
    "column_not_supplied:encounters.drg_code": "DRG of encounters",
    "encounters_not_supplied:emergency department": "emergency department encounters",
    "rows_unmatched:denials": "too many rows of denials belong to no encounter in the data",
    "risk_model_lacks:encounters.birth_date": "the risk model needs birth date of encounters",
    "risk_model_outdated:readmission_30d": "the risk model was fitted to another version of readmission_30d",
    "few_cases:25": "fewer than 25 cases",
    "few_cases:1": "fewer than 1 case",
    "no_sum:survival_median": "a survival median is no sum of months",
    "": "",
}


@pytest.mark.parametrize(("stored", "said"), SAID.items())
def test_a_reason_in_words(stored: str, said: str) -> None:
    assert reason_words(stored) == said
    assert str(Reason.read(stored)) == stored


@pytest.mark.parametrize("kind", sorted(REASONS))
def test_every_kind_has_words_of_its_own(kind: str) -> None:
    what = "25" if kind == "few_cases" else "denials"
    assert re.search(r"[a-z] ?[a-z]", reason_words(f"{kind}:{what}"))
    assert reason_words(f"{kind}:{what}") not in (kind, f"{kind}:{what}")


def test_what_an_earlier_version_stored_is_said_as_it_stands() -> None:
    for text in ("fewer than 25 cases", "before the first month with a discharge: of its cases only those that lasted"):
        assert reason_words(text) == text


def test_a_measure_without_any_figure_says_why() -> None:
    denials = METRICS["denials_per_100_discharges"]
    assert missing_words(denials, ("not_supplied", "table_not_supplied:denials")) == "not supplied: denials"
    assert unavailable_words("not_computable", "no_icd_codes") == "not computable: no ICD diagnosis codes"
    assert missing_words(denials, None) == "no discharges recorded"
    refuse(denials, None)
    with pytest.raises(InputError, match="is not computable: no ICD diagnosis codes"):
        refuse(denials, ("not_computable", "no_icd_codes"))


def test_a_part_that_cannot_be_computed_is_not_called_unsupplied() -> None:
    assert part_words("table_not_supplied:avoidable_days") == "not supplied: avoidable days"
    unmatched = "not computable: too many rows of avoidable days belong to no encounter in the data"
    assert part_words("rows_unmatched:avoidable_days") == unmatched
    assert part_words("no_published_stays") == "no DRG with a published mean stay"
