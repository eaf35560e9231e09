"""Which lines of a text file cannot be read and why: physical line numbers, and faults in words without contents.

Opening files is the matter of `readers`; what a readable row may hold is the matter of `staging`.
"""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.text.language import format_number, one_or_many
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.intake.reading.opened import TextShape
from kpi_pipeline.intake.reading.scan import read_records

_LINES_SHOWN = 5
_EXPORT_AGAIN = "Export the file again."
_ROW_FAULTS = {
    "TOO MANY COLUMNS": ("has more fields than the {expected} of the header", "Quote the fields that hold commas."),
    "MISSING COLUMNS": ("has fewer fields than the {expected} of the header", _EXPORT_AGAIN),
    "INVALID ENCODING": ("has bytes that are not UTF-8; it looks like Windows-1252 (cp1252)", "Save it as UTF-8."),
    "UNQUOTED VALUE": (
        "has a quotation mark that is not closed, or text after a closing one",
        "Close it; inside a quoted field, write each quotation mark twice.",
    ),
    "LINE SIZE OVER MAXIMUM": (
        "begins a row of more than 2 MB: most often a quotation mark that is not closed",
        "Close the quotation mark.",
    ),
    "CELLS PAST HEADER": (
        "has cells to the right of the {expected} columns of the header",
        "Give those columns a name, or clear the cells.",
    ),
}


MOST_FAULTS_KEPT = 10_000
"""So many faults of a file's lines are kept, a line may have several; a file of nothing else would fill the memory."""
FAULTS_KEPT = "most_faults"
"""The variable of a connection that says otherwise."""


def row_fault(name: str, expected: int, kind: str, lines: list[int], *, is_all: bool = True) -> Fault:
    """One fault for all lines with the same trouble; `expected` is the number of columns in the header. is_all: whether
    these are all such lines of the file."""
    what, cure = _ROW_FAULTS.get(kind, (f"cannot be read ({kind.lower()})", _EXPORT_AGAIN))
    first, *others = sorted(set(lines))
    return Fault(f"{name}:{first}", f"{what.format(expected=expected)}{_same_on(others, is_all=is_all)}.", cure)


def _same_on(others: list[int], *, is_all: bool) -> str:
    if not others:
        return ""
    shown = [format_number(number) for number in others[:_LINES_SHOWN]]
    if len(others) > _LINES_SHOWN:
        least = "" if is_all else "at least "
        shown.append(f"{least}{format_number(len(others) - _LINES_SHOWN)} more")
    return f"; the same on {one_or_many(len(others), 'lines')} {join_words(shown)}"


def unreadable_fault(path: Path, name: str) -> Fault:
    """Why a text file cannot be read to its end: the first line that ends unlike the first one, if there is one."""
    ends = {"\r\n": "CRLF", "\n": "LF", "\r": "CR alone"}
    first = ""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            body = line.removesuffix(b"\n").removesuffix(b"\r")
            end = "\r" if b"\r" in body else line[len(body) :].decode()
            first = first or end
            if end and end != first:
                what = f"ends in {ends[end]}, while the lines before it end in {ends[first]}."
                return Fault(f"{name}:{number}", what, "Give every line the same end.")
    return Fault(name, "cannot be read to its end.", _EXPORT_AGAIN)


def physical_lines(text: TextShape, row_numbers: list[int]) -> list[int]:
    """The line on which each data row (1 = first after the header) begins; quoted fields may hold newlines."""
    wanted = set(row_numbers)
    found: dict[int, int] = {}
    number = -1
    start = text.skip + 1
    for start, _ in read_records(text.path, text.delimiter, skip=text.skip):
        number += 1
        if number in wanted:
            found[number] = start
            if len(found) == len(wanted):
                break
    # Where the reader could not follow, a field has no end: the row that holds it begins on the last line known.
    return [found.get(row, start) for row in row_numbers]


def count_lines(path: Path) -> int:
    """How many lines a text file has, a last one without newline included."""
    lines, last = 0, b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")
