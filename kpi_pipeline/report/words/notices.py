"""The sentence of each notice of a build: for the report's last page, the command line and the docs alike.

Not here: what is noticed and when (`intake`, `warehouse`), who may be told its counts (`judgement.records`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from kpi_pipeline.core.language import date_words, format_count, format_number, one_or_many, verb_for
from kpi_pipeline.core.notices import SOME_FILE, Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.texts import join_words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import capitalised
from kpi_pipeline.warehouse.supply import UNPLANNED_RETURNS

_TYPES_SHOWN = 40
"""Letters shown of a value from a file."""


def notice_sentence(notice: Notice) -> str:
    """The notice in a sentence or two: where, what was found, what follows from it, what to do."""
    return SENTENCES[notice.kind](notice)


def _counted(notice: Notice, name: str, noun: str) -> str:
    """`1 row`, `12 rows`, or `rows (number withheld)`."""
    count = notice.counts[name]
    return f"{noun} (number withheld)" if count is None else format_count(count, noun)


def _out_of(notice: Notice, name: str, noun: str) -> str:
    """`12 of 4,120 rows`; `some rows (numbers withheld)` where they may not be told."""
    part, whole = notice.counts[name], notice.counts[f"of_{name}"]
    if part is None or whole is None:
        return f"some {noun} (numbers withheld)"
    return f"{format_number(part)} of {format_number(whole)} {one_or_many(whole, noun)}"


def _quoted(notice: Notice) -> str:
    return ", ".join(repr(name) for name in notice.columns)


def _day(text: str) -> str:
    return date_words(date.fromisoformat(text))


def _folder_left_aside(notice: Notice) -> str:
    files = format_count(int(notice.details["files"]), "files")
    return (
        f"{notice.file}: a folder of {files}; left aside. To read it, write in landing.yaml a pattern such as "
        "tables: {encounters: {files: [encounters*, '*/encounters*']}}."
    )


def _rows_above_header(notice: Notice) -> str:
    unit, at = notice.details["unit"], int(notice.details["header_row"])
    above = f"{one_or_many(1, unit)} 1 is" if at == 2 else f"{unit} 1 to {at - 1} are"
    return f"{notice.file}: the header row is {one_or_many(1, unit)} {at}; {above} taken for a title and left aside."


def _cells_with_errors(notice: Notice) -> str:
    verb = verb_for(notice.counts["cells"], "holds", "hold")
    return (
        f"{notice.file}: {_counted(notice, 'cells', 'cells')} {verb} an error of Excel (such as #N/A); taken as empty."
    )


def _columns_ignored(notice: Notice) -> str:
    ignored = int(notice.details["ignored"])
    if ignored == 1:
        return f"{notice.file}: the column {_quoted(notice)} is not in the layout; ignored."
    return (
        f"{notice.file}: {format_number(ignored)} columns are not in the layout; ignored: {_quoted(notice)} and others."
    )


def _rows_empty(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "holds", "hold")
    rows = _counted(notice, "rows", "rows")
    return f"{notice.file}: {rows} {verb} not a single value (commas alone); left aside as empty."


def _numbers_doubtful(notice: Notice) -> str:
    return (
        f"{notice.file}: numbers of {notice.columns[0]} can be read in two ways (1,234 is a thousand, or one and a "
        f"bit). Write in landing.yaml: tables: {{{notice.table}: {{decimal: '.'}}}}, or ','."
    )


def _rows_left_out(notice: Notice) -> str:
    return f"{notice.file}: {_counted(notice, 'rows', 'rows')} left out of {notice.table}: {notice.details['reason']}."


def _values_unreadable(notice: Notice) -> str:
    values = _counted(notice, "values", "values")
    return f"{notice.file}: {values} of {notice.columns[0]} cannot be read; treated as unknown."


def _rows_unmatched(notice: Notice) -> str:
    parent = notice.details["parent"]
    owner = "encounter" if parent == "encounters" else "case-management case"
    return (
        f"{notice.file}: {_out_of(notice, 'rows', 'rows')} of {notice.table} belong to no {owner} in the data. "
        f"Compare its {notice.columns[0]} with that of {parent}: lost leading zeros, or another system's numbers?"
    )


def _withdrawn_words(notice: Notice) -> str:
    """How to declare that a file is not missed; nothing where its name may not be told."""
    return "" if notice.file == SOME_FILE else f" If so on purpose, write withdrawn: ['{notice.file}'] in landing.yaml."


def _file_gone(notice: Notice) -> str:
    return (
        f"{notice.file}: was read before and is no longer there; {_out_of(notice, 'rows', 'rows')} of "
        f"{notice.table} that it held are in no file now, and count no more. Put it back.{_withdrawn_words(notice)}"
    )


def _file_shrank(notice: Notice) -> str:
    return (
        f"{notice.file}: held more before; {_out_of(notice, 'rows', 'rows')} of {notice.table} that it held are in no "
        "file now, and count no more. Was it cut short? Give each extract a name of its own, or declare feed: full."
        f"{_withdrawn_words(notice)}"
    )


def _file_older(notice: Notice) -> str:
    last, before = notice.details["last"], notice.details["before"]
    ends = f" It ends on {_day(last)}, that one on {_day(before)}." if "" < last < before else ""
    return (
        f"{notice.file}: is older than what bore its name before.{ends} Put the newer {notice.table} file back."
        f"{_withdrawn_words(notice)}"
    )


def _extract_missing(notice: Notice) -> str:
    month = Month.parse(notice.details["month"]).name
    return (
        f"{notice.file}: of this monthly series of {notice.table} the file for {month} is missing; figures of that "
        f"time may lack rows.{_withdrawn_words(notice)}"
    )


def _dates_ahead(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    return (
        f"{notice.file}: {_counted(notice, 'rows', 'rows')} of {notice.table} {verb} dated after the day the file "
        "came; counted as written. A mistyped year? Write plausible_until in landing.yaml; later dates are refused "
        "then."
    )


def _declared_far_ahead(notice: Notice) -> str:
    declared, seen = notice.details["declared"], notice.details["last_seen"]
    return f"landing.yaml: complete_through is {declared}, but the last day seen in the data is {seen}."


def _feed_stopped(notice: Notice) -> str:
    supported = notice.details["supported"]
    return (
        f"{notice.table}: facility {notice.facility_id!r} sent hardly a row since {_day(supported)}, far fewer than "
        f"usual, though it counts as complete through {_day(notice.details['claimed'])}. Its figures are held back to "
        f"{_day(supported)}. Send the missing rows, or declare complete_through: {{{notice.facility_id}: {supported}}} "
        "in landing.yaml; give a closed facility its closed_on."
    )


def _feed_silent(notice: Notice) -> str:
    return (
        f"{notice.table}: not one row of facility {notice.facility_id!r} from {_day(notice.details['first'])} to "
        f"{_day(notice.details['last'])}, where there are usually many. Figures that rest on these days are "
        "provisional, those of the whole system too. Is a file missing?"
    )


def _ids_of_several_facilities(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} {verb_for(notice.counts['rows'], 'was', 'were')} replaced by "
        "a row of another facility with the same encounter_id. Unless they moved, make the ids unique across "
        "facilities."
    )


def _encounter_types_unknown(notice: Notice) -> str:
    said = []
    for key, name in notice.each.items():
        count = notice.counts[key]
        said.append(repr(name[:_TYPES_SHOWN]) + ("" if count is None else f" in {format_number(count)}"))
    named = f" ({', '.join(said)})" if said else ""
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} with an encounter_type that is not one of the "
        f"{notice.details['known']} known ones{named}: no stays are made of them. "
        "Write acute inpatient stays as 'acute inpatient'."
    )


def _persons_unknown(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} with a placeholder for an unknown person (such as UNKNOWN, 0 "
        "or 9999) as person_id. Each is taken as a person of its own: their stays count, their returns cannot be seen."
    )


def _versions_undated(notice: Notice) -> str:
    return (
        f"{notice.table}: {_counted(notice, 'rows', 'rows')} differing from another row with the same "
        f"{', '.join(notice.columns)}, and nothing says which is later (updated_at, or a later file): one of each was "
        "picked and the others left out. If they are parts of one record, such as one row per unit or diagnosis, "
        "combine them first."
    )


PLANNED_COUNTED_IN = "planned returns count as unplanned"
"""What readmissions mean where nothing tells planned care."""


def counts_planned_returns(notice: Notice) -> bool:
    """Whether it says that readmissions are computed with planned returns among them."""
    declared = notice.details.get("declared")
    return (notice.kind == "procedures_not_supplied" and declared != "true") or (
        notice.kind == "procedures_unmapped" and declared == "false"
    )


def caution_words(metric: Metric, notices: Iterable[Notice]) -> str | None:
    """What must stand beside a figure of this measure because of what the build noticed; None where nothing must."""
    if UNPLANNED_RETURNS in metric.needs and any(counts_planned_returns(one) for one in notices):
        return f"{capitalised(PLANNED_COUNTED_IN)}."
    return None


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


def _ids_of_two_stays(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} {verb_for(notice.counts['rows'], 'was', 'were')} replaced by "
        "a row of the same encounter_id that is another stay (other days, or another person), so a stay may be lost. "
        "Make the ids unique, or write one row per stay."
    )


def _rows_removed(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "is", "are")
    return (
        f"{notice.table}: {_counted(notice, 'rows', 'rows')} of earlier extracts {verb} not in the newest one "
        "and no longer counted, since each extract is declared whole (feed: full)."
    )


def _stays_very_long(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'stays', 'stays')} longer than {notice.details['days']} days, counted as "
        "written: a year mistyped, or a discharge closed late? They weigh on every mean of days."
    )


def _stays_open_at_once(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'persons', 'persons')} with two or more stays without a discharge at once: a "
        "discharge was forgotten, or person_id stands for several people."
    )


def _stays_after_death(notice: Notice) -> str:
    return (
        f"encounters: {_counted(notice, 'stays', 'stays')} of people whose earlier stay ended in death: the discharge "
        "status is wrong, or person_id stands for several people."
    )


def _dispositions_invalid(notice: Notice) -> str:
    stays, short = notice.counts["stays"], notice.counts["one_digit"]
    zeros = ""
    if short:
        zeros = f"; {format_number(short)} {verb_for(short, 'has', 'have')} one digit: leading zeros were lost"
    return (
        f"encounters: {_counted(notice, 'stays', 'stays')} {verb_for(stays, 'has', 'have')} a "
        f"discharge_disposition_code that is no UB-04 code{zeros}."
    )


def _diagnoses_unmapped(notice: Notice) -> str:
    n = notice.counts["diagnoses"]
    are, exclude = verb_for(n, "is", "are"), verb_for(n, "excludes", "exclude")
    return f"{_out_of(notice, 'diagnoses', 'principal diagnoses')} {are} in no loaded CCS map and {exclude} nothing."


def _drgs_unknown(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return f"{_counted(notice, 'stays', 'stays')} {verb} a DRG that is not in the loaded MS-DRG table."


def _drg_table_of_another_year(notice: Notice) -> str:
    return f"No MS-DRG table is loaded for {join_words(notice.columns)}; that of {notice.details['used']} is used."


def _people_in_many_beds(notice: Notice) -> str:
    persons = notice.counts["persons"]
    return (
        f"encounters: {_counted(notice, 'persons', 'persons')} {verb_for(persons, 'has', 'have')} three or more "
        f"inpatient stays at the same time, {_counted(notice, 'rows', 'rows')} in all: one number for several people? "
        "Their stays are joined to one another, and their returns cannot be believed."
    )


def _ids_as_decimals(notice: Notice) -> str:
    return (
        f"{notice.table}: {_counted(notice, 'rows', 'rows')} with a {notice.columns[0]} that ends in .0: a number that "
        "a program took for a decimal. It matches no other file. Export ids as text."
    )


def _facilities_not_listed(notice: Notice) -> str:
    named = f" ({_quoted(notice)})" if notice.columns else ""
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} with a facility_id that the facilities table lacks{named}: "
        "counted as hospitals of their own. Correct the id, or add the facility."
    )


def _facilities_alike(notice: Notice) -> str:
    named = f" ({_quoted(notice)})" if notice.columns else ""
    return (
        f"encounters: {_counted(notice, 'rows', 'rows')} with facility_ids that differ by capitals or blanks "
        f"alone{named}: counted as different hospitals. Write each in one way."
    )


def _discharges_lost(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return (
        f"encounters: {_counted(notice, 'stays', 'stays')} {verb} no discharge long after any patient has left: "
        "counted neither as discharged nor as in the house. Send the rows with their discharge."
    )


def _costs_of_zero(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return (
        f"encounters: {_counted(notice, 'stays', 'stays')} {verb} a total_cost of 0. What is not yet costed is better "
        "left empty: cost per case rests on the others."
    )


def _amounts_of_another_scale(notice: Notice) -> str:
    return (
        f"{notice.file}: {notice.columns[0]} of {notice.table} is typically {notice.details['times']} times that of "
        "another file: cents for dollars, or another currency? Correct the file; figures over both mean nothing."
    )


def _rows_alike(notice: Notice) -> str:
    return (
        f"{notice.table}: {_out_of(notice, 'rows', 'rows')} differ from another row in {notice.columns[0]} alone: "
        "the same rows sent again under new numbers? Each is counted."
    )


def _place(notice: Notice) -> str:
    return "all facilities together" if notice.facility_id == WHOLE_SYSTEM else f"facility {notice.facility_id!r}"


def _month_thin(notice: Notice) -> str:
    rows, usual = notice.counts["rows"], notice.counts["usual"]
    month = Month.parse(notice.details["month"]).name
    sent = "no rows" if rows == 0 else _counted(notice, "rows", "rows")
    far = "far fewer than usual" if usual is None else f"where {format_number(usual)} are usual"
    return f"{notice.table}: {_place(notice)} sent {sent} for {month}, {far}. Is a part of the feed missing?"


def _values_missing(notice: Notice) -> str:
    return (
        f"{notice.table}: {_out_of(notice, 'stays', 'stays')} of {_place(notice)} lack {notice.columns[0]}. What needs "
        "it rests on the others, which may be of another kind."
    )


def _values_missing_in_month(notice: Notice) -> str:
    month = Month.parse(notice.details["month"]).name
    return (
        f"{notice.table}: {_out_of(notice, 'stays', 'stays')} discharged in {month} "
        f"lack {notice.columns[0]}, more than in other months. What needs it rests on the others."
    )


SENTENCES: Mapping[str, Callable[[Notice], str]] = {
    "file_of_no_table": lambda one: f"{one.file}: is no table of the source {one.details['source']!r}; left aside.",
    "folder_left_aside": _folder_left_aside,
    "lookup_not_found": lambda one: f"no {one.details['named']} file was found: {one.details['unknown']} not known.",
    "sheets_left_aside": lambda one: (
        f"{one.file}: only the sheet {one.details['sheet']} is read; {', '.join(one.columns)} left aside."
    ),
    "rows_above_header": _rows_above_header,
    "cells_with_errors": _cells_with_errors,
    "columns_ignored": _columns_ignored,
    "file_read_again": lambda one: f"{one.file}: {one.details['fault']}; the file was read again.",
    "file_gone": _file_gone,
    "file_shrank": _file_shrank,
    "file_older": _file_older,
    "extract_missing": _extract_missing,
    "dates_ahead": _dates_ahead,
    "rows_empty": _rows_empty,
    "numbers_doubtful": _numbers_doubtful,
    "rows_left_out": _rows_left_out,
    "values_unreadable": _values_unreadable,
    "rows_unmatched": _rows_unmatched,
    "declared_facility_unknown": lambda one: (
        f"landing.yaml: complete_through names the facility {one.facility_id!r}, which has no encounters."
    ),
    "declared_far_ahead": _declared_far_ahead,
    "feed_silent": _feed_silent,
    "feed_stopped": _feed_stopped,
    "ids_of_several_facilities": _ids_of_several_facilities,
    "encounter_types_unknown": _encounter_types_unknown,
    "persons_unknown": _persons_unknown,
    "versions_undated": _versions_undated,
    "ids_of_two_stays": _ids_of_two_stays,
    "rows_removed": _rows_removed,
    "procedures_not_supplied": lambda one: f"procedures: no rows were supplied, so {_so_planned(one)}",
    "procedures_unmapped": lambda one: (
        f"procedures: {_out_of(one, 'codes', 'codes')} are in no loaded map (CPT codes are in none), "
        f"so {_so_planned(one)}"
    ),
    "procedures_partly_unmapped": lambda one: (
        f"procedures: {_out_of(one, 'codes', 'codes')} are in no loaded map (CPT codes are in none), so some planned "
        "returns are counted as unplanned."
    ),
    "stays_very_long": _stays_very_long,
    "stays_open_at_once": _stays_open_at_once,
    "stays_after_death": _stays_after_death,
    "dispositions_invalid": _dispositions_invalid,
    "people_in_many_beds": _people_in_many_beds,
    "ids_as_decimals": _ids_as_decimals,
    "facilities_not_listed": _facilities_not_listed,
    "facilities_alike": _facilities_alike,
    "discharges_lost": _discharges_lost,
    "costs_of_zero": _costs_of_zero,
    "amounts_of_another_scale": _amounts_of_another_scale,
    "rows_alike": _rows_alike,
    "month_thin": _month_thin,
    "values_missing": _values_missing,
    "values_missing_in_month": _values_missing_in_month,
    "no_stays": lambda _: "No encounter has the encounter_type 'acute inpatient', so there are no stays to measure.",
    "diagnoses_without_map": lambda _: (
        "The principal diagnosis codes are in no loaded CCS map. "
        "Import one: kpi reference import ccs-icd9 or ccs-icd10."
    ),
    "diagnoses_unmapped": _diagnoses_unmapped,
    "drgs_unknown": _drgs_unknown,
    "drg_table_of_another_year": _drg_table_of_another_year,
}
"""One sentence for each kind of `core.notices.KINDS`."""
