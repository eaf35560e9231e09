"""How the command line speaks: progress and errors on standard error, results on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TextIO

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.files import write_private
from kpi_pipeline.core.text.spreadsheets import guarded
from kpi_pipeline.core.text.texts import printable, unsteering

_LONGEST_LINE = 20_000
_FAULTS_SHOWN = 500
ROWS_SHOWN = 60
"""A table on the screen shows this many rows and says how many it leaves out; csv and json show all."""

_standard_error = Console(stderr=True, highlight=False, emoji=False)
"""Without emoji, else the line number in `encounters.csv:100: …` is drawn as one."""


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    json = "json"


def say(text: str) -> None:
    """Prints one line of a result, without wrapping or colouring: paths stay whole."""
    if _logs_json():
        _log("info", text, stream=sys.stdout)
        return
    Console(highlight=False, emoji=False, soft_wrap=True).print(
        "\n".join(_steerless(line) for line in text.split("\n")), markup=False
    )


def warn(text: str) -> None:
    """Prints a warning on standard error."""
    if _logs_json():
        _log("warning", text)
        return
    _standard_error.print(f"[yellow]Warning:[/yellow] {_plain(text)}", soft_wrap=True)


@contextmanager
def progress(task: str) -> Iterator[Callable[[str], None]]:
    """Shows what is being done while it is done; silent when standard error is no terminal."""
    with _standard_error.status(task) as status:
        yield lambda step: status.update(f"{task}: {_plain(step)}")


def print_frame(
    frame: pd.DataFrame, *, output: Format, title: str, columns: Sequence[str] = (), into: Path | None = None
) -> None:
    """Prints a frame as a table for people, or as CSV or JSON lines for programs (all rows and columns).

    columns: those a table on the screen shows; none named, all. into: a file for its owner alone, instead of the
    screen; CSV unless JSON is asked for. What a pipe gets may end on a terminal: signs that would steer one are boxes
    there, in CSV; JSON and a file hold them as they are.
    """
    if into is not None:
        write_private(into, file_text(frame, output))
        say(f"{len(frame):,} rows: {into}")
        return
    if output is not Format.table:
        sys.stdout.write(unsteering(file_text(frame, output)))
        return
    shown = frame[list(columns)] if columns else frame
    table = Table(title=_plain(title), title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in shown.columns:
        is_number = pd.api.types.is_numeric_dtype(shown[column])
        table.add_column(_plain(str(column)), justify="right" if is_number else "left", no_wrap=True)
    for row in shown.head(ROWS_SHOWN).itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    console = Console(highlight=False, emoji=False)
    # A table wider than the window runs on; cells folded letter by letter cannot be read.
    needed = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    Console(highlight=False, emoji=False, width=max(console.width, needed)).print(table)
    if len(frame) > ROWS_SHOWN:
        say(f"… and {len(frame) - ROWS_SHOWN:,} more rows; --format csv prints them all.")


def print_errors(error: KpiError) -> None:
    """Prints the faults of an expected error, one line each; of very many, the first. A log gets them all."""
    if _logs_json():
        for fault in error.faults:
            _log("error", str(fault))
        return
    for fault in error.faults[:_FAULTS_SHOWN]:
        _standard_error.print(f"[bold red]Error:[/bold red] {_plain(str(fault))}", soft_wrap=True)

    if len(error.faults) > _FAULTS_SHOWN:
        more = len(error.faults) - _FAULTS_SHOWN
        _standard_error.print(f"… and {more:,} more; mend these first.", soft_wrap=True)


def print_unexpected(error: Exception) -> None:
    """Says that the program failed by its own fault; the text of the error may hold data and is not printed."""
    if os.environ.get("KPI_DEBUG"):
        _standard_error.print_exception()
        return
    text = (
        f"the program failed unexpectedly ({type(error).__name__}). "
        "Nothing was published. Run it again with KPI_DEBUG=1 to see where; that output can hold data."
    )
    if _logs_json():
        _log("critical", text)
        return
    _standard_error.print(f"[bold red]Error:[/bold red] {text}", soft_wrap=True)


def _logs_json() -> bool:
    """Whether what is said goes to a log collector: $KPI_LOG_FORMAT=json, one object a line."""
    return os.environ.get("KPI_LOG_FORMAT", "") == "json"


def _log(level: str, text: str, *, stream: TextIO | None = None) -> None:
    """One line for a log: when (UTC), how bad, what. The texts are those people read."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    line = {"at": at, "level": level, "program": "kpi", "message": _steerless(text)}
    print(json.dumps(line, ensure_ascii=False), file=stream or sys.stderr)


def rows_line(rows: Iterable[tuple[str, int]]) -> str:
    """`label number` pairs in one line: `rows in 1,200 · used 1,190 · quarantined 10`."""
    return " · ".join(f"{label} {count:,}" for label, count in rows)


def file_text(frame: pd.DataFrame, output: Format) -> str:
    """All of a frame as JSON lines, else as CSV that a spreadsheet may open."""
    if output is Format.json:
        return str(frame.to_json(orient="records", lines=True, date_format="iso"))
    text = frame.select_dtypes(include=["object", "string", "category"]).columns
    safe = frame.assign(**{str(name): frame[name].map(_safe_cell).astype(object) for name in text})
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:,.4g}"
    return _plain(str(value))


def _safe_cell(value: object) -> object:
    """A cell of a CSV file as a spreadsheet may open it."""
    return guarded(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """Text as it may reach a terminal: no markup, and no sign that would steer it."""
    return escape(_steerless(text))


def _steerless(text: str) -> str:
    return printable(text, longest=_LONGEST_LINE)
