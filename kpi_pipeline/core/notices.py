"""Notices: what a reader must know of a build, as records of facts. The sentences are made in `report.words.notices`.

Nothing here is prose, so that counts can be withheld from an audience and no text is ever taken apart again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple


class Shape(NamedTuple):
    """What a notice of one kind holds besides its kind, each as names separated by blanks.

    fields: which of file, table, facility_id and columns are filled. counts: numbers of cases, rows or values, which an
    audience may not be told. details: everything else (dates, positions in a file, reasons a source declares).
    is_housekeeping: helps who prepares the files and bears on no figure, so nobody outside the hospital needs it.
    """

    fields: str = ""
    counts: str = ""
    details: str = ""
    is_housekeeping: bool = False


KINDS: Mapping[str, Shape] = {
    # files
    "file_of_no_table": Shape("file", details="source", is_housekeeping=True),
    "file_of_no_ending": Shape("file table", details="endings"),
    "folder_left_aside": Shape("file", details="files", is_housekeeping=True),
    "lookup_not_found": Shape(details="named unknown"),
    "sheets_left_aside": Shape("file columns", details="sheet", is_housekeeping=True),
    "rows_above_header": Shape("file", details="unit header_row", is_housekeeping=True),
    "cells_with_errors": Shape("file", counts="cells"),
    "columns_ignored": Shape("file columns", details="ignored", is_housekeeping=True),
    "file_read_again": Shape("file", details="fault", is_housekeeping=True),
    "file_gone": Shape("file table", counts="rows of_rows"),
    "file_shrank": Shape("file table", counts="rows of_rows"),
    "file_older": Shape("file table", details="last before"),
    "year_short": Shape("file table", details="year first_month last_month"),
    "extract_missing": Shape("file table", details="month"),
    "history_damaged": Shape(counts="lines"),
    # rows of a file
    "rows_empty": Shape("file", counts="rows"),
    "numbers_doubtful": Shape("file table columns"),
    "values_repaired": Shape("file table columns", counts="values", is_housekeeping=True),
    "rows_left_out": Shape("file table", counts="rows", details="reason"),
    "values_unreadable": Shape("file columns", counts="values"),
    "dates_ahead": Shape("file table", counts="rows"),
    "updates_ahead": Shape("file table", counts="rows"),
    "rows_unmatched": Shape("file table columns", counts="rows of_rows", details="parent"),
    # what the build sees over all files
    "declared_facility_unknown": Shape("facility_id"),
    "declared_far_ahead": Shape(details="declared last_seen"),
    "feed_silent": Shape("table facility_id", details="of first last whole"),
    # columns: the tables; supported: the last day of all of them, or one day for each, with blanks between
    "feed_stopped": Shape("facility_id columns", details="supported claimed"),
    "ids_of_several_facilities": Shape(counts="rows"),
    "encounter_types_unknown": Shape("columns", counts="rows", details="known"),
    "persons_unknown": Shape(counts="rows"),
    "versions_undated": Shape("table columns", counts="rows"),
    "ids_of_two_stays": Shape(counts="rows"),
    "rows_removed": Shape("table", counts="rows"),
    "procedures_not_supplied": Shape(details="declared"),
    "procedures_unmapped": Shape(counts="codes of_codes", details="declared"),
    "procedures_partly_unmapped": Shape(counts="codes of_codes"),
    "dispositions_invalid": Shape(counts="stays one_digit"),
    "people_in_many_beds": Shape(counts="persons rows"),
    "persons_in_another_form": Shape("file columns"),
    "persons_in_two_forms": Shape("facility_id columns", counts="rows of_rows"),
    "persons_born_twice": Shape("columns", counts="persons of_persons"),
    "births_after_admission": Shape(counts="rows"),
    "newborns_of_age": Shape(counts="rows"),
    "rows_outside_stays": Shape("table", counts="rows"),
    "hours_impossible": Shape("table", counts="rows"),
    "ids_as_decimals": Shape("table columns", counts="rows"),
    "facilities_not_listed": Shape("columns", counts="rows"),
    "facilities_alike": Shape("columns", counts="rows"),
    "discharges_lost": Shape(counts="stays"),
    "costs_of_zero": Shape(counts="stays"),
    "amounts_of_another_scale": Shape("file table columns", details="times"),
    "amounts_below_zero": Shape("table columns", counts="rows"),
    "amounts_the_same": Shape("table columns", counts="rows"),
    "amounts_of_a_month": Shape("table facility_id columns", details="first_month last_month times"),
    "amounts_are_charges": Shape(counts="rows of_rows"),
    "codes_the_same": Shape("facility_id columns", counts="stays", details="first_month last_month"),
    "birth_dates_the_same": Shape(counts="persons"),
    "persons_all_new": Shape("facility_id", details="month"),
    "persons_with_one_stay": Shape("facility_id", counts="stays"),
    "rows_alike": Shape("table columns", counts="rows of_rows"),
    "persons_alike": Shape(counts="persons"),
    # columns: the kinds of encounter
    "encounters_alike": Shape("facility_id columns", counts="rows"),
    "encounters_alike_of_strangers": Shape("facility_id columns", counts="rows"),
    # what is missing
    "month_thin": Shape("table facility_id", counts="rows usual", details="month"),
    "values_missing": Shape("table facility_id columns", counts="stays of_stays"),
    "values_missing_in_month": Shape("table columns", counts="stays of_stays", details="month"),
    "kind_thin": Shape("table facility_id columns", counts="rows usual", details="month"),
    # columns: the kind of rows, where it is not the whole table
    "months_thin": Shape("table facility_id columns", counts="rows usual", details="first_month last_month"),
    "months_low": Shape("table facility_id columns", counts="rows usual", details="first_month last_month"),
    "months_high": Shape("table facility_id columns", counts="rows usual", details="first_month last_month"),
    "cells_empty": Shape("table facility_id columns", counts="rows of_rows"),
    "cells_empty_in_month": Shape("table facility_id columns", counts="rows of_rows", details="month"),
    "budget_lines_missing": Shape("facility_id", counts="rows", details="first_month last_month"),
    "nothing_spent": Shape("facility_id", details="month"),
    # days and hours
    "times_missing": Shape("table columns", counts="rows of_rows"),
    "times_at_midnight": Shape("table facility_id columns", counts="rows of_rows", details="first_month last_month"),
    "hours_of_another_clock": Shape("facility_id columns", details="first_month last_month hours"),
    "days_out_of_order": Shape("table columns", counts="rows"),
    "days_the_same": Shape("table columns", counts="rows of_rows", details="day"),
    # the department's own tables
    "facilities_without_encounters": Shape("table columns", counts="rows"),
    "outcomes_unknown": Shape("table columns", counts="rows"),
    "words_instead": Shape("table facility_id columns", counts="rows", details="first_month last_month word instead"),
    "words_like": Shape("table columns", counts="rows", details="column means"),
    "peer_to_peers_unsettled": Shape(counts="rows"),
    "shifts_twice": Shape(counts="rows"),
    # what the stays show
    "no_stays": Shape(),
    "diagnoses_without_map": Shape(),
    "diagnoses_unmapped": Shape(counts="diagnoses of_diagnoses"),
    "drgs_unknown": Shape(counts="stays"),
    "stays_very_long": Shape(counts="stays", details="days"),
    "stays_without_length": Shape("facility_id", counts="stays of_stays", details="month"),
    "stays_open_at_once": Shape(counts="persons"),
    "stays_after_death": Shape(counts="stays"),
    "place_not_in_cost_year": Shape("facility_id", details="months first_month last_month"),
    "drg_table_of_another_year": Shape("columns", details="used"),
}
"""Every kind of notice and what it holds; `report.words.notices` has a sentence for each."""

SOME_FILE = "A source file"
"""Stands for a file's name where that may not be told."""

Count = int | None
"""A number of cases, rows or values; None where it may not be told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know. Holds names of files, tables, columns and places, counts and dates; no patient's data.

    columns: columns, sheets, values or years, in the order to print. counts: None where a count is withheld; besides
    those of its kind, `rows of X` for each X of columns.
    Raises ValueError when it does not hold exactly what its kind says.
    """

    kind: str
    file: str = ""
    table: str = ""
    facility_id: str = ""
    columns: tuple[str, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = KINDS.get(self.kind)
        filled = {name for name in ("file", "table", "facility_id", "columns") if getattr(self, name)}
        if shape is None:
            raise ValueError(f"{self.kind!r} is no kind of notice; declare it in KINDS")
        # no columns to name is fine: values of few patients are not named
        is_whole = (
            filled | {"columns"} == set(shape.fields.split()) | {"columns"}
            and {name for name in self.counts if name not in self.each} == set(shape.counts.split())
            and self.details.keys() == set(shape.details.split())
        )
        if not is_whole:
            raise ValueError(f"a notice {self.kind!r} holds {shape}; got {self}")

    @property
    def each(self) -> dict[str, str]:
        """The key in `counts` of how many rows each of `columns` has, where that is counted."""
        keys = {f"rows of {name}": name for name in self.columns}
        return {key: name for key, name in keys.items() if key in self.counts}

    def for_outsiders(self) -> Notice | None:
        """What those read from whom small numbers are withheld: it without count or file's name, or None."""
        if KINDS[self.kind].is_housekeeping:
            return None
        return replace(self, counts=dict.fromkeys(self.counts), file=SOME_FILE if self.file else "")
