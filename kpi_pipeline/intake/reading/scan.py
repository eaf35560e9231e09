"""One pass over a file's bytes: its hash, how many records it holds, and where its text cannot be what it seems.

The count is independent of the database that reads the file later: both must agree, else rows were lost. A record is
a line that is not blank, or several where a quoted field holds newlines. What the records mean is not looked at here.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kpi_pipeline.core.errors import Fault

LONGEST_RECORD = 2_000_000
"""Bytes. A row of the layout has some hundreds; a longer one is a quotation mark that is not closed."""
MOST_LINES_OF_A_RECORD = 100
_SUSPICIOUS_LINES = 3
"""A record of so many lines is looked at: do the lines within it look like rows?"""
_CHUNK = 1 << 22
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_FIRST_PRINTABLE, _LAST_PRINTABLE = 32, 126
_MARK = codecs.BOM_UTF8
"""What Excel writes before the text of a UTF-8 file: no sign of it."""

csv.field_size_limit(4 * LONGEST_RECORD)


@dataclass(frozen=True, slots=True)
class FileState:
    """What the system says of a file: it changes when the file is written to, even if the bytes end up the same."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """The file as it is now."""
        now = path.stat()
        return cls(now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Scan:
    """records: lines or quoted groups of lines that are not blank, header included (text files alone, else 0).

    is_plain: no record spans lines and none is long, so that the fast count is exact. is_printable: every byte is a
    printable sign of ASCII, or one of a line's end outside of quotes (text files alone).
    """

    sha256: str
    state: FileState
    records: int
    is_plain: bool
    is_printable: bool = False


@dataclass(slots=True)
class _Counter:
    """Counts records chunk by chunk: a newline outside quotes ends one."""

    records: int = 0
    longest: int = 0
    most_lines: int = 1
    in_quotes: bool = False
    _open_bytes: int = 0
    _open_lines: int = 0
    _last_byte: int = field(default=_NEWLINE)
    _controls: int = 0
    _line_ends: int = 0
    _highest: int = 0

    def add(self, chunk: bytes) -> None:
        bytes_ = np.frombuffer(chunk, dtype=np.uint8)
        newlines = np.flatnonzero(bytes_ == _NEWLINE)
        self._count_signs(chunk, bytes_, len(newlines))
        ends = newlines
        quotes = np.flatnonzero(bytes_ == _QUOTE) if b'"' in chunk else np.empty(0, dtype=np.int64)
        if len(quotes) or self.in_quotes:
            parity = (np.searchsorted(quotes, newlines) + int(self.in_quotes)) % 2
            ends = newlines[parity == 0]
            self.in_quotes = bool((len(quotes) + int(self.in_quotes)) % 2)
        if len(ends):
            self._count(bytes_, newlines, ends)
        else:
            self._open_bytes += len(chunk)
            self._open_lines += len(newlines)
        self.longest = max(self.longest, self._open_bytes)
        self.most_lines = max(self.most_lines, self._open_lines + 1)
        self._last_byte = chunk[-1]

    @property
    def is_printable(self) -> bool:
        """Whether all signs are printable ones of ASCII, but for the ends of lines that are ends of records."""
        return (
            self._controls == self._line_ends
            and self._highest <= _LAST_PRINTABLE
            and self.most_lines == 1
            and not self.in_quotes
        )

    def _count_signs(self, chunk: bytes, bytes_: npt.NDArray[np.uint8], n_newlines: int) -> None:
        is_split = self._last_byte == _RETURN and chunk[0] == _NEWLINE
        n_pairs = chunk.count(b"\r\n") if b"\r" in chunk else 0
        self._line_ends += n_newlines + n_pairs + int(is_split)
        self._controls += int(np.count_nonzero(bytes_ < _FIRST_PRINTABLE))
        self._highest = max(self._highest, int(bytes_.max()))

    def _count(
        self, bytes_: npt.NDArray[np.uint8], newlines: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> None:
        lengths = np.diff(ends, prepend=-1) - 1
        lengths[0] += self._open_bytes
        before = np.where(ends > 0, bytes_[ends - 1], self._last_byte)
        is_blank = (lengths == 0) | ((lengths == 1) & (before == _RETURN))
        self.records += int(len(ends) - is_blank.sum())
        self.longest = max(self.longest, int(lengths.max()))
        if len(ends) != len(newlines) or self._open_lines:
            lines = np.diff(np.searchsorted(newlines, ends), prepend=-1)
            lines[0] += self._open_lines
            self.most_lines = max(self.most_lines, int(lines.max()))
        self._open_bytes = len(bytes_) - int(ends[-1]) - 1
        self._open_lines = len(newlines) - int(np.searchsorted(newlines, ends[-1])) - 1

    def end(self) -> None:
        if self._open_bytes and not (self._open_bytes == 1 and self._last_byte == _RETURN):
            self.records += 1


def scan_file(path: Path, *, is_text: bool) -> Scan:
    """Reads a file once. The state is that of before: compare it with the state after the last use."""
    state = FileState.of(path)
    digest = hashlib.sha256()
    counter, is_first = _Counter(), True
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if is_text:
                counter.add(chunk.removeprefix(_MARK) if is_first else chunk)
                is_first = False
    counter.end()
    is_plain = not counter.in_quotes and counter.longest <= LONGEST_RECORD and counter.most_lines < _SUSPICIOUS_LINES
    return Scan(digest.hexdigest(), state, counter.records, is_plain, is_text and counter.is_printable)


def exact_count(path: Path, *, name: str, delimiter: str, skip: int = 0) -> tuple[int, list[Fault]]:
    """The records of a text file that is not plain, from its header on, and the faults of those that swallow others.

    A record too long, one of too many lines, and one whose inner lines have as many delimiters as the header are
    a quotation mark that is not closed, and everything up to the next one would vanish in one field.
    """
    count, expected = 0, 0
    faults: list[Fault] = []
    for start, row in read_records(path, delimiter, skip=skip):
        count += 1
        if count == 1:
            expected = len(row) - 1
        what = _swallowed(row, delimiter, expected)
        if what:
            faults.append(Fault(f"{name}:{start}", what, "Close the quotation mark, or export the file again."))
    return count, faults


def _swallowed(row: list[str], delimiter: str, expected: int) -> str:
    """What is wrong with a record that holds more than one row, or nothing."""
    if sum(map(len, row)) > LONGEST_RECORD:
        size = LONGEST_RECORD // 1_000_000
        return f"begins a row of more than {size} MB: most often a quotation mark that is not closed."
    inner = [line for cell in row if "\n" in cell for line in cell.split("\n")[1:-1]]
    n_like_rows = sum(line.count(delimiter) == expected for line in inner) if expected else 0
    if n_like_rows < 2 and len(inner) <= MOST_LINES_OF_A_RECORD:
        return ""
    return f"has a quotation mark that is not closed: it would swallow the {len(inner):,} lines after it."


def read_records(path: Path, delimiter: str, *, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Every record of a UTF-8 text file with the line it begins on, by Python's own reader: slow, and exact.

    skip: lines above the header. A field longer than any row may be is given as such, and the records end there.
    """
    lines = 0

    def counted(stream: Iterable[str]) -> Iterator[str]:
        nonlocal lines
        for line in stream:
            lines += 1
            if lines > skip:
                yield line

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(counted(stream), delimiter=delimiter)
        start = skip + 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield start, ["x" * (LONGEST_RECORD + 1)]
                return
            if row:
                yield start, row
            start = lines + 1
