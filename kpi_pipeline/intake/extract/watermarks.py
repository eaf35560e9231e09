"""Up to where the last extract of each table came, kept in the landing folder; and where the next one begins."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.intake.extract.parts import write_whole

_FILE = "watermarks.json"
_DAY = timedelta(days=1)
"""Wider than the clocks of the world are apart: a database tells its time without a zone."""


def read_watermarks(folder: Path) -> dict[str, dict[str, Any]]:
    """Table → the recipe, watermark and number of its last extract; InputError where the file is damaged."""
    path = folder / _FILE
    if not path.is_file():
        return {}
    try:
        marks = json.loads(path.read_text(encoding="utf-8"))
        return {table: {**of_table} for table, of_table in marks.items()}
    except (ValueError, AttributeError, TypeError):
        cure = "Restore it, or remove it to extract everything anew."
        raise InputError(Fault(str(path), "is damaged.", cure)) from None


def write_watermarks(folder: Path, marks: dict[str, dict[str, Any]]) -> None:
    """Replaces the file at one stroke."""
    write_whole(folder / _FILE, json.dumps(marks, indent=1).encode())


def begin_of_next(highest: Any, now: datetime) -> Any:
    """The highest watermark; a day back from now where that lies in the future: one mistyped year would else hold back
    every change of the years until then."""
    moment = _moment(highest)
    if moment is None or moment <= now + _DAY:
        return highest
    back = now.astimezone(UTC) - _DAY
    if isinstance(highest, str):
        return back.isoformat(sep=highest[10] if len(highest) > 10 else " ")[: min(len(highest), 19)]
    if not isinstance(highest, datetime):
        return back.date()
    return back if highest.tzinfo else back.replace(tzinfo=None)


def _moment(highest: Any) -> datetime | None:
    """A watermark as a moment; None where it is no time."""
    if isinstance(highest, str):
        try:
            highest = datetime.fromisoformat(highest)
        except ValueError:
            return None
    if isinstance(highest, datetime):
        return highest if highest.tzinfo else highest.replace(tzinfo=UTC)
    return datetime(highest.year, highest.month, highest.day, tzinfo=UTC) if isinstance(highest, date) else None
