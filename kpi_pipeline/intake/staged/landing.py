"""The landing room: which files are there, their SHA-256, and when each was first seen.

Files are only ever read. The register is append-only and keyed by content: the same bytes under another
name are the same file, and keep their first arrival time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import strange_file
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.intake.contract import CANONICAL, Mapping, Source, load_source, matches_pattern, source_names
from kpi_pipeline.intake.reading.landing_options import LANDING_YAML, MISNAMED_LANDING_YAML, LandingOptions
from kpi_pipeline.intake.reading.readers import is_plain_text
from kpi_pipeline.intake.reading.scan import Scan, scan_file

REGISTER = "landing_register.jsonl"
"""The register's file in the store."""
_UNREAD_ENDINGS = frozenset("xls xlsb xlsm ods zip 7z rar bz2 xz tar tgz txt tsv dat json ndjson xml sas7bdat".split())
"""Endings of data as people send it; which of them a source reads, it says itself."""


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One source file and the mappings it feeds. `arrived_at` is when the register first saw its bytes (UTC).

    name: its path within the landing folder, for messages.
    """

    path: Path
    name: str
    scan: Scan
    arrived_at: datetime
    mappings: tuple[Mapping, ...]

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return self.scan.sha256


@dataclass(frozen=True, slots=True)
class _Entry:
    sha256: str
    file_name: str
    size: int
    arrived_at: str


def find_files(
    folder: Path, source: Source, options: LandingOptions, *, limits: Limits
) -> tuple[dict[Path, tuple[Mapping, ...]], list[Notice]]:
    """The source files of a landing folder with their mappings, and one warning for each file left aside.

    Raises InputError when the folder is missing, holds no table of the source, misses a required one, or holds what
    is no plain file of its own.
    """
    if not folder.is_dir():
        raise InputError(Fault(str(folder), "there is no such landing folder.", "Check the path after --landing."))
    found: dict[Path, tuple[Mapping, ...]] = {}
    warnings: list[Notice] = []
    faults: list[Fault] = []
    lookups = {pattern for mapping in source.mappings.values() for pattern in mapping.lookups.values()}
    paths, folders = files_of_folder(folder, options, limits)
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if name.lower() in MISNAMED_LANDING_YAML:
            raise InputError(Fault(path.name, f"must be named {LANDING_YAML} to be read.", "Rename it."))
        mappings = mappings_of(name, source, options)
        stem = source.stem_of(path.name)
        if mappings:
            found[path] = mappings
            fault = strange_file(path, folder)
            faults += [fault] if fault is not None else []
        elif stem is None and (named := _tables_named(path.name, source)):
            details = {"endings": endings_in_words(source)}
            warnings.append(Notice("file_of_no_ending", file=name, table=named[0].table, details=details))
        elif stem is None or not any(matches_pattern(stem, pattern) for pattern in lookups):
            warnings.append(Notice("file_of_no_table", file=name, details={"source": source.name}))
    read = {path.parent for path in found}
    aside = [one for one in folders if one not in read and _has_tables(one, source)]
    warnings += [_folder_left_aside(one, folder) for one in aside]
    if faults:
        raise InputError(faults)
    tables = {mapping.table for mappings in found.values() for mapping in mappings}
    if "encounters" not in tables:
        raise InputError(_no_encounters(folder, source, tables, options))
    return found, warnings


def _tables_named(name: str, source: Source) -> list[Mapping]:
    """The mappings that a file of data has the name of, though its ending is not read: `encounters.xls`."""
    stem, *endings = name.split(".")
    is_data = endings and endings[-1].lower() in _UNREAD_ENDINGS and source.stem_of(name) is None
    return source.mapping_of_file(stem) if is_data else []


def mappings_of(name: str, source: Source, options: LandingOptions) -> tuple[Mapping, ...]:
    """The mappings a file feeds: by the patterns of landing.yaml, else by its name."""
    declared = [
        source.mappings[table]
        for table, of_table in options.tables.items()
        if table in source.mappings and any(_fits(name, pattern) for pattern in of_table.files)
    ]
    if declared or "/" in name:
        return tuple(declared)
    stem = source.stem_of(name)
    by_name = source.mapping_of_file(stem) if stem is not None else []
    return tuple(mapping for mapping in by_name if not options.of_table(mapping.table).files)


def files_of_folder(folder: Path, options: LandingOptions, limits: Limits) -> tuple[list[Path], list[Path]]:
    """The files to look at, sorted, and the folders in the landing folder. Folders are entered for patterns alone."""
    patterns = [pattern for table in options.tables.values() for pattern in table.files]
    depth = max((pattern.count("/") for pattern in patterns), default=0)
    files: list[Path] = []
    folders: list[Path] = []
    waiting = [(folder, 0)]
    while waiting:
        place, level = waiting.pop(0)
        for path in sorted(place.iterdir()):
            if path.name.startswith((".", "~$")) or (level == 0 and path.name == LANDING_YAML):
                continue
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
                if level < depth:
                    waiting.append((path, level + 1))
            elif not path.is_dir():
                name = path.relative_to(folder).as_posix()
                if level == 0 or any(_fits(name, pattern) for pattern in patterns):
                    files.append(path)
            if len(files) + len(folders) > limits.files:
                what = f"holds more than {limits.files:,} files."
                raise InputError(Fault(str(folder), what, "Check the path, or raise limits: files in kpi.yaml."))
    return files, folders


def _fits(name: str, pattern: str) -> bool:
    """Whether a path within the landing folder fits a pattern, part by part, whatever its case."""
    parts, wanted = name.lower().split("/"), pattern.lower().split("/")
    return len(parts) == len(wanted) and all(fnmatchcase(one, other) for one, other in zip(parts, wanted, strict=True))


def _has_tables(folder: Path, source: Source) -> bool:
    return any(source.stem_of(path.name) is not None for path in folder.iterdir() if path.is_file())


def _folder_left_aside(folder: Path, landing: Path) -> Notice:
    n_files = sum(1 for path in folder.iterdir() if path.is_file())
    name = f"{folder.relative_to(landing).as_posix()}/"
    return Notice("folder_left_aside", file=name, details={"files": str(n_files)})


def find_lookup(folder: Path, source: Source, pattern: str) -> list[Path]:
    """The files of a landing folder that a lookup reads, in order of their names."""
    stems = {path: source.stem_of(path.name) for path in sorted(folder.iterdir()) if not path.is_dir()}
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


def register_files(
    folder: Path, found: dict[Path, tuple[Mapping, ...]], register: Path, *, now: datetime
) -> list[LandedFile]:
    """Notes new content in the register (JSON lines) and returns every file with its first arrival time."""
    known: dict[str, _Entry] = {}
    for entry in read_register(register):
        known.setdefault(entry.sha256, entry)
    landed, new = [], []
    for path, mappings in found.items():
        scan = scan_file(path, is_text=is_plain_text(path))
        name = path.relative_to(folder).as_posix()
        sha256 = scan.sha256
        if sha256 not in known:
            arrived_at = now.astimezone(UTC).isoformat(timespec="seconds")
            known[sha256] = _Entry(sha256, path.name, scan.state.size, arrived_at)
            new.append(known[sha256])
        landed.append(LandedFile(path, name, scan, datetime.fromisoformat(known[sha256].arrived_at), mappings))
    if new:
        _append_entries(register, new)
    return landed


def restore_register(register: Path, entries: Iterable[tuple[str, str, str]]) -> None:
    """Writes a register of files that are known: SHA-256, file name and arrival (ISO, UTC) of each."""
    known = {sha256: _Entry(sha256, name, 0, arrived_at) for sha256, name, arrived_at in entries}
    _append_entries(register, list(known.values()))


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


def read_register(register: Path) -> Iterable[_Entry]:
    """Every line of a register; none where there is no register. InputError where one was damaged."""
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


def _no_encounters(folder: Path, source: Source, tables: set[str], options: LandingOptions) -> Fault:
    patterns = options.of_table("encounters").files
    if patterns:
        what = f"no file fits {' or '.join(patterns)}, which landing.yaml names for encounters."
        return Fault(str(folder), what, "Correct tables: encounters: files in landing.yaml, or put the file there.")
    pattern = source.mappings["encounters"].file
    others = [name for name in source_names() if name not in (source.name, CANONICAL) and _has_all(folder, name)]
    has = f"it has {', '.join(sorted(tables))} only" if tables else "it has none of the tables we read"
    for path in sorted(folder.iterdir()):
        if any(mapping.table == "encounters" for mapping in _tables_named(path.name, source)):
            has = f"{path.name} has an ending we do not read"
            break
    hint = f" Or it is another source: try --source {others[0]}." if others else ""
    return Fault(
        str(folder),
        f"no encounters file ({pattern}{endings_in_words(source)}) was found; {has}.",
        f"Put the encounters file into this folder, or check the path.{hint}",
    )


def endings_in_words(source: Source) -> str:
    """The endings a source reads, such as `.csv, .parquet or .xlsx`."""
    plain = [ending for ending in source.endings if not ending.endswith((".gz", ".zst"))]
    return f"{', '.join(plain[:-1])} or {plain[-1]}" if len(plain) > 1 else plain[0]


def _has_all(folder: Path, name: str) -> bool:
    """Whether the folder has a file for every table of a source."""
    source = load_source(name)
    stems = [stem for path in folder.iterdir() if (stem := source.stem_of(path.name)) is not None]
    own = [mapping for mapping in source.mappings.values() if mapping.source == name]
    return all(any(mapping.takes(stem) for stem in stems) for mapping in own)
