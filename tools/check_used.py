"""Declared = used: fails when something is declared that nothing uses.

A function, class or property counts as used where the product, its tools or its benchmarks use it: a test alone is no
use. A field or constant counts as used where a test reads it, too: results of calculations are whole. Python is read by
vulture; names that only a template or a text in the code reads (`getattr`) are given to it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, nodes
from vulture.core import Vulture  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
PRODUCT = ("kpi_pipeline", "tools", "benchmarks")
FIELDS = ("variable", "attribute")

DECORATORS = (
    "@*.command", "@*.callback", "@model_validator", "@field_validator", "@field_serializer", "@dg.*", "@event.*",
    "@atexit.*",
)  # fmt: skip
"""What makes a function used by a framework that calls it."""

CALLED_BY_LIBRARIES = (
    "ignore_aliases",  # PyYAML
    "__signature__",  # inspect
    "StartDoctypeDeclHandler", "StartElementHandler",  # expat
    "_get_socket",  # smtplib
    "EXPRESSIONS_WITHOUT_NESTED_CTES",  # sqlglot
    "isolation_level",  # the SQLite driver
    "model_config",  # pydantic
    "revision", "down_revision",  # Alembic
    "defs",  # Dagster
    "trace",  # Jinja's undefined
    "xlsx", "brief",  # Typer, of the choices of an option
    "flavor",  # fontTools
    "handle_starttag", "handle_endtag", "handle_data",  # html.parser
    "alignment", "ref", "number_format", "creator",  # openpyxl
)  # fmt: skip

ENTRY_POINTS = (
    "build_report",  # one report's model without its files
    "render_pdf", "render_html",  # a report's bytes without a folder to write to
    "read_truth",  # what the synthetic hospital was made to show
    "forget_listeners",  # between two runs of fault injection
)  # fmt: skip
"""What stands at the border for others to call: tests, notebooks."""


WRITTEN_WHOLE = (
    "device", "inode", "modified_ns", "changed_ns",  # two states of a file are compared whole
    "last_period",  # `kpi signals --format json` writes every field
    "assessed_within_24h", "also_moves", "system_name",  # truth.json holds every field
)  # fmt: skip
"""Fields that are read with all others of their record, never by name."""


def find_unused(root: Path = ROOT) -> list[str]:
    """What is declared and not used, as `file:line: what`."""
    names = sorted(
        {*CALLED_BY_LIBRARIES, *ENTRY_POINTS, *WRITTEN_WHOLE, *names_in_templates(root), *names_in_texts(root)}
    )
    by_product = [one for one in _unused(root, PRODUCT, names) if one.typ not in FIELDS]
    with_tests = [one for one in _unused(root, (*PRODUCT, "tests"), names) if one.typ in FIELDS]
    return [
        f"{Path(one.filename).relative_to(root)}:{one.first_lineno}: {one.typ} {one.name!r} is used nowhere"
        for one in (*by_product, *with_tests)
        if Path(one.filename).relative_to(root).parts[0] in PRODUCT
    ]


def _unused(root: Path, folders: Iterable[str], names: list[str]) -> list:  # type: ignore[type-arg]
    vulture = Vulture(ignore_names=names, ignore_decorators=list(DECORATORS))
    vulture.scavenge([str(root / folder) for folder in folders if (root / folder).is_dir()])
    return list(vulture.get_unused_code(min_confidence=60, sort_by_size=False))


def names_in_templates(root: Path) -> set[str]:
    """The attributes that Jinja templates read, and the variables of style sheets."""
    names: set[str] = set()
    environment = Environment(autoescape=True)
    for path in (root / "report_templates").rglob("*.j2"):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        names |= {node.attr for node in tree.find_all(nodes.Getattr)}
    for path in (root / "report_templates").rglob("*.css"):  # a color's field is its variable in the style sheet
        names |= {name.replace("-", "_") for name in re.findall(r"var\(--([\w-]+)\)", path.read_text(encoding="utf-8"))}
    return names


def names_in_texts(root: Path) -> set[str]:
    """Identifiers that stand as texts in the product's code, such as columns that are fields of a row."""
    names: set[str] = set()
    for path in (root / "kpi_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= {word for word in node.value.split() if re.fullmatch(r"[a-z_]+", word) and "_" in word}
    return names


if __name__ == "__main__":
    unused = find_unused()
    print("\n".join(unused) or "Everything declared is used.")
    sys.exit(1 if unused else 0)
