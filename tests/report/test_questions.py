"""Questions you will be asked: answers only where the data license them; else what would be needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kpi_pipeline.declared.commentary import AskedDecision, Commentary
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.model import FurtherSection
from kpi_pipeline.report.words.findings import resemblance_sentence
from kpi_pipeline.signals import FalseSignals, Pattern
from tests.report.invented_report import DENIALS, LOS, METRICS, eventful, report_inputs


def page(inputs: ReportInputs) -> FurtherSection | None:
    return next((one for one in build_report(inputs).further_sections if one.name == "questions"), None)


def answers(inputs: ReportInputs, title: str) -> dict[str, tuple[str, str]]:
    section = page(inputs)
    assert section is not None
    table = next(one for one in section.tables if one.caption == title)
    return {str(row[0]): (str(row[1]), str(row[2])) for row in table.rows}


def test_a_month_without_a_finding_has_no_page() -> None:
    assert page(report_inputs()) is None


def test_every_question_is_answered_or_says_what_it_would_need() -> None:
    said = answers(eventful(facilities="AB"), METRICS[DENIALS].title)
    assert list(said) == [
        "Is it real?",
        "Other cases, or the same ones?",
        "Who drives it?",
        "Compared with what?",
        "What is it worth, or does it cost?",
        "What are we doing?",
        "When will it be back?",
    ]
    assert said["Other cases, or the same ones?"][0].startswith(
        "It cannot be said: it needs this measure's cases by kind"
    )
    assert said["What are we doing?"][0] == "It cannot be said: nothing is recorded."
    assert said["When will it be back?"][0].startswith("No date is recorded.")
    assert said["What is it worth, or does it cost?"][0].startswith(
        "It cannot be said from this measure: it needs what one"
    )
    assert said["Compared with what?"][0].startswith("With its own months, ")


def test_a_run_that_months_alike_make_by_chance_is_called_weaker_until_it_is_long_enough() -> None:
    def said(months: int, autocorrelation: float) -> str | None:
        inputs = report_inputs(
            {LOS: lambda place: 5.5 + 0.3 * (place % 2) - (0.6 if place >= 36 - months else 0)}, months=36
        )
        expected = FalseSignals(72, "frozen-2026", Pattern(autocorrelation), 1.0, 9.0, 0.6, 1.0)
        return resemblance_sentence(judge(inputs).system[LOS], expected)

    assert said(8, 0.3) == (
        "Neighboring months resemble each other here (autocorrelation 0.30), so runs come by chance more often: one of "
        "eleven months would be as rare as one of eight is elsewhere."
    )
    assert said(11, 0.3) is None
    assert said(8, 0.05) is None
    assert said(3, 0.3) is None


def test_real_is_held_against_what_chance_alone_would_color_with_the_figure_named() -> None:
    inputs = eventful(facilities="AB")
    text, ids = answers(inputs, METRICS[DENIALS].title)["Is it real?"]
    judged = judge(inputs)
    n = sum(one.has_signal for one in judged.system.values())
    assert judged.false_signals is not None
    assert f"about {judged.false_signals.icons:.1f} of " in text
    assert f"{['no', 'one', 'two', 'three', 'four', 'five'][n]} are colored" in text
    assert ids == f"{DENIALS}/all/{judged.system[DENIALS].signal_months[-1]}"


def test_who_drives_it_names_the_hospitals_whose_own_charts_show_it() -> None:
    inputs = eventful(facilities="AB")
    text, ids = answers(inputs, METRICS[LOS].title)["Who drives it?"]
    parts = judge(inputs).by_facility
    shown = [place for place, of in parts.items() if of[LOS].state == "improvement"]
    assert all(f"{LOS}/{place}/" in ids for place in shown)
    assert ("Lakeside" in text) == ("A" in shown)
    alone = eventful()
    assert answers(alone, METRICS[LOS].title)["Who drives it?"][0].startswith(
        "It cannot be said: there is one hospital"
    )
    own = eventful(facilities="AB", facility_id="B", facility_name="B")
    assert "from this copy" in answers(own, METRICS[DENIALS].title)["Who drives it?"][0]


def test_an_improvement_is_not_asked_when_it_will_be_back() -> None:
    said = answers(eventful(), METRICS[LOS].title)
    assert "When will it be back?" not in said
    assert "What are we doing?" not in said


def test_what_the_director_wrote_is_pointed_to_and_not_repeated() -> None:
    comment = {"why": "Because.", "doing": [{"what": "Act.", "owner": "CNO", "due": "soon"}], "back_by": "2027-03"}
    words = Commentary.model_validate({"months": {"2026-10": {"comments": {DENIALS: comment}}}})
    said = answers(replace(eventful(), commentary=words), METRICS[DENIALS].title)
    assert said["What are we doing?"][0] == "One plan with owner and day stands on its page."
    assert said["When will it be back?"][0].startswith("The director's own date stands on its page")
    assert not any("2027" in text or "Act." in text for text, _ in said.values())


def test_what_decisions_achieved_waits_for_final_months_and_never_claims_the_cause() -> None:
    asked = AskedDecision.model_validate({"what": "Fund it.", "owner": "CNO", "by": "soon", "measure": LOS})

    def said(on: date | None) -> str:
        outcomes = {} if on is None else {"2025-01/1": DecisionOutcome(became="granted", answered_on=on)}
        return answers(replace(eventful(), asked={"2025-01/1": asked}, outcomes=outcomes), "All findings")[
            "What did the decisions achieve?"
        ][0]

    assert said(None) == "It cannot be said: none was asked for before and granted."
    assert "too early, for no final month" in said(date(2026, 10, 20))
    assert "three final months" in said(date(2026, 7, 10))
    assert "cannot be said: for that it must be an initiative" in said(date(2026, 7, 10))


def test_hospitals_elsewhere_are_compared_with_nobody() -> None:
    said = answers(eventful(), "All findings")["How do other systems do?"][0]
    assert said.startswith("It cannot be said: that needs their figures")


def test_a_long_answer_is_printed_whole() -> None:
    inputs = eventful(facilities="AB")
    section = page(inputs)
    assert section is not None
    assert not any("…" in str(cell) for table in section.tables for row in table.rows for cell in row)
    assert any(len(str(row[1])) > 120 for table in section.tables for row in table.rows)
