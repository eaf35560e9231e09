"""The sentences about codes and the maps they are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import format_number, verb_for
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.report.words.notices.counted import counted, out_of

PLANNED_COUNTED_IN = "planned returns count as unplanned"
"""What readmissions mean where nothing tells planned care."""


def counts_planned_returns(notice: Notice) -> bool:
    """Whether it says that readmissions are computed with planned returns among them."""
    declared = notice.details.get("declared")
    return (notice.kind == "procedures_not_supplied" and declared != "true") or (
        notice.kind == "procedures_unmapped" and declared == "false"
    )


def _so_planned(notice: Notice) -> str:
    """What follows where planned returns cannot be told from unplanned ones."""
    if notice.details["declared"] == "false":
        return f"{PLANNED_COUNTED_IN}, as procedures_required: false says."
    if counts_planned_returns(notice):
        return f"{PLANNED_COUNTED_IN} and readmissions read too high. Send procedures with ICD-10-PCS codes."
    return (
        "planned returns cannot be told from unplanned ones, and readmissions are not computed. Send procedures with "
        f"ICD-10-PCS codes; or write procedures_required: false in landing.yaml, and {PLANNED_COUNTED_IN}."
    )


def _dispositions_invalid(notice: Notice) -> str:
    stays, short = notice.counts["stays"], notice.counts["one_digit"]
    zeros = ""
    if short:
        zeros = f"; {format_number(short)} {verb_for(short, 'has', 'have')} one digit: leading zeros were lost"
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} {verb_for(stays, 'has', 'have')} a "
        f"discharge_disposition_code that is no UB-04 code{zeros}."
    )


_FEW_UNMAPPED = 0.05
"""The codes of a new year and the retired ones are one or two in a hundred diagnoses."""
_FEWEST_OF_ANOTHER_SYSTEM = 6
"""Of fewer diagnoses a share says nothing about the system of codes."""


def _diagnoses_unmapped(notice: Notice) -> str:
    n, of = notice.counts["diagnoses"], notice.counts["of_diagnoses"]
    are, exclude = verb_for(n, "is", "are"), verb_for(n, "excludes", "exclude")
    many = (
        " That is more than a few new codes: diagnoses of another system (ICD-9, SNOMED)? Returns that they would "
        "exclude, or call planned, are counted."
        if n is not None and of is not None and n > _FEW_UNMAPPED * of and n >= _FEWEST_OF_ANOTHER_SYSTEM
        else ""
    )
    return (
        f"{out_of(notice, 'diagnoses', 'principal diagnoses')} {are} in no loaded CCS map and {exclude} nothing.{many}"
    )


def _drgs_unknown(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return f"{counted(notice, 'stays', 'stays')} {verb} a DRG that is not in the loaded MS-DRG table."


def _drg_table_of_another_year(notice: Notice) -> str:
    return f"No MS-DRG table is loaded for {join_words(notice.columns)}; that of {notice.details['used']} is used."


CODES: Mapping[str, Callable[[Notice], str]] = {
    "procedures_not_supplied": lambda one: f"procedures: no rows were supplied, so {_so_planned(one)}",
    "procedures_unmapped": lambda one: (
        f"procedures: {out_of(one, 'codes', 'codes')} are in no loaded map (CPT codes are in none), "
        f"so {_so_planned(one)}"
    ),
    "procedures_partly_unmapped": lambda one: (
        f"procedures: {out_of(one, 'codes', 'codes')} are in no loaded map (CPT codes are in none), so some planned "
        "returns are counted as unplanned."
    ),
    "dispositions_invalid": _dispositions_invalid,
    "diagnoses_without_map": lambda _: (
        "The principal diagnosis codes are in no loaded CCS map. "
        "Import one: kpi reference import ccs-icd9 or ccs-icd10."
    ),
    "diagnoses_unmapped": _diagnoses_unmapped,
    "drgs_unknown": _drgs_unknown,
    "drg_table_of_another_year": _drg_table_of_another_year,
}
