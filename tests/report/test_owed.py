"""What the director has not answered about measures that need attention: asked once, of the right measures."""

from __future__ import annotations

from typing import Any

from kpi_pipeline.declared.commentary import Commentary
from kpi_pipeline.report.build import build_report
from tests.report.invented_report import DENIALS, LOS, METRICS, report_inputs


def level(before: float, since: float) -> Any:
    return lambda place: (since if place >= 27 else before) * (1 + 0.004 * (-1) ** place)


CHANGED = {DENIALS: level(0.06, 0.09), LOS: level(5.0, 4.4)}
TITLE = METRICS[DENIALS].title


def owed(**comment: Any) -> tuple[str, ...]:
    said = {"months": {"2026-10": {"written_on": "2026-11-06", "comments": {DENIALS: comment} if comment else {}}}}
    return build_report(report_inputs(CHANGED, commentary=Commentary.model_validate(said))).owed


def test_a_concern_asks_three_questions_and_an_improvement_none() -> None:
    assert owed() == (f"{TITLE}: why, what is being done and when it will be back",)


def test_what_is_answered_is_not_asked_again() -> None:
    action = {"what": "Appeal each.", "owner": "Denials lead", "due": "monthly"}
    assert owed(why=["A payer changed its policy."]) == (f"{TITLE}: what is being done and when it will be back",)
    assert owed(doing=[action], back_by="March 2027") == (f"{TITLE}: why",)
    assert owed(why=["A payer changed its policy."], doing=[action], back_by="March 2027") == ()
