"""`decisions.yaml`: what became of decisions, every fault of the file at once, and which of two answers is printed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.commentary import Commentary, asked_in
from kpi_pipeline.declared.decisions import DecisionOutcome, newest, read_outcomes

COMMENTARY = Commentary.model_validate(
    {
        "months": {
            "2026-09": {"decisions": [{"what": "Fund weekends.", "owner": "CNO", "by": "2026-10-20"}]},
            "2026-08": {
                "decisions": [
                    {"what": "Name a lead.", "owner": "CMO", "by": "2026-09-30"},
                    {"what": "Meet the payer.", "owner": "CFO", "by": "2026-09-30"},
                ]
            },
        }
    }
)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "decisions.yaml"
    file.write_text(text)
    return file


def test_a_decision_is_named_by_the_month_that_asked_and_its_place() -> None:
    assert list(COMMENTARY.asked()) == ["2026-08/1", "2026-08/2", "2026-09/1"]
    assert COMMENTARY.asked()["2026-08/2"].what == "Meet the payer."
    assert asked_in("2026-08/2") == Month(2026, 8)


def test_an_answer_is_read_with_its_day_and_its_words(tmp_path: Path) -> None:
    file = written(
        tmp_path, "- {decision: 2026-08/1, became: granted, answered_on: 2026-09-09, said_by: CMO, note: From May.}\n"
    )
    assert read_outcomes(file, COMMENTARY.asked()) == {
        "2026-08/1": DecisionOutcome(became="granted", answered_on=date(2026, 9, 9), said_by="CMO", note="From May.")
    }
    assert read_outcomes(None, COMMENTARY.asked()) == {}
    assert read_outcomes(written(tmp_path, ""), COMMENTARY.asked()) == {}


def test_every_fault_of_the_file_is_told_at_once(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "- {decision: 2026-08/1, became: maybe, answered_on: 2026-09-09}\n"
        "- {decision: 2026-08/9, became: granted, answered_on: 2026-09-09}\n"
        "- {decision: 2026-08/2, became: granted, answered_on: 2026-07-31}\n"
        "- {decision: 2026-08/2, became: refused, answered_on: 2026-09-01}\n"
        "- {became: granted, answered_on: 2026-09-01, why: so}\n",
    )
    with pytest.raises(DefinitionError) as told:
        read_outcomes(file, COMMENTARY.asked())
    said = "\n".join(str(fault) for fault in told.value.faults)
    for part in (
        "decision 1: became",
        "decision 2: '2026-08/9' was not asked for",
        "decision 3: is answered on 2026-07-31, before the month that asked for it began",
        "decision 4: answers 2026-08/2 a second time",
        "decision 5: decision",
        "decision 5: why",
    ):
        assert part in said
    with pytest.raises(DefinitionError, match="there is no such file of decisions"):
        read_outcomes(tmp_path / "none.yaml", [])


@pytest.mark.parametrize("text", ["decision: 2026-08/1\n", "- [granted]\n", "- granted\n", "- {decision: 2026-08/1\n"])
def test_what_is_no_list_of_decisions_is_told_with_its_cure(tmp_path: Path, text: str) -> None:
    with pytest.raises(DefinitionError):
        read_outcomes(written(tmp_path, text), COMMENTARY.asked())


def test_of_two_answers_the_newer_is_printed_and_of_one_day_the_later_source() -> None:
    def answer(became: str, day: int) -> dict[str, DecisionOutcome]:
        return {"2026-08/1": DecisionOutcome.model_validate({"became": became, "answered_on": date(2026, 9, day)})}

    assert newest(answer("granted", 9), answer("refused", 8)) == answer("granted", 9)
    assert newest(answer("granted", 9), answer("done", 9)) == answer("done", 9)
