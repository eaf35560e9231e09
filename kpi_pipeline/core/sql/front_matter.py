"""A SQL file that says what it is: YAML between `/*---` and `---*/`, then one SELECT.

Used for metric declarations and for source contracts. What the YAML means is its reader's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.yaml_files import key_lines, parse_yaml, read_text

_OPEN, _CLOSE = "/*---", "---*/"


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A SQL file with its front matter, the line of each of its fields, and the line on which its SELECT begins."""

    path: Path
    front_matter: dict[str, Any]
    lines: dict[str, int]
    sql: str
    first_line: int

    @property
    def name(self) -> str:
        """The file name without its ending: the id of what it declares."""
        return self.path.stem

    @property
    def where(self) -> str:
        """The path as people write it in messages."""
        return shown_path(self.path)


def read_sql_file(path: Path) -> SqlFile:
    """Reads one file; a missing or broken front matter is a DefinitionError."""
    where = shown_path(path)
    text = read_text(path, where=where)
    if not text.startswith(_OPEN) or _CLOSE not in text:
        raise DefinitionError(
            Fault(where, f"does not begin with {_OPEN} … {_CLOSE}.", "Put the front matter first in the file.")
        )
    head, sql = text.removeprefix(_OPEN).split(_CLOSE, 1)
    front_matter = parse_yaml(head, where=where)
    if not isinstance(front_matter, dict):
        raise DefinitionError(Fault(where, "front matter is not a list of `name: value` lines."))
    first_line = text[: len(text) - len(sql.lstrip())].count("\n") + 1
    return SqlFile(path, front_matter, key_lines(head), sql.strip().rstrip(";"), first_line)


def faults_of(where: str, error: ValidationError, lines: Mapping[str, int] | None = None) -> list[Fault]:
    """Turns a pydantic error into faults: `where: field must …; got …`. lines: field → its line in the file."""
    faults = []
    errors = error.errors()
    for item in errors:
        if item["type"] == "too_short" and any(
            other["loc"][: len(item["loc"])] == item["loc"] for other in errors if other is not item
        ):
            continue  # it is empty because what it holds is at fault, which is said
        field = ".".join(str(part) for part in item["loc"]) or "front matter"
        line = (lines or {}).get(str(item["loc"][0])) if item["loc"] else None
        if item["type"] == "extra_forbidden":
            what = f"{field} is not a known field."
        elif item["type"] == "missing":
            what = f"{field} is missing."
        elif item["type"] == "string_pattern_mismatch":
            what = f"{field}: {item['input']!r} does not fit the form {item['ctx']['pattern']}."
        elif item["type"] == "string_too_long":
            what = f"{field} is longer than {item['ctx']['max_length']} characters."
        else:
            message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            what = (
                f"{field} must be {message}; got {item['input']!r}."
                if item["msg"].startswith("Input")
                else (f"{field}: {message}")
            )
        faults.append(Fault(f"{where}:{line}" if line else where, what))
    return faults
