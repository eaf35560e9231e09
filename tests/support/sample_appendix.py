"""Page 8 of the sample report: invented definitions, counts and warnings."""

from __future__ import annotations

from kpi_pipeline.report.model import (
    Appendix,
    Bar,
    Bars,
    DataQuality,
    Definition,
    Exclusion,
    LedgerRow,
    Method,
    QuarantineReason,
    ReferenceTable,
    Rule,
    Watermark,
)
from tests.support.sample_series import ALL_SERIES

DETAILS: dict[str, tuple[str, str, str, str, tuple[tuple[str, str], ...]]] = {
    "readmission_30d": (
        "Of patients discharged alive to the community, the share who came back unplanned within 30 days.",
        "First later acute stay is unplanned and starts within 30 days.",
        "Live acute discharges in the month.",
        "CMS Hospital-Wide Readmission, observed and unadjusted, returns to our own facilities only.",
        (
            ("38", "Died during the stay."),
            ("52", "Transferred to another acute hospital."),
            ("withheld", "Left against medical advice."),
            ("91", "Psychiatric, rehabilitation or cancer treatment."),
            ("217", "Follow-up of 30 days not complete."),
        ),
    ),
    "length_of_stay_days": (
        "Mean number of calendar days from admission to discharge; same day counts as one.",
        "Days of stay.",
        "Acute discharges in the month.",
        "AHA utilisation definition.",
        (("withheld", "Admission time missing."),),
    ),
}
OTHER = (
    "Ratio of sums over all facilities, counted by month of discharge.",
    "Days, dollars or events recorded for the stay.",
    "Acute discharges in the month.",
    "Hospital definition, no outside standard.",
    (("12", "Not yet coded."),),
)


def build_sample_appendix() -> Appendix:
    return Appendix(
        title="Definitions, data quality and method",
        lede="What each measure counts, what came in and what was left out, and how the charts are to be read.",
        definitions=tuple(_definition(item.metric, item.title, item.target is not None) for item in ALL_SERIES),
        data_quality=_data_quality(),
        method=_method(),
    )


def _definition(metric: str, title: str, has_target: bool) -> Definition:
    definition, numerator, denominator, follows, exclusions = DETAILS.get(metric, OTHER)
    return Definition(
        metric=metric,
        title=title,
        definition=definition,
        numerator=numerator,
        denominator=denominator,
        counted="1,207 index discharges counted" if metric == "readmission_30d" else "1,612 discharges counted",
        exclusions=tuple(Exclusion(count=count, text=text) for count, text in exclusions),
        follows=follows,
        version="version 1, from 1 Jan 2024",
        target="Target: Board quality plan" if has_target else None,
        caveats=("Returns to hospitals outside our data are not visible.",) if metric == "readmission_30d" else (),
    )


def _data_quality() -> DataQuality:
    return DataQuality(
        summary="Of 486,213 rows received, 485,730 were used, 214 were set aside, 198 were duplicates and 71 were "
        "superseded by a later version.",
        ledger=(
            LedgerRow(table="encounters", rows_in="61,204", used="61,018", quarantined="96", duplicate="74",
                      superseded="16"),
            LedgerRow(table="diagnoses", rows_in="398,771", used="398,602", quarantined="58", duplicate="88",
                      superseded="23"),
            LedgerRow(table="avoidable_days", rows_in="8,412", used="8,349", quarantined="31", duplicate="21",
                      superseded="11"),
            LedgerRow(table="denials", rows_in="17,826", used="17,761", quarantined="29", duplicate="15",
                      superseded="21"),
        ),
        quarantine_reasons=(
            QuarantineReason(table="encounters", reason="Discharged before admitted", rows="61"),
            QuarantineReason(table="encounters", reason="Admission date missing or not a date", rows="35"),
            QuarantineReason(table="diagnoses", reason="No such encounter", rows="58"),
            QuarantineReason(table="avoidable_days", reason="Outside the stay", rows="31"),
            QuarantineReason(table="denials", reason="No such encounter", rows="29"),
        ),
        funnel=Bars(
            caption="From encounters to the stays the measures count, 36 months",
            alt="61,018 encounters become 57,204 acute stays, of which 55,980 count.",
            value_heading="Rows",
            beside_headings=("Left out",),
            bars=(
                Bar(label="Encounters used", value=61018, value_words="61,018", beside=("–",)),
                Bar(label="Acute inpatient encounters", value=58310, value_words="58,310", beside=("2,708",)),
                Bar(label="Joined into continuous stays", value=57204, value_words="57,204", beside=("1,106",)),
                Bar(label="Discharged", value=55980, value_words="55,980", beside=("1,224",), strong=True),
            ),
        ),
        watermarks=(
            Watermark(facility_id="north", facility_name="Example North Hospital", complete_through="5 Nov 2026",
                      basis="declared in the landing folder"),
            Watermark(facility_id="south", facility_name="Example South Hospital and Rehabilitation Campus",
                      complete_through="5 Nov 2026", basis="declared in the landing folder"),
            Watermark(facility_id="west", facility_name="Example West Hospital", complete_through="6 Nov 2026",
                      basis="read from the data: last day with discharges"),
        ),
        reference_tables=(
            ReferenceTable(name="MS-DRG weights", version="FY 2026, v43", rows="772", source="CMS, table 5"),
            ReferenceTable(name="CCS diagnosis categories", version="2019.1", rows="72,446", source="AHRQ"),
        ),
        warnings=(
            "Column patient_class of encounters is not known and was ignored.",
            "Example West Hospital sent no denials file for February 2026; its denials are missing, not zero.",
        ),
    )  # fmt: skip


def _method() -> Method:
    return Method(
        how_to_read=(
            "The grey band between the limits holds what this process does by itself. Points inside it that follow no "
            "rule are routine variation, and reacting to one of them makes things worse.",
            "Limits are recalculated only after a recorded, confirmed change. Hollow points are provisional, crosses "
            "are taken out of the calculation by a recorded decision, and a gap is a month without data.",
        ),
        rule_set="nhs-2024",
        rule_set_words="One calculation feeds charts, tables, icons and sentences alike. A measure needs 13 months "
        "before it gets an icon.",
        rules=(
            Rule(name="Outside the limits", text="One point above or below three sigma."),
            Rule(name="Shift", text="Six points in a row on one side of the mean."),
            Rule(name="Trend", text="Six points in a row, each higher or each lower than the one before."),
            Rule(name="Two of three", text="Two of three points beyond two sigma, all three on one side of the mean."),
        ),
        paragraphs=(
            "With these rules a stable 24-month chart shows some flag 28% of the time; among eleven charts about one "
            "icon a month colours by chance.",
            "The figures behind every chart are attached to this file as figures.csv.",
        ),
        contact="Questions: case.management@example.org",
    )
