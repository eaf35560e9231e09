"""The landing room: which files are there, their SHA-256, and when each was first seen.

Files are only ever read. The register is append-only and keyed by content: the same bytes under another
name are the same file, and keep their first arrival time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_source, source_names
from kpi_pipeline.intake.landing_options import LANDING_YAML

ENDINGS = (".csv", ".parquet", ".xlsx")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One source file and the mappings it feeds. `arrived_at` is when the register first saw its bytes (UTC)."""

    path: Path
    sha256: str
    arrived_at: datetime
    mappings: tuple[Mapping, ...]

    @property
    def name(self) -> str:
        """The file name, for messages."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class _Entry:
    sha256: str
    file_name: str
    size: int
    arrived_at: str


def find_files(folder: Path, source: Source) -> tuple[dict[Path, tuple[Mapping, ...]], list[str]]:
    """The source files of a landing folder with their mappings, and one warning for each file left aside.

    Raises InputError when the folder is missing, holds no table of the source, or misses a required one.
    """
    if not folder.is_dir():
        raise InputError(Fault(str(folder), "there is no such landing folder.", "Check the path after --landing."))
    found: dict[Path, tuple[Mapping, ...]] = {}
    warnings: list[str] = []
    lookups = {pattern for mapping in source.mappings.values() for pattern in mapping.lookups.values()}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")) or path.name == LANDING_YAML or path.is_dir():
            continue
        mappings = tuple(source.mapping_of_file(path.stem)) if path.suffix.lower() in ENDINGS else ()
        if mappings:
            found[path] = mappings
        elif not any(Path(path.stem.lower()).match(pattern) for pattern in lookups):
            warnings.append(f"{path.name}: is no table of the source {source.name!r}; left aside.")
    tables = {mapping.table for mappings in found.values() for mapping in mappings}
    if "encounters" not in tables:
        raise InputError(_no_encounters(folder, source, tables))
    return found, warnings


def register_files(
    found: dict[Path, tuple[Mapping, ...]], register: Path, *, now: datetime
) -> list[LandedFile]:
    """Notes new content in the register (JSON lines) and returns every file with its first arrival time."""
    known = {entry.sha256: entry for entry in _read_register(register)}
    landed, new = [], []
    for path, mappings in found.items():
        sha256 = file_sha256(path)
        if sha256 not in known:
            known[sha256] = _Entry(sha256, path.name, path.stat().st_size, now.isoformat(timespec="seconds"))
            new.append(known[sha256])
        landed.append(LandedFile(path, sha256, datetime.fromisoformat(known[sha256].arrived_at), mappings))
    if new:
        register.parent.mkdir(parents=True, exist_ok=True)
        with register.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(asdict(entry)) + "\n" for entry in new)
    return landed


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _read_register(register: Path) -> Iterable[_Entry]:
    if not register.is_file():
        return []
    lines = register.read_text(encoding="utf-8").splitlines()
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(_Entry(**json.loads(line)))
        except (json.JSONDecodeError, TypeError) as error:
            if number == len(lines):  # a crash while appending leaves half a last line; its file is registered anew
                continue
            raise InputError(
                Fault(f"{register}:{number}", "is not a line of the landing register.", "Restore it from the backup.")
            ) from error
    return entries


def _no_encounters(folder: Path, source: Source, tables: set[str]) -> Fault:
    pattern = source.mappings["encounters"].file
    stems = [path.stem for path in folder.iterdir() if path.suffix.lower() in ENDINGS]
    others = [
        name
        for name in source_names()
        if name not in (source.name, CANONICAL)
        and all(any(mapping.takes(stem) for stem in stems) for mapping in load_source(name).mappings.values())
    ]
    has = f"it has {', '.join(sorted(tables))} only" if tables else "it has none of the tables we read"
    hint = f" Or it is another source: try --source {others[0]}." if others else ""
    return Fault(
        str(folder),
        f"no encounters file ({pattern}.csv, .parquet or .xlsx) was found; {has}.",
        f"Put the encounters file into this folder, or check the path.{hint}",
    )
