"""What we said before: three lines on page 1, all of it behind; nothing without an earlier issue; never a silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.model import FurtherSection, Report
from tests.report.invented_report import DENIALS, LAST, LOS, METRICS, READMISSION, eventful, not_supplied, report_inputs


def claim(metric: str, side: str, **more: object) -> Claim:
    return Claim.model_validate(
        {
            "metric": metric,
            "version": METRICS[metric].version if metric in METRICS else 1,
            "side": side,
            "first_month": "2026-08",
            "signal_from": "2026-04",
            "signalled": "2026-08",
            **more,
        }
    )


def page(report: Report) -> FurtherSection | None:
    return next((one for one in report.further_sections if one.name == "said_before"), None)


def outcomes(report: Report) -> dict[str, str]:
    section = page(report)
    assert section is not None
    return {str(row[0]): str(row[2]) for table in section.tables for row in table.rows}


def with_said(*claims: Claim, inputs: ReportInputs | None = None) -> ReportInputs:
    return replace(inputs or eventful(), said=claims)


def test_without_an_earlier_issue_nothing_is_printed_and_the_register_begins() -> None:
    report = build_report(eventful())
    assert report.front.said_before == ()
    assert page(report) is None
    assert {(one.metric, one.side, one.state) for one in report.claims} >= {
        (LOS, "low", "new"),
        (DENIALS, "high", "new"),
    }


def test_what_still_holds_what_is_gone_and_what_cannot_be_judged_each_has_its_line() -> None:
    inputs = not_supplied(eventful(), "case_mix_index", status="not_supplied", reason="")
    report = build_report(
        with_said(
            claim(LOS, "low"),
            claim(LOS, "high", signalled="2025-06"),
            claim("case_mix_index", "high"),
            claim(READMISSION, "high"),
            inputs=inputs,
        )
    )
    lines = report.front.said_before
    assert [line.split(":")[0] for line in lines] == ["No longer said", "Not confirmed this month", "Still so"]
    assert lines[2] == "Still so: length of stay is down (said since August 2026)."
    said = outcomes(report)
    assert said["Average length of stay is down"] == "Still so in October 2026."
    assert said["Average length of stay is up"].startswith("Withdrawn: with the figures as they are known now")
    assert said["Case mix index is up"] == "Cannot be judged this month: not supplied. It is kept."
    assert said["30-day unplanned readmissions are up"].startswith("Withdrawn: ")


def test_a_measure_that_is_gone_from_the_report_takes_its_claim_with_it_and_says_so() -> None:
    report = build_report(with_said(claim("beds_by_night", "high")))
    assert list(outcomes(report).values()) == ["Withdrawn: the measure is no longer in the report."]
    assert report.front.said_before[0].startswith("No longer said: beds by night ")


def test_an_onset_told_before_is_kept_on_every_page_and_one_that_changed_is_told_with_the_old_one() -> None:
    kept = ["2026-05", "2026-04", "2026-06"]
    report = build_report(with_said(claim(LOS, "low", onset=kept)))
    told = " ".join(next(one for one in report.exceptions if one.metric == LOS).tells)
    assert "most likely began in May 2026, between April 2026 and June 2026" in told
    wrong = build_report(with_said(claim(LOS, "low", onset=["2025-03", "2025-02", "2025-04"])))
    section = page(wrong)
    assert section is not None
    assert str(section.tables[0].rows[0][3]).endswith("; we said March 2025 (February 2025 to April 2025)")


def test_a_report_that_replaces_another_of_its_month_says_what_became_of_what_that_one_said() -> None:
    report = build_report(with_said(claim(LOS, "high", first_month=str(LAST))))
    assert report.front.said_before[0].startswith(
        "No longer said: length of stay is up (said in the report this one replaces; withdrawn)"
    )


def test_claims_about_single_hospitals_are_followed_up_behind_page_1() -> None:
    inputs = eventful(facilities="AB")
    first = build_report(inputs)
    assert {one.facility_id for one in first.claims} == {"all", "A", "B"}
    calm = report_inputs(facilities="AB", said=first.claims)
    report = build_report(calm)
    gone = [row for row in outcomes(report) if row.endswith(("at Lakeside", "at B"))]
    assert gone
    assert not any(" at " in line for line in report.front.said_before)
    again = page(build_report(replace(inputs, said=first.claims)))
    assert again is not None
    assert "still hold; their icons stand on the page by hospital." in again.paragraphs[-1]


@pytest.mark.parametrize("privacy", ["internal", "board", "external"])
def test_month_after_month_every_open_claim_is_answered_and_page_1_counts_all(privacy: str) -> None:
    said: tuple[Claim, ...] = ()
    for month in (LAST.plus(-at) for at in range(8, -1, -1)):
        judged = judge(eventful(month=month, said=said, facilities="AB", privacy=privacy))
        before = [one.before for one in judged.claims if one.before is not None]
        assert sorted(one.key for one in before) == sorted(one.key for one in said if one.is_open)
        said = tuple(one.claim for one in judged.claims)


def test_the_lines_of_page_1_fit_and_count_what_they_do_not_name() -> None:
    said = [claim(name, "high") for name in METRICS]
    report = build_report(with_said(*said, inputs=report_inputs()))
    (line,) = report.front.said_before
    assert len(line) <= 122
    assert line.endswith("and nine more.") or line.endswith("and ten more.")
    section = page(report)
    assert section is not None
    assert sum(len(table.rows) for table in section.tables) == len(METRICS) == 11
    assert Month.parse("2026-08").name in line
