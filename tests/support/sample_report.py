"""A realistic report with invented numbers in which every state occurs: signals both ways, a measure without data,
a provisional month, too few months, a missing month, a neutral measure. For tests of what the reader sees.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from kpi_pipeline.report.model import (
    Action,
    AssuranceIcon,
    AssuranceMark,
    Balancing,
    Decision,
    ExceptionPage,
    FindingList,
    FrontPage,
    Matrix,
    MatrixCell,
    Reading,
    Report,
    Scorecard,
    ScorecardGroup,
    ScorecardRow,
    SmallMultiple,
    SmallMultiples,
    Statement,
    Tile,
    VariationMark,
)
from tests.support import sample_series as series
from tests.support.sample_appendix import build_sample_appendix
from tests.support.sample_series import Series

VARIATION_WORDS = {
    "common_cause": "No evidence of change",
    "improvement_high": "Improvement, high",
    "improvement_low": "Improvement, low",
    "concern_high": "Concern, high",
    "concern_low": "Concern, low",
    "neither_high": "Change, high",
    "neither_low": "Change, low",
    "empty": "Too few months",
}
ASSURANCE_WORDS = {
    "passing": "Consistently passing",
    "failing": "Consistently failing",
    "hit_or_miss": "Hit or miss",
    "none": "No target",
}
ASSURANCE: dict[str, AssuranceIcon] = {
    "length_of_stay_days": "hit_or_miss",
    "avoidable_days_per_100_discharges": "failing",
    "readmission_30d": "hit_or_miss",
    "case_mix_adjusted_cost_per_case_usd": "hit_or_miss",
    "denials_per_100_discharges": "failing",
    "initial_assessment_within_24h": "passing",
}
BASIS = {
    "discharges": ("1,612", "stays"),
    "readmission_30d": ("1,207", "index discharges"),
    "case_mix_adjusted_cost_per_case_usd": ("2,711", "relative weight"),
    "total_cost_per_case_usd": ("1,598", "costed discharges"),
    "case_mix_index": ("1,604", "coded discharges"),
    "initial_assessment_within_24h": ("1,644", "admissions"),
    "caseload_per_case_manager": ("612", "case manager shifts"),
}
INTERVALS = {
    "readmission_30d": "11.1 to 14.9",
    "length_of_stay_days": "4.63 to 4.93",
    "avoidable_days_per_100_discharges": "23.0 to 28.0",
    "denials_per_100_discharges": "5.8 to 8.4",
    "initial_assessment_within_24h": "90.8 to 93.4",
}
PROVISIONAL = "provisional: follow-up until 30 Nov"


def variation(item: Series) -> VariationMark:
    return VariationMark(icon=item.icon, word=VARIATION_WORDS[item.icon])


def assurance(item: Series) -> AssuranceMark:
    icon: AssuranceIcon = ASSURANCE.get(item.metric, "none")
    return AssuranceMark(icon=icon, word=ASSURANCE_WORDS[icon])


def reading(item: Series) -> Reading:
    last = item.values[-1]
    if last is None:
        return Reading(unavailable="Not computable: no DRG weights")
    maturity: Literal["provisional", "final"] = "provisional" if 23 in item.hollow else "final"
    return Reading(
        value=item.text(last),
        unit=None if item.prefix or item.suffix else item.unit,
        interval=INTERVALS.get(item.metric),
        maturity=maturity,
        maturity_words=PROVISIONAL if maturity == "provisional" else "final",
    )


def build_tile(item: Series) -> Tile:
    count, noun = BASIS.get(item.metric, ("1,612", "discharges"))
    year_ago = item.values[11] if len(item.values) == 24 else None
    sign = "≥" if item.better == "higher" else "≤"
    return Tile(
        metric=item.metric,
        title=item.title,
        reading=reading(item),
        basis=f"{count} {noun}" if item.values[-1] is not None else None,
        target=f"Target {sign} {item.text(item.target)}" if item.target is not None else None,
        comparison=f"A year ago {item.text(year_ago)}" if year_ago is not None else None,
        sparkline=item.sparkline(),
        variation=variation(item),
        assurance=assurance(item) if item.metric in ASSURANCE else None,
    )


def build_row(item: Series) -> ScorecardRow:
    count, noun = BASIS.get(item.metric, ("1,612", "discharges"))
    year_ago = item.values[11] if len(item.values) == 24 else None
    has_value = item.values[-1] is not None
    sign = "≥" if item.better == "higher" else "≤"
    return ScorecardRow(
        metric=item.metric,
        name=item.title,
        unit=item.unit,
        reading=reading(item),
        denominator=count if has_value else None,
        denominator_noun=noun if has_value else None,
        target=f"{sign} {item.text(item.target)}" if item.target is not None else None,
        target_source="Board plan" if item.target is not None else None,
        year_ago=item.text(year_ago) if year_ago is not None else None,
        sparkline=item.sparkline(),
        variation=variation(item) if has_value else None,
        assurance=assurance(item) if has_value else None,
    )


def build_front() -> FrontPage:
    return FrontPage(
        title="Length of stay holds its gain; avoidable days now cost us the most",
        lede="Two measures improved and two need attention. Of eleven measures nine can be judged; "
        "by chance alone about one icon in a month would colour.",
        tiles=tuple(
            build_tile(item)
            for item in (
                series.READMISSION, series.LENGTH_OF_STAY, series.COST,
                series.AVOIDABLE_DAYS, series.DENIALS, series.ASSESSMENT,
            )
        ),
        improved=FindingList(
            items=(
                "Average length of stay fell from 5.33 to 4.87 days with daily rounds in January 2026 and has held "
                "for ten months (1,612 discharges).",
                "Unplanned readmissions: five of the last six final months lie below the mean of 14.7% "
                "(September: 1,284 index discharges).",
            ),
            none_words="No measure shows an improvement signal this month.",
        ),
        attention=FindingList(
            items=(
                "Avoidable days stand at 25.4 per 100 discharges, above the mean of 21.8 for seven months.",
                "Total cost per case has been above its mean for six months; adjusted for case mix there is no "
                "evidence of change.",
                "Denials per 100 discharges will miss the target of 6.0 every month until the process changes.",
            ),
            none_words="No measure shows a concern signal this month.",
        ),
        decisions=(
            Decision(text="Approve a preferred-provider agreement with two skilled-nursing facilities",
                     owner="Chief operating officer", due="15 Dec 2026"),
            Decision(text="Sponsor a joint operating committee with the largest commercial payer",
                     owner="Chief financial officer", due="30 Nov 2026"),
            Decision(text="Fund 1.4 FTE weekend case management on a six-month trial, $86,000",
                     owner="Chief nursing officer", due="15 Dec 2026"),
        ),
        said_before=(
            "No longer said: caseload is down (said in August 2026; faded).",
            "Still so: length of stay is down (said since March 2026) and one more.",
        ),
        matrix=Matrix(
            caption="Where each measure stands in October 2026",
            cells=(
                MatrixCell(variation="improvement", assurance="hit_or_miss",
                           measures=("Average length of stay", "30-day unplanned readmissions")),
                MatrixCell(variation="common_cause", assurance="passing",
                           measures=("Initial assessment within 24 hours",)),
                MatrixCell(variation="common_cause", assurance="hit_or_miss",
                           measures=("Cost per case, case mix adjusted",)),
                MatrixCell(variation="common_cause", assurance="failing", measures=("Denials per 100 discharges",)),
                MatrixCell(variation="common_cause", assurance="none", measures=("Discharges",)),
                MatrixCell(variation="concern", assurance="failing",
                           measures=("Avoidable days per 100 discharges",)),
                MatrixCell(variation="concern", assurance="none", measures=("Total cost per case",)),
                MatrixCell(variation="neither", assurance="none", measures=("Case mix index",)),
            ),
            not_judged=(
                "Length of stay index (not computable: no DRG weights)",
                "Patients per case manager on shift (5 months of data, 13 needed)",
            ),
        ),
        cut_off="Data complete through 5 November 2026 at all three facilities",
        status="provisional",
        status_words="Provisional: October readmissions have follow-up until 30 November; all else is final",
        issue="Issue 10, 12 November 2026",
    )  # fmt: skip


def build_scorecard() -> Scorecard:
    groups = (
        ("Flow", (series.LENGTH_OF_STAY, series.LENGTH_OF_STAY_INDEX, series.AVOIDABLE_DAYS, series.DISCHARGES)),
        ("Readmissions", (series.READMISSION,)),
        ("Cost", (series.COST, series.TOTAL_COST, series.CASE_MIX)),
        ("Utilisation", (series.DENIALS,)),
        ("Case management", (series.ASSESSMENT, series.CASELOAD)),
    )
    return Scorecard(
        title="Two of eleven measures improved, three need attention, four show no evidence of change",
        lede="October 2026. Trends show 24 months with the target as a dotted line; a blue circle is a signal of "
        "improvement, an orange diamond one of concern, a purple square a change without a better direction.",
        caption="Scorecard, October 2026: value with 95% interval, denominator, target, same month last year, "
        "24-month trend, variation and assurance",
        groups=tuple(
            ScorecardGroup(heading=heading, rows=tuple(build_row(item) for item in items)) for heading, items in groups
        ),
        notes=(
            "Hollow points are provisional and take no part in limits or icons. A broken line is a month without "
            "data; it is never zero.",
            "Icons follow rule set nhs-2024 and need 13 months. Intervals are 95% intervals of the value.",
        ),
    )


def build_exceptions() -> tuple[ExceptionPage, ...]:
    method = (
        "u′ chart: limits at 3 sigma around Σ days ÷ Σ discharges, widened by σz = 1.31 for variation between months.",
        "Trial limits would be marked as such; these rest on 24 months.",
        "Rule set nhs-2024: point outside limits, shift of 6, trend of 6, two of three beyond 2 sigma.",
    )
    return (
        ExceptionPage(
            metric=series.AVOIDABLE_DAYS.metric,
            kind="concern",
            kind_words="Needs attention",
            heading="Avoidable days have run high since two skilled-nursing partners closed admissions",
            chart_title="Avoidable days per 100 discharges, by month of discharge, all facilities",
            chart=series.AVOIDABLE_DAYS.chart("Avoidable days per 100 discharges rose in April 2026 and stayed high."),
            variation=variation(series.AVOIDABLE_DAYS),
            assurance=assurance(series.AVOIDABLE_DAYS),
            notes=("Limits are computed over all 24 months; no rebase is recorded.",),
            tells=(
                "Seven months in a row, April to October 2026, lie above the mean of 21.8: a shift (6 or more).",
                "October stands at 25.4 avoidable days per 100 discharges (409 days, 1,612 discharges). The target "
                "of 18.0 lies below the lower limit, so it will be missed every month until the process changes.",
            ),
            why=Statement(
                paragraphs=(
                    "Two skilled-nursing partners stopped taking admissions in April. Waits for a post-acute bed "
                    "rose from 1.9 to 3.4 days; payer authorisation adds half a day.",
                ),
                by="Director’s commentary, 9 November 2026",
            ),
            doing=(
                Action(text="Preferred-provider agreement with two further facilities", owner="COO", due="15 Dec 2026"),
                Action(text="Escalation to the medical director within 24 hours for every stay past its expected day",
                       owner="Physician adviser", due="running"),
            ),
            doing_statement=Statement(none_words="No action recorded."),
            back=Statement(paragraphs=("Back inside the old limits by March 2027 if both agreements are signed.",),
                           by="Director’s commentary, 9 November 2026"),
            balancing=Balancing(
                title="30-day unplanned readmissions, %",
                text="No sign that patients leave too early: readmissions did not rise.",
                chart=series.READMISSION.chart("30-day unplanned readmissions did not rise."),
            ),
            method=method,
        ),
        ExceptionPage(
            metric=series.LENGTH_OF_STAY.metric,
            kind="improvement",
            kind_words="New improvement",
            heading="Length of stay fell by half a day when rounds began and has held for ten months",
            chart_title="Average length of stay in days, acute inpatients, by month of discharge",
            chart=series.LENGTH_OF_STAY.chart("Average length of stay fell to 4.87 days in January 2026 and held."),
            variation=variation(series.LENGTH_OF_STAY),
            assurance=assurance(series.LENGTH_OF_STAY),
            notes=(
                "Limits recalculated from January 2026: daily rounds on all medical units; decided by the quality "
                "committee, 14 July 2026.",
                "Ten months since the recalculation: trial limits (13 are needed).",
            ),
            tells=("Ten months in a row lie below the earlier mean of 5.33 days: a shift (6 or more).",),
            why=Statement(none_words="No commentary recorded."),
            back=Statement(none_words="Not applicable: the change is wanted."),
            doing_statement=Statement(none_words="No action recorded."),
            method=method[1:],
        ),
    )  # fmt: skip


def build_small_multiples() -> SmallMultiples:
    return SmallMultiples(
        title="Every measure, 24 months",
        lede="Dashed: limits; solid grey: mean; dotted: target. Hollow points are provisional.",
        panels=tuple(
            SmallMultiple(
                metric=item.metric,
                title=item.title,
                value_words=f"{reading(item).value or reading(item).unavailable} {reading(item).unit or ''}".strip(),
                variation=variation(item),
                chart=item.chart(f"{item.title}: {VARIATION_WORDS[item.icon].lower()}."),
            )
            for item in series.ALL_SERIES
        ),
    )


def build_sample_report() -> Report:
    return Report(
        month="2026-10",
        month_words="October 2026",
        hospital_name="Example Regional Medical Center",
        issue_number=10,
        title="Case management performance",
        prepared_by="Prepared for senior management by the Director of Case Management",
        confidentiality="Confidential. For senior management.",
        source_words="Source: data complete through 5 November 2026, snapshot 7f3c1a.",
        snapshot_id="2026-11-06T0412Z-7f3c1a",
        stamped_at=datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
        front=build_front(),
        scorecard=build_scorecard(),
        exceptions=build_exceptions(),
        small_multiples=build_small_multiples(),
        appendix=build_sample_appendix(),
    )
