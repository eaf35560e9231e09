"""What becomes of a mutant that spec and oracle do not notice: it changes nothing, or the suite is asked as well.

`equivalent_mutants.yaml` lists the changes that change no case that can be, each with why; an entry that no change of
today's SQL answers to is an error, so that the list cannot outlive what it argues.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("equivalent_mutants.yaml")
TESTS = {
    "metrics": ("tests/metrics/test_zero_cost.py",),
    "warehouse": (
        "tests/warehouse",
        *(f"--ignore=tests/warehouse/test_spark_{one}.py" for one in ("dialect", "engine")),
    ),
}
"""Folder of sql/ → the tests of the suite that are asked about what survives there; Spark's say nothing of rows."""
COPIED = ("kpi_pipeline", "sql", "tests", "benchmarks", "report_templates", "docs")


@dataclass(frozen=True)
class Mutant:
    """One change: the file, its line (of the SELECT), what stood there and what stands there now."""

    name: str
    line: int
    before: str
    after: str
    sql: str
    text: str = ""

    @property
    def change(self) -> str:
        """`<= → <`."""
        return f"{self.before} → {self.after or 'nothing'}"

    @property
    def key(self) -> str:
        """What a verdict is kept under: the changed SQL, wherever it stands."""
        return hashlib.sha256(f"{self.name} {self.sql}".encode()).hexdigest()[:16]

    @property
    def words(self) -> str:
        """`readmission_30d:4 <= → <`."""
        return f"{self.name}:{self.line} `{self.before}` → `{self.after or 'nothing'}`"


@dataclass(frozen=True)
class Equivalence:
    """Changes of a line of some files that change no case. text: the line without its indent; changes: as of Mutant."""

    why: str
    of: tuple[str, ...]
    text: str
    changes: tuple[str, ...]

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this change."""
        return mutant.name in self.of and mutant.text.strip() == self.text and mutant.change in self.changes


def read_equivalences(every: Iterable[Mutant], path: Path = LIST) -> tuple[Equivalence, ...]:
    """The list, held against every mutant there is. Raises ValueError for an entry that answers to none."""
    mutants = list(every)
    found = []
    for one in yaml.safe_load(path.read_text(encoding="utf-8")):
        for lines in one["lines"]:
            found.append(Equivalence(one["why"], tuple(lines["of"]), lines["text"], tuple(lines["changes"])))
    for one in found:
        for name in one.of:
            for change in one.changes:
                narrow = Equivalence(one.why, (name,), one.text, (change,))
                if not any(narrow.covers(mutant) for mutant in mutants):
                    raise ValueError(f"{path.name}: no change of today's SQL is {name}: {change} in {one.text!r}")
    return tuple(found)


def equal_words(every: Sequence[Mutant]) -> set[str]:
    """The words of the mutants that the list argues as changing no case."""
    listed = read_equivalences(every)
    return {one.words for one in every if any(argued.covers(one) for argued in listed)}


def read_verdicts(notes: Path | None) -> dict[str, bool]:
    """Mutant's key → whether it was noticed; empty without notes."""
    if notes is None or not notes.is_file():
        return {}
    rows = (line.split(" ", 2) for line in notes.read_text(encoding="utf-8").splitlines())
    return {key: verdict == "noticed" for key, verdict, _ in rows}


def note_verdict(notes: Path | None, mutant: Mutant, *, is_noticed: bool) -> None:
    """Adds a line to the notes: key, verdict, words."""
    if notes is not None:
        with notes.open("a", encoding="utf-8") as file:
            file.write(f"{mutant.key} {'noticed' if is_noticed else 'unseen'} {mutant.words}\n")


def unseen_by_suite(kind: str, mutants: Sequence[Mutant]) -> list[Mutant]:
    """Those with which the tests of this kind of SQL still pass, on a copy of the project. kind: a key of TESTS."""
    if not mutants:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        if not _passes(TESTS[kind], copy):
            raise AssertionError(f"{TESTS[kind][0]} fails without any change")
        return [one for one in mutants if _passes_with(one, copy / "sql" / kind / f"{one.name}.sql", TESTS[kind], copy)]


def _passes_with(mutant: Mutant, file: Path, tests: Sequence[str], copy: Path) -> bool:
    true = file.read_text(encoding="utf-8")
    head, end, _ = true.partition("---*/\n")
    file.write_text(head + end + mutant.sql + "\n", encoding="utf-8")
    try:
        return _passes(tests, copy)
    finally:
        file.write_text(true, encoding="utf-8")


def _passes(tests: Sequence[str], folder: Path) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0
