"""A facility's own copy carries no words about other places; every copy has a file name of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.declared.commentary import Commentary
from kpi_pipeline.declared.initiatives import Control, Initiative, Scope
from kpi_pipeline.judgement.audience import redactor
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.forms.pdf import report_file_stem
from kpi_pipeline.report.model import Report
from kpi_pipeline.warehouse.facts import ControlTotal, Watermark
from tests.report.invented_report import FACTS, LAST, LOS, READMISSION, eventful

MARKS = (
    Watermark("AAA", "Lakeside", date(2026, 10, 31), "declared in landing.yaml"),
    Watermark("BBB", "Valley", date(2026, 10, 15), "declared in landing.yaml"),
    Watermark("CCC", "Lakeside North", date(2026, 10, 31), "declared in landing.yaml"),
)
COMMENTARY = Commentary.model_validate(
    {
        "months": {
            "2026-10": {
                "headline": "Valley and lakeside north fell behind, Lakeside did not.",
                "decisions": [{"what": "Two beds at Valley", "owner": "CFO of BBB", "by": "2026-12-01"}],
                "comments": {LOS: {"why": "As at Valley before.", "back_by": "when Valley is"}},
            }
        }
    }
)
EVERYWHERE = Initiative(
    id="rounds",
    title="Rounds as in Valley",
    aim="Shorter stays at Lakeside, Valley and Lakeside North",
    owner="Chief nurse",
    scope=Scope(facilities=("AAA", "BBB")),
    declared_on=date(2026, 3, 1),
    starts_on=date(2026, 4, 1),
    outcomes=(LOS,),
)
COMPARED = EVERYWHERE.model_copy(
    update={"id": "calls", "scope": Scope(facilities=("AAA",)), "control": Control(facility_id="BBB")}
)

DAY = "2026-10-15"


def inputs_of(facility: str, privacy: Privacy = "internal") -> ReportInputs:
    totals = (ControlTotal("acute inpatient", 60_000, 30, 0, None, None, None, None),)
    warnings = (
        Notice("rows_empty", file="valley.csv", counts={"rows": 120}),
        Notice("feed_stopped", columns=("denials",), facility_id="BBB", details={"supported": DAY, "claimed": DAY}),
        Notice("feed_stopped", columns=("denials",), facility_id="AAA", details={"supported": DAY, "claimed": DAY}),
    )
    facts = replace(FACTS, watermarks=MARKS, control_totals=totals, warnings=warnings)
    sizes = {"AAA": 900.0, "BBB": 700.0, "CCC": 600.0}
    names = {mark.facility_id: mark.facility_name for mark in MARKS}
    return eventful(
        facilities=tuple(sizes),
        discharges=sizes,
        facility_id=facility,
        facility_name=names.get(facility),
        privacy=privacy,
        facts=facts,
        commentary=COMMENTARY,
        initiatives=(EVERYWHERE, COMPARED),
    )


@pytest.mark.parametrize("privacy", ["internal", "board", "external"])
def test_a_facilitys_copy_names_no_other_place(privacy: Privacy) -> None:
    text = build_report(inputs_of("AAA", privacy)).model_dump_json().lower()
    assert "lakeside" in text
    for other in ("valley", "lakeside north", "bbb", "ccc"):
        assert other not in text
    assert "[another hospital]" in text  # people's words are kept, the place is taken out


def test_the_whole_system_names_them_all() -> None:
    text = build_report(inputs_of("all")).model_dump_json()
    assert all(mark.facility_name in text for mark in MARKS)


def test_an_initiative_that_runs_elsewhere_too_shows_its_effect_in_the_whole_systems_report_only() -> None:
    own = {one.initiative.id: one for one in judge(inputs_of("AAA")).programme}
    assert (own["rounds"].is_shared, dict(own["rounds"].effects)) == (True, {})
    assert {one.place for one in own["rounds"].measures} == {"AAA"}
    assert own["calls"].effects[LOS] is not None
    assert judge(inputs_of("all")).programme[0].effects[LOS] is not None


def test_data_of_all_places_together_stay_out_of_one_places_copy() -> None:
    records = judge(inputs_of("AAA")).records
    assert (records.control_totals, records.ledger, records.reasons, records.stays) == ((), (), (), ())
    assert judge(inputs_of("all")).records.ledger
    quality = build_report(inputs_of("AAA")).appendix.data_quality
    assert quality.summary.startswith("Rows are counted by file, for all hospitals together")
    assert [mark.facility_id for mark in judge(inputs_of("AAA")).records.watermarks] == ["AAA"]


# ── file names and issues ────────────────────────────────────────────────────────────────────────────────────


def stem(facility: str, privacy: Privacy) -> str:
    report: Report = build_report(inputs_of("AAA"))
    return report_file_stem(report.model_copy(update={"facility_id": facility, "privacy": privacy}))


def test_no_copy_overwrites_another() -> None:
    audiences: list[Privacy] = ["internal", "board", "external"]
    facilities = ["all", "A", "a:b", "a_b", "a~3ab", "A-board", "A.1"]
    stems = {stem(facility, privacy) for facility in facilities for privacy in audiences}
    assert len(stems) == len(facilities) * len(audiences)
    assert stem("all", "internal") == "kpi-report-2026-10"
    assert stem("ERHL", "board") == "kpi-report-2026-10-ERHL-board"
    assert not any(set(name) & set("/\\:* ") for name in stems)


def test_until_it_is_issued_a_report_is_a_draft() -> None:
    assert build_report(eventful()).front.issue == "Draft"
    assert build_report(eventful(issue_number=3)).front.issue == "Issue 3"


# ── what is printed of which month, and of which measures ────────────────────────────────────────────────────


def test_exclusions_stand_beside_the_figure_of_their_month() -> None:
    """Readmissions of October are not final: the figure shown is September's, and so are its exclusions."""
    report = build_report(eventful(exclusions={READMISSION: {"A": {"died": 25}}}))
    definition = next(one for one in report.appendix.definitions if one.metric == READMISSION)
    assert definition.counted == "September 2026: cases listed 1,200, counted 1,175."
    assert Month(2026, 10) == LAST


def test_more_than_a_dozen_hospitals_are_compared_too() -> None:
    facilities = [f"H{at:02}" for at in range(14)]
    judged = judge(eventful(facilities=facilities, discharges=dict.fromkeys(facilities, 400.0)))
    assert list(judged.by_facility) == facilities
    assert judged.agenda.has("hospitals")


@pytest.mark.parametrize(
    ("name", "other", "text", "said"),
    [
        (
            "Example Valley Hospital",
            "Example Lakeside Hospital",
            "Rounds at Lakeside work; Example Valley is next.",
            "Rounds at [another hospital] work; Example Valley is next.",
        ),
        ("Valley", "LAKESIDE MEDICAL CENTER", "Lakeside's medical units", "[another hospital]'s medical units"),
        (
            "Mercy West Hospital",
            "Mercy East Hospital",
            "Mercy East, then West Mercy",
            "Mercy [another hospital], then West Mercy",
        ),
        # A word of the language, written small, names no place; nor does what every hospital is called.
        ("Valley", "General Hospital Spring", "in spring, General Hospital care", "in spring, General Hospital care"),
    ],
)
def test_a_name_as_people_shorten_it_is_taken_out_too(name: str, other: str, text: str, said: str) -> None:
    marks = tuple(
        Watermark(facility, called, date(2026, 10, 31), "declared") for facility, called in (("A", name), ("B", other))
    )
    inputs = eventful(facility_id="A", facility_name=name, facts=replace(FACTS, watermarks=marks))
    assert redactor(inputs)(text) == said
