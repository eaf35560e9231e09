"""A SQL file that says what it is: YAML between `/*---` and `---*/`, then one SELECT.

Used for metric declarations and for source contracts. What the YAML means is its reader's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path

_OPEN, _CLOSE = "/*---", "---*/"


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A SQL file with its front matter: `name` is the file name without `.sql`."""

    path: Path
    front_matter: dict[str, Any]
    sql: str

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
    text = path.read_text(encoding="utf-8")
    if not text.startswith(_OPEN) or _CLOSE not in text:
        raise DefinitionError(
            Fault(where, f"does not begin with {_OPEN} … {_CLOSE}.", "Put the front matter first in the file.")
        )
    head, sql = text.removeprefix(_OPEN).split(_CLOSE, 1)
    try:
        front_matter = yaml.safe_load(head)
    except yaml.YAMLError as error:
        raise DefinitionError(Fault(where, f"front matter is not YAML: {_one_line(error)}")) from error
    if not isinstance(front_matter, dict):
        raise DefinitionError(Fault(where, "front matter is not a list of `name: value` lines."))
    return SqlFile(path, front_matter, sql.strip().rstrip(";"))


def faults_of(where: str, error: ValidationError) -> list[Fault]:
    """Turns a pydantic error into faults: `where: field must …; got …`."""
    faults = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "front matter"
        if item["type"] == "extra_forbidden":
            what = f"{field} is not a known field."
        elif item["type"] == "missing":
            what = f"{field} is missing."
        else:
            message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            what = (
                f"{field} must be {message}; got {item['input']!r}."
                if item["msg"].startswith("Input")
                else (f"{field}: {message}")
            )
        faults.append(Fault(where, what))
    return faults


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
