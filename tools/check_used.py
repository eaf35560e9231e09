"""Declared = used: fails when something is declared that nothing uses.

Python is read by vulture. What only a template reads is used, too, so the names in Jinja templates are given to it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jinja2 import Environment, nodes
from vulture.core import Vulture  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
PATHS = ("kpi_pipeline", "tools", "benchmarks")

DECORATORS = (
    "@*.command",
    "@*.callback",
    "@model_validator",
    "@field_validator",
    "@field_serializer",
    "@dg.*",
    "@event.*",
)
"""What makes a function used by a framework that calls it."""

NAMES = (
    "ignore_aliases",  # called by PyYAML
    "StartDoctypeDeclHandler", "StartElementHandler",  # called by expat
    "_get_socket",  # called by smtplib
    "isolation_level",  # read by the SQLite driver
    "model_config",  # read by pydantic
    "__tablename__", "__table_args__",  # read by SQLAlchemy
)  # fmt: skip
"""Names that a library asks for. Nothing of our own belongs here."""


def find_unused() -> list[str]:
    """What is declared and not used, as `file:line: what`."""
    vulture = Vulture(ignore_names=[*NAMES, *sorted(_names_in_templates())], ignore_decorators=list(DECORATORS))
    vulture.scavenge([str(ROOT / path) for path in PATHS])
    return [
        f"{Path(item.filename).relative_to(ROOT)}:{item.first_lineno}: {item.typ} {item.name!r} is used nowhere"
        for item in vulture.get_unused_code(min_confidence=60, sort_by_size=False)
    ]


def _names_in_templates() -> set[str]:
    names: set[str] = set()
    environment = Environment(autoescape=True)
    for path in (ROOT / "report_templates").rglob("*.j2"):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        names |= {node.attr for node in tree.find_all(nodes.Getattr)}
    return {name for name in names if re.fullmatch(r"\w+", name)}


if __name__ == "__main__":
    unused = find_unused()
    print("\n".join(unused))
    sys.exit(1 if unused else 0)
