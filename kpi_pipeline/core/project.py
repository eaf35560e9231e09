"""The hospital's own folder: its settings, mappings and measures, outside the package, so that an upgrade touches none.

```
our-hospital/
  kpi.yaml                    settings
  targets.yaml, commentary.yaml, audiences.yaml    are read without being named in kpi.yaml
  sources/<name>/             mappings of a source, as in `sql/staged/<name>/`
  metrics/<name>.sql          measures, each with its proof <name>.spec.yaml
```

One run of the program serves one hospital: the project in force is named by the environment variable `KPI_PROJECT`,
which processes started from this one inherit. The command line sets it from `--project` or from `project:` of the
settings for the length of a command; Dagster for the life of its code location.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import DefinitionError, Fault

PROJECT_VARIABLE = "KPI_PROJECT"
SETTINGS_FILE = "kpi.yaml"
REPLACES = "replaces_shipped"
"""How a measure or a source of the hospital says that it takes the place of the shipped one of its name."""


@dataclass(frozen=True, slots=True)
class Project:
    """A hospital's folder, and where each kind of file lies in it. Every part may be absent."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        """The hospital's settings."""
        return self.folder / SETTINGS_FILE

    @property
    def sources(self) -> Path:
        """One folder for each source."""
        return self.folder / "sources"

    @property
    def metrics(self) -> Path:
        """The measures and their proofs."""
        return self.folder / "metrics"

    def definition_files(self) -> dict[str, Path]:
        """Every file the figures depend on, by its path within the project."""
        parts = (self.sources, self.metrics)
        files = sorted(path for part in parts if part.is_dir() for path in part.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in files}


def project_in_force() -> Project | None:
    """The project of this run, or None. Raises DefinitionError when its folder is not there or is no project."""
    named = os.environ.get(PROJECT_VARIABLE)
    return open_project(Path(named)) if named else None


def open_project(folder: Path) -> Project:
    """The project in a folder; a folder that holds none of its parts is a DefinitionError: most often a wrong path."""
    project = Project(folder.resolve())
    if not folder.is_dir():
        raise DefinitionError(Fault(str(folder), "there is no such project folder.", "Check the path after --project."))
    if not any(part.exists() for part in (project.settings_file, project.sources, project.metrics)):
        what = f"is no project: it holds neither {SETTINGS_FILE} nor sources/ nor metrics/."
        raise DefinitionError(Fault(str(folder), what, f"Check the path, or put your {SETTINGS_FILE} there."))
    return project


def put_in_force(folder: Path | None) -> None:
    """Makes a folder the project of this process and of those it starts; None: there is no project."""
    if folder is None:
        os.environ.pop(PROJECT_VARIABLE, None)
    else:
        os.environ[PROJECT_VARIABLE] = str(open_project(folder).folder)


@contextmanager
def in_force(folder: Path | None) -> Iterator[None]:
    """As `put_in_force`, until the block ends."""
    before = os.environ.get(PROJECT_VARIABLE)
    put_in_force(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(PROJECT_VARIABLE, None)
        else:
            os.environ[PROJECT_VARIABLE] = before


def collision_faults(where: str, name: str, noun: str, *, is_shipped: bool, replaces: bool) -> list[Fault]:
    """What is wrong with a name of the hospital's own: it must say whether it replaces what is shipped."""
    if is_shipped and not replaces:
        what = f"the {noun} {name!r} comes with the program, too."
        return [Fault(where, what, f"Give yours another name, or write {REPLACES}: true into it.")]
    if replaces and not is_shipped:
        what = f"says {REPLACES}, but no {noun} {name!r} comes with the program."
        return [Fault(where, what, f"Leave {REPLACES} out, or correct the name.")]
    return []
