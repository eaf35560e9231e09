"""The figures of a report as an Excel workbook: a sheet for each section, what the measures mean, where it is from.

Made of figures.csv and the report's own words, so that it cannot say more than they do. Numbers are numbers, a withheld
one is the word, a missing one an empty cell. Every text is written as text: no cell is a formula.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import TYPE_STRING
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from kpi_pipeline.core.text.spreadsheets import guarded, unguarded
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.words.page_figures import PAGES

_NUMBERS = frozenset({"numerator", "denominator", "value", "target", "lower", "upper", "version", "n_cases"})
"""Columns that hold numbers, and all whose name says that they are a change or a value then or now."""
_IS_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_LONGEST_COLUMN, _NARROWEST = 60, 10
_WHOLE, _WITH_DECIMALS = "#,##0", "#,##0.0##"
_HEAD = Font(bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_STAMP = (1980, 1, 1, 0, 0, 0)
"""The date of each part inside the file: the first a ZIP archive can hold."""
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
_NOT_IN_A_TITLE = re.compile(r"[\[\]:*?/\\]")
_OTHER = "Other measures"


def render_workbook(report: Report, tables: Mapping[str, str], *, headings: Mapping[str, str]) -> bytes:
    """The workbook's bytes. tables: figures.csv and, where there is one, restated.csv, by file name.
    headings: measure → the section it stands in. The same arguments give the same bytes.
    """
    book = Workbook()
    del book[book.sheetnames[0]]
    columns, *rows = list(csv.reader(io.StringIO(tables["figures.csv"], newline="")))
    _add_about(book, report)
    for title, part in _by_section(headings, columns, rows).items():
        _add_table(book, title, columns, part)
    if "restated.csv" in tables:
        head, *restated = list(csv.reader(io.StringIO(tables["restated.csv"], newline="")))
        _add_table(book, "Changed since", head, restated)
    _add_definitions(book, report)
    return _undated(book, report)


def _by_section(
    headings: Mapping[str, str], columns: Sequence[str], rows: Iterable[list[str]]
) -> dict[str, list[list[str]]]:
    """The rows of each section, in the order of the report; the further pages last."""
    order = [*dict.fromkeys(headings.values()), _OTHER, *PAGES.values()]
    found: dict[str, list[list[str]]] = {heading: [] for heading in order}
    metric, figure_id = columns.index("metric"), columns.index("figure_id")
    for row in rows:
        page = row[figure_id].split("/")[0]
        title = headings.get(row[metric], _OTHER) if row[metric] else PAGES.get(page, _OTHER)
        found[title].append(row)
    return {title: part for title, part in found.items() if part}


def _add_about(book: Workbook, report: Report) -> None:
    sheet = book.create_sheet("About")
    lines = [
        (report.title, report.month_words),
        ("Hospital", report.hospital_name),
        *([("Facility", report.facility_name)] if report.facility_name else []),
        ("State", report.front.issue),
        ("Data", f"{report.front.cut_off} {report.front.status_words}"),
        ("Source", report.source_words),
        ("Snapshot", report.snapshot_id),
        ("Who may read it", report.confidentiality),
        ("A figure's id", "Measure, place and month. kpi explain and the id say how it was counted."),
        (
            "Withheld",
            "The word withheld is a number that would give away a small group; an empty cell is none.",
        ),
    ]
    for line in lines:
        sheet.append([_text(sheet, one) for one in line])
    for row in sheet.iter_rows(max_col=1):
        row[0].font = _HEAD
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 110
    _prints_across(sheet)


def _add_definitions(book: Workbook, report: Report) -> None:
    head = ("metric", "title", "definition", "numerator", "denominator", "follows", "version", "target", "caveats")
    rows = [
        (one.metric, one.title, one.definition, one.numerator, one.denominator, one.follows, one.version,
         one.target or "", " ".join(one.caveats))
        for one in report.appendix.definitions
    ]  # fmt: skip
    sheet = _sheet(book, "Definitions", head)
    for row in rows:
        sheet.append([_text(sheet, cell) for cell in row])
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.alignment = _WRAPPED
    for place, width in enumerate((34, 34, 50, 40, 40, 40, 24, 28, 50), 1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def _add_table(book: Workbook, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    sheet = _sheet(book, title, columns)
    for row in rows:
        sheet.append([_cell(sheet, name, text) for name, text in zip(columns, row, strict=True)])
    for place, name in enumerate(columns, 1):
        widest = max(len(name), *(len(row[place - 1]) for row in rows)) if rows else len(name)
        sheet.column_dimensions[get_column_letter(place)].width = min(max(widest + 2, _NARROWEST), _LONGEST_COLUMN)
    sheet.auto_filter.ref = sheet.dimensions


def _sheet(book: Workbook, title: str, columns: Sequence[str]) -> Worksheet:
    """A sheet with its head in bold, which stays where it is when the rows are moved."""
    sheet: Worksheet = book.create_sheet(_NOT_IN_A_TITLE.sub(" ", title)[:31])
    sheet.append([_text(sheet, name) for name in columns])
    for cell in next(sheet.iter_rows(max_row=1)):
        cell.font = _HEAD
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    _prints_across(sheet)
    return sheet


def _prints_across(sheet: Worksheet) -> None:
    """On paper all columns stand side by side on a page; else each column group is a pile of its own."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _cell(sheet: Worksheet, column: str, text: str) -> Cell | None:
    """A number in a column of numbers, else text; None where there is none."""
    if text == "":
        return None
    is_number = column in _NUMBERS or column.endswith(("_then", "_now", "_change"))
    if is_number and _IS_NUMBER.fullmatch(text):
        number = float(text)
        cell = Cell(sheet, row=1, column=1, value=int(number) if number.is_integer() else number)
        cell.number_format = _WHOLE if number.is_integer() else _WITH_DECIMALS
        return cell
    return _text(sheet, unguarded(text))


def _text(sheet: Worksheet, text: str) -> Cell:
    """Text that no program runs: guarded as in the tables, and marked as text."""
    cell = Cell(sheet, row=1, column=1, value=guarded(text))
    cell.data_type = TYPE_STRING
    return cell


def _undated(book: Workbook, report: Report) -> bytes:
    """The saved workbook with the report's own stamp instead of the moment it was saved, parts in a fixed order."""
    book.properties.creator, book.properties.title = report.hospital_name, f"{report.title}, {report.month_words}"
    saved, undated = io.BytesIO(), io.BytesIO()
    book.save(saved)
    stamp = report.stamped_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(saved) as given, zipfile.ZipFile(undated, "w", zipfile.ZIP_DEFLATED) as made:
        for name in _in_order(given.namelist()):
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", content)
            made.writestr(zipfile.ZipInfo(name, date_time=_STAMP), content, zipfile.ZIP_DEFLATED)
    return undated.getvalue()


def _in_order(names: Iterable[str]) -> Iterator[str]:
    """The list of parts first, as programs expect, then by name."""
    first = "[Content_Types].xml"
    yield first
    yield from sorted(set(names) - {first})
