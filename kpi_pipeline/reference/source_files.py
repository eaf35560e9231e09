"""Reads a foreign code list as text, byte for byte as published, and says all that is wrong with it at once.

Lives here: finding the header, the columns under their several published names, the shape of each code,
codes listed twice. Not here: which file holds what (the `*_reader.py` files). Nothing is repaired or guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.text.language import format_count, verb_for

_HEADER_WITHIN_LINES = 15
"""Title lines that may stand above the header row; AHRQ has one, CMS two."""

_EXAMPLES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value must look like, as a pattern and in words."""

    pattern: str
    words: str
    cure: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column wanted from a file: our name, the published header words for it, the first for messages, its shape."""

    name: str
    words: tuple[str, ...]
    shape: Shape | None = None


_AS_PUBLISHED = "Export it again with every code as text: spreadsheets drop leading zeros."

CCS = Shape(r"[1-9]\d{0,3}", "a CCS category number", "Use the CCS single-level category, such as 108.")
ICD10CM = Shape(r"[A-Z]\d[0-9A-Z]{1,5}", "an ICD-10-CM code without dot, such as I5033", _AS_PUBLISHED)
ICD10PCS = Shape(r"[0-9A-HJ-NP-Z]{7}", "an ICD-10-PCS code of seven characters, such as 0SR9019", _AS_PUBLISHED)
ICD9CM = Shape(r"\d{3,5}|V\d{2,4}|E\d{3,4}", "an ICD-9-CM code without dot, such as 0381 or V5811", _AS_PUBLISHED)
ICD9PROC = Shape(r"\d{3,4}", "an ICD-9-CM procedure code of three or four digits, such as 0101", _AS_PUBLISHED)
MS_DRG = Shape(r"\d{3}", "an MS-DRG of three digits, such as 064", _AS_PUBLISHED)
TEXT = Shape(r".+", "a text", "Fill the empty cells.")
COUNT_OR_NONE = Shape(
    r"\d+|N/A|Too Few to Report", "a whole number, N/A or Too Few to Report", "Use the file as published."
)
WHOLE_OR_NONE = Shape(r"\d+|N/A", "a whole number or N/A", "Use the file as published.")
FIGURE_OR_NONE = Shape(r"\d+(\.\d+)?|N/A", "a number or N/A", "Use the file as published.")
US_DATE = Shape(
    r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])/20\d\d", "a date such as 07/01/2019", "Use the file as published."
)
CCN = Shape(r"[0-9A-Z]{6}", "a CMS certification number of six characters, such as 010001", _AS_PUBLISHED)
NUMBER_OR_NONE = Shape(r"(\d+(\.\d+)?|\.?)", "a number such as 1.2838, or blank", "Use the file as published.")


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The wanted columns of a file as text, blank cells as '', with the line each row ended on."""

    frame: pd.DataFrame
    header: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def was_read(self) -> bool:
        """Whether the file is of the right kind: text, with the wanted columns."""
        return bool(self.header)


def read_source_rows(path: Path, columns: Sequence[Column], *, ignored: Mapping[str, str] | None = None) -> SourceRows:
    """Reads a CSV (UTF-8) or CMS's tab-separated .txt (Windows-1252); the frame is empty when it cannot be read.

    ignored: the cells of a published row that is no entry, such as AHRQ's category 0 for "no code".
    """
    where = path.name
    is_tabbed = path.suffix.lower() == ".txt"
    empty = pd.DataFrame(
        {column.name: pd.Series(dtype="str") for column in columns} | {"line": pd.Series(dtype="int64")}
    )
    try:
        text = path.read_bytes().decode("cp1252" if is_tabbed else "utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Fault(where, f"is not UTF-8 text: byte {error.start} cannot be read.", "Save it as CSV UTF-8.")
        return SourceRows(empty, (), (fault,))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if is_tabbed else ",", strict=True)
    try:
        lines = [(reader.line_num, [_bare(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        fault = Fault(where, f"line {reader.line_num}: is not a delimited file: {error}.", "Save it as CSV UTF-8.")
        return SourceRows(empty, (), (fault,))
    lines = [(line, cells) for line, cells in lines if any(cells)]
    if not lines:
        return SourceRows(empty, (), (Fault(where, "is empty.", "Use the file as published."),))
    start, header, missing = _find_header([cells for _, cells in lines[:_HEADER_WITHIN_LINES]], columns)
    if missing:
        found = ", ".join(cell for cell in lines[start][1] if cell)
        fault = Fault(
            where,
            f"has no column {', '.join(column.words[0] for column in missing)}; found: {found[:200]}.",
            "Check that this is the right file for the kind, with its header row.",
        )
        return SourceRows(empty, (), (fault,))
    faults = _ragged(where, lines[start + 1 :], len(lines[start][1]))
    rows = [(line, cells) for line, cells in lines[start + 1 :] if len(cells) == len(lines[start][1])]
    if not rows and not faults:
        faults.append(Fault(where, "holds a header and no rows.", "Use the file as published."))
    frame = pd.DataFrame({name: [cells[at] for _, cells in rows] for name, at in header.items()}, dtype="str")
    frame["line"] = [line for line, _ in rows]
    if ignored:
        frame = frame[~(frame[list(ignored)] == pd.Series(ignored)).all(axis=1)].reset_index(drop=True)
    faults += _misshapen(where, frame, columns)
    return SourceRows(frame, tuple(lines[start][1]), tuple(faults))


def without_repeats(where: str, frame: pd.DataFrame, key: Sequence[str]) -> tuple[pd.DataFrame, list[Fault]]:
    """The rows without exact repeats, and a fault when a key still stands more than once, with other content."""
    frame = frame.drop_duplicates([name for name in frame.columns if name != "line"])
    twice = frame[frame.duplicated(list(key), keep=False)]
    if twice.empty:
        return frame, []
    groups = twice.groupby(list(key), sort=True)["line"].agg(list)
    examples = [
        f"{' '.join(map(str, name))} at lines {', '.join(map(str, lines))}"
        for name, lines in groups.head(_EXAMPLES_SHOWN).items()
        for name in [name if isinstance(name, tuple) else (name,)]
    ]
    what = f"{len(groups)} listed more than once with different content: {'; '.join(examples)}."
    return frame, [Fault(where, what, "Keep the one right row of each.")]


def lost_zeros(where: str, frame: pd.DataFrame, code: str) -> list[Fault]:
    """A fault when no code of a whole table begins with 0: every ICD-9 table has such codes."""
    if frame.empty or frame[code].str.startswith("0").any():
        return []
    return [Fault(where, "no code begins with 0, so leading zeros were lost.", _AS_PUBLISHED)]


def normalised(header: str) -> str:
    """A header word in one spelling: `'MS-DRG '` and `ms_drg` are the same."""
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")


def _bare(cell: str) -> str:
    """AHRQ puts single quotes round codes and pads them; neither is part of the code."""
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] == "'":
        cell = cell[1:-1].strip()
    return cell


def _find_header(
    lines: Sequence[Sequence[str]], columns: Sequence[Column]
) -> tuple[int, Mapping[str, int], Sequence[Column]]:
    """The line with most of the wanted columns, where each stands in it, and the columns it lacks."""
    best: tuple[int, dict[str, int], list[Column]] = (0, {}, list(columns))
    for start, cells in enumerate(lines):
        words = [normalised(cell) for cell in cells]
        at = {column.name: words.index(word) for column in columns for word in reversed(column.words) if word in words}
        if len(at) > len(best[1]):
            best = (start, at, [column for column in columns if column.name not in at])
    return best


def _ragged(where: str, rows: Sequence[tuple[int, Sequence[str]]], width: int) -> list[Fault]:
    ragged = [line for line, cells in rows if len(cells) != width]
    if not ragged:
        return []
    shown = ", ".join(map(str, ragged[:_EXAMPLES_SHOWN]))
    are_not = f"{format_count(len(ragged), 'rows')} {verb_for(len(ragged), 'is', 'are')} not"
    what = f"{are_not} {width} cells wide as the header is, first at line {shown}."
    return [Fault(where, what, "Put quotes round text that holds a comma.")]


def _misshapen(where: str, frame: pd.DataFrame, columns: Sequence[Column]) -> list[Fault]:
    faults = []
    for column in columns:
        if column.shape is None:
            continue
        fits = frame[column.name].str.fullmatch(column.shape.pattern)
        wrong = frame[~fits]
        if wrong.empty:
            continue
        examples = [
            f"{value!r} at line {line}"
            for value, line in zip(wrong[column.name].head(_EXAMPLES_SHOWN), wrong["line"], strict=False)
        ]
        must_be = f"{column.words[0]} must be {column.shape.words}"
        are_not = f"{format_count(len(wrong), 'rows')} {verb_for(len(wrong), 'is', 'are')} not"
        what = f"{must_be}; {are_not}: {', '.join(examples)}."
        faults.append(Fault(where, what, column.shape.cure))
    return faults
