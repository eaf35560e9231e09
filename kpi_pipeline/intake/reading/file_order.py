"""Which of several files of one table is the newer: by the date in its name, or by its name where that is declared.

The time at which a file arrived is never asked: the same files must give the same figures on a new machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

NewestFile = Literal["date", "name"]
"""What tells the newest file of a table: the date in the names, or the last name in order."""

_DATED = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01]))?(?!\d)")
"""2026-10-31, 2026_10_31, 20261031, 2026-10 or 202610: year first, so that it has one reading."""


def name_date(file_name: str) -> date | None:
    """The date in a file's name, the first of the month where no day is given; None: none, or several."""
    found = {
        (int(year), int(month), int(day or 1)) for year, _, month, day in _DATED.findall(file_name.rsplit("/", 1)[-1])
    }
    if len(found) != 1:
        return None
    try:
        return date(*found.pop())
    except ValueError:
        return None


def name_without_date(file_name: str) -> str:
    """A file's name with a star where its date stands: what the files of one series have in common."""
    return _DATED.sub("*", file_name)


def file_ranks(file_names: Sequence[str], newest: NewestFile | None) -> list[int]:
    """A number for each file, the higher the newer; all 0 where nothing says which is newer.

    Without a declaration the dates in the names count, if every one has a date.
    """
    if newest == "name":
        keys: list[object] = [_natural(name) for name in file_names]
    else:
        dates = [name_date(name) for name in file_names]
        if any(day is None for day in dates):
            return [0] * len(file_names)
        keys = list(dates)
    places = {key: place for place, key in enumerate(sorted(set(keys)))}  # type: ignore[type-var]
    return [places[key] for key in keys]


def undated_names(file_names: Sequence[str]) -> list[str]:
    """The names without one date in them, where the date in the names is declared to tell the newest."""
    return [name for name in file_names if name_date(name) is None]


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """The order a person puts names in: encounters_2 before encounters_10."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
