"""What is installed is what is declared: imports, dependencies and the two locks."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
NOT_INSTALLED = {"py4j": "py4j", "pyspark": "pyspark", "mssql_python": "mssql-python", "oracledb": "oracledb"}
"""Modules of packages that only some hospitals need, which need not be here."""
NOT_IMPORTED = {
    "dagster-webserver": "a process of its own",
    "dagster-postgres": "named in dagster.yaml",
    "psycopg": "SQLAlchemy's driver, named in the URL of a database",
}


def name_of(requirement: str) -> str:
    """The package a requirement names, as registries spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", requirement.strip(), maxsplit=1)[0]).lower()


def declared() -> set[str]:
    return {name_of(one) for one in PROJECT["project"]["dependencies"]}


@cache
def installed() -> dict[str, list[str]]:
    """Top module → the packages it comes from."""
    return dict(packages_distributions())


@cache
def imported() -> dict[str, str]:
    """Top module → a file that imports it, of all that is neither ours nor Python's."""
    found: dict[str, str] = {}
    for file in sorted((REPOSITORY / "kpi_pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in {name.partition(".")[0] for name in names} - {"kpi_pipeline", *sys.stdlib_module_names}:
                found.setdefault(top, str(file.relative_to(REPOSITORY)))
    return found


def locked(lock: str) -> set[str]:
    lines = (REPOSITORY / lock).read_text(encoding="utf-8").splitlines()
    return {name_of(line) for line in lines if re.match(r"[A-Za-z0-9]", line)}


def test_whatever_the_program_imports_is_declared() -> None:
    own_names = installed()
    optional = {name_of(one) for group in PROJECT["project"]["optional-dependencies"].values() for one in group}
    undeclared = {
        module: file
        for module, file in imported().items()
        if not {name_of(one) for one in own_names.get(module, [NOT_INSTALLED.get(module, module)])}
        & (declared() | optional)
    }
    assert undeclared == {}


def test_whatever_is_declared_is_used() -> None:
    own_names = installed()
    used = {name_of(one) for module in imported() for one in own_names.get(module, [])}
    assert declared() - used == set(NOT_IMPORTED)


def test_production_installs_no_tool_of_the_tests() -> None:
    tools = {name_of(one) for one in PROJECT["dependency-groups"]["dev"]}
    assert {"pytest", "mypy", "ruff", "playwright"} <= tools
    assert locked("requirements.lock") & tools == set()
    assert declared() <= locked("requirements.lock")
    assert tools | locked("requirements.lock") <= locked("requirements-dev.lock")


def test_every_locked_package_has_a_hash_and_one_version() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (REPOSITORY / lock).read_text(encoding="utf-8")
        for entry in re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text)):
            if entry.strip():
                assert re.match(r"[\w.\[\],-]+==\S+", entry), f"{lock}: {entry[:60]}"
                assert "--hash=sha256:" in entry, f"{lock}: {entry[:60]}"
