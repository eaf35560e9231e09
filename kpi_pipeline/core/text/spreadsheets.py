"""Cells that a spreadsheet would run as a formula get an apostrophe when we write them, and lose it when we read them.

An apostrophe that stands before such a cell already is doubled in the same way, so that nothing is lost on the way.
"""

from __future__ import annotations

import re

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula may begin (OWASP, CSV Injection): the last four are the wide forms of = + - @, which some spreadsheets
take for the narrow ones."""
GUARDED_STARTS = "".join(_RUN) + "'"
"""After an apostrophe, these signs say that it is the guard's and no letter of the value ('s-Hertogenbosch is one)."""
_IS_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula; plain numbers stay numbers."""
    runs = cell.startswith(_RUN) and not _IS_NUMBER.fullmatch(cell)
    looks_guarded = cell.startswith("'") and cell[1:2] != "" and cell[1] in GUARDED_STARTS
    return f"'{cell}" if runs or looks_guarded else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:2] != "" and cell[1] in GUARDED_STARTS else cell
