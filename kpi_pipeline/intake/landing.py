"""The landing room: which files are there, their SHA-256, and when each was first seen.

Files are only ever read. The register is append-only and keyed by content: the same bytes under another
name are the same file, and keep their first arrival time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_source, matches_pattern, source_names
from kpi_pipeline.intake.landing_options import LANDING_YAML, MISNAMED_LANDING_YAML

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
        if path.name.lower() in MISNAMED_LANDING_YAML:
            raise InputError(Fault(path.name, f"must be named {LANDING_YAML} to be read.", "Rename it."))
        stem = source.stem_of(path.name)
        mappings = tuple(source.mapping_of_file(stem)) if stem is not None else ()
        if mappings:
            found[path] = mappings
        elif stem is None or not any(matches_pattern(stem, pattern) for pattern in lookups):
            warnings.append(f"{path.name}: is no table of the source {source.name!r}; left aside.")
    tables = {mapping.table for mappings in found.values() for mapping in mappings}
    if "encounters" not in tables:
        raise InputError(_no_encounters(folder, source, tables))
    return found, warnings


def find_lookup(folder: Path, source: Source, pattern: str) -> list[Path]:
    """The files of a landing folder that a lookup reads, in order of their names."""
    stems = {path: source.stem_of(path.name) for path in sorted(folder.iterdir()) if path.is_file()}
    return [path for path, stem in stems.items() if stem is not None and matches_pattern(stem, pattern)]


def other_source_hint(source: Source, stem: str, columns: set[str]) -> str:
    """A sentence that names the source this file seems to belong to instead, or nothing; columns in lower case."""
    for name in source_names():
        mappings = load_source(name).mappings.values() if name not in (source.name, CANONICAL) else ()
        if any(
            mapping.takes(stem) and {column.lower() for column in mapping.columns} <= columns for mapping in mappings
        ):
            return f" Or it is another source: try --source {name}."
    return ""


def register_files(found: dict[Path, tuple[Mapping, ...]], register: Path, *, now: datetime) -> list[LandedFile]:
    """Notes new content in the register (JSON lines) and returns every file with its first arrival time."""
    known: dict[str, _Entry] = {}
    for entry in _read_register(register):
        known.setdefault(entry.sha256, entry)
    landed, new = [], []
    for path, mappings in found.items():
        sha256 = file_sha256(path)
        if sha256 not in known:
            arrived_at = now.astimezone(UTC).isoformat(timespec="seconds")
            known[sha256] = _Entry(sha256, path.name, path.stat().st_size, arrived_at)
            new.append(known[sha256])
        landed.append(LandedFile(path, sha256, datetime.fromisoformat(known[sha256].arrived_at), mappings))
    if new:
        _append_entries(register, new)
    return landed


def restore_register(register: Path, entries: Iterable[tuple[str, str, str]]) -> None:
    """Writes a register of files that are known: SHA-256, file name and arrival (ISO, UTC) of each."""
    known = {sha256: _Entry(sha256, name, 0, arrived_at) for sha256, name, arrived_at in entries}
    _append_entries(register, list(known.values()))


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _append_entries(register: Path, entries: list[_Entry]) -> None:
    """Appends lines to the register, over the half line that a crash may have left at its end."""
    register.parent.mkdir(parents=True, exist_ok=True)
    with register.open("ab+") as stream:
        stream.seek(0)
        written = stream.read()
        end_of_lines = written.rfind(b"\n") + 1
        if _parse_entry(written[end_of_lines:].decode(errors="replace")) is not None:
            stream.write(b"\n")
        else:
            stream.truncate(end_of_lines)
        stream.writelines(f"{json.dumps(asdict(entry))}\n".encode() for entry in entries)


def _read_register(register: Path) -> Iterable[_Entry]:
    if not register.is_file():
        return []
    lines = register.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = []
    for number, line in enumerate(lines, start=1):
        entry = _parse_entry(line)
        if entry is not None:
            entries.append(entry)
        elif number < len(lines):  # a crash while appending leaves half a last line; its file is registered anew
            raise InputError(
                Fault(f"{register}:{number}", "is not a line of the landing register.", "Restore it from the backup.")
            )
    return entries


def _parse_entry(line: str) -> _Entry | None:
    try:
        return _Entry(**json.loads(line))
    except (json.JSONDecodeError, TypeError):
        return None


def _no_encounters(folder: Path, source: Source, tables: set[str]) -> Fault:
    pattern = source.mappings["encounters"].file
    others = [name for name in source_names() if name not in (source.name, CANONICAL) and _has_all(folder, name)]
    has = f"it has {', '.join(sorted(tables))} only" if tables else "it has none of the tables we read"
    hint = f" Or it is another source: try --source {others[0]}." if others else ""
    return Fault(
        str(folder),
        f"no encounters file ({pattern}{endings_in_words(source)}) was found; {has}.",
        f"Put the encounters file into this folder, or check the path.{hint}",
    )


def endings_in_words(source: Source) -> str:
    """The endings a source reads, such as `.csv, .parquet or .xlsx`."""
    return f"{', '.join(source.endings[:-1])} or {source.endings[-1]}"


def _has_all(folder: Path, name: str) -> bool:
    """Whether the folder has a file for every table of a source."""
    source = load_source(name)
    stems = [stem for path in folder.iterdir() if (stem := source.stem_of(path.name)) is not None]
    own = [mapping for mapping in source.mappings.values() if mapping.source == name]
    return all(any(mapping.takes(stem) for stem in stems) for mapping in own)
