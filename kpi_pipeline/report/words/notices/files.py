"""The sentences about files and their columns: what was left aside, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import format_count, format_number, one_or_many, verb_for
from kpi_pipeline.report.words.notices.counted import counted, out_of, quoted


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
        f"{notice.file}: {counted(notice, 'cells', 'cells')} {verb} an error of Excel (such as #N/A); taken as empty."
    )


def _columns_ignored(notice: Notice) -> str:
    ignored = int(notice.details["ignored"])
    if ignored == 1:
        return f"{notice.file}: the column {quoted(notice)} is not in the layout; ignored."
    return (
        f"{notice.file}: {format_number(ignored)} columns are not in the layout; ignored: {quoted(notice)} and others."
    )


def _rows_empty(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "holds", "hold")
    rows = counted(notice, "rows", "rows")
    return f"{notice.file}: {rows} {verb} not a single value (commas alone); left aside as empty."


def _numbers_doubtful(notice: Notice) -> str:
    return (
        f"{notice.file}: numbers of {notice.columns[0]} can be read in two ways (1,234 is a thousand, or one and a "
        f"bit). Write in landing.yaml: tables: {{{notice.table}: {{decimal: '.'}}}}, or ','."
    )


def _values_repaired(notice: Notice) -> str:
    verb = verb_for(notice.counts["values"], "was", "were")
    values = counted(notice, "values", "values")
    return (
        f"{notice.file}: {values} of {notice.columns[0]} in {notice.table} {verb} repaired as landing.yaml declares "
        "(repairs)."
    )


def _rows_left_out(notice: Notice) -> str:
    return f"{notice.file}: {counted(notice, 'rows', 'rows')} left out of {notice.table}: {notice.details['reason']}."


def _values_unreadable(notice: Notice) -> str:
    values = counted(notice, "values", "values")
    return f"{notice.file}: {values} of {notice.columns[0]} cannot be read; treated as unknown."


def _rows_unmatched(notice: Notice) -> str:
    parent = notice.details["parent"]
    owner = "encounter" if parent == "encounters" else "case-management case"
    return (
        f"{notice.file}: {out_of(notice, 'rows', 'rows')} of {notice.table} belong to no {owner} in the data. "
        f"Compare its {notice.columns[0]} with that of {parent}: lost leading zeros, or another system's numbers?"
    )


def _ids_as_decimals(notice: Notice) -> str:
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} with a {notice.columns[0]} that ends in .0: a number that "
        "a program took for a decimal. It matches no other file. Export ids as text."
    )


def _amounts_of_another_scale(notice: Notice) -> str:
    return (
        f"{notice.file}: {notice.columns[0]} of {notice.table} is typically {notice.details['times']} times that of "
        "another file: cents for dollars, or another currency? Correct the file; figures over both mean nothing."
    )


FILES: Mapping[str, Callable[[Notice], str]] = {
    "file_of_no_table": lambda one: f"{one.file}: is no table of the source {one.details['source']!r}; left aside.",
    "file_of_no_ending": lambda one: (
        f"{one.file}: has the name of a file of {one.table}, but its ending is not read, and its rows are missing. "
        f"Save it as {one.details['endings']}, or take it away."
    ),
    "folder_left_aside": _folder_left_aside,
    "lookup_not_found": lambda one: f"no {one.details['named']} file was found: {one.details['unknown']} not known.",
    "sheets_left_aside": lambda one: (
        f"{one.file}: only the sheet {one.details['sheet']} is read; {', '.join(one.columns)} left aside."
    ),
    "rows_above_header": _rows_above_header,
    "cells_with_errors": _cells_with_errors,
    "columns_ignored": _columns_ignored,
    "file_read_again": lambda one: f"{one.file}: {one.details['fault']}; the file was read again.",
    "rows_empty": _rows_empty,
    "numbers_doubtful": _numbers_doubtful,
    "values_repaired": _values_repaired,
    "rows_left_out": _rows_left_out,
    "values_unreadable": _values_unreadable,
    "rows_unmatched": _rows_unmatched,
    "amounts_of_another_scale": _amounts_of_another_scale,
    "ids_as_decimals": _ids_as_decimals,
}
