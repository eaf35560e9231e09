"""What a table must look like (contract) and how a source's file becomes it (mapping). Read from `sql/staged/`.

`sql/staged/canonical/<table>.sql` declares the contract of a table: its columns, key and row rules.
`sql/staged/<source>/<table>.sql` maps another source's file to that table; the contract stays the same.
A hospital's own sources lie in `sources/<source>/` of its project, in the same form.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.project import collision_faults, project_in_force
from kpi_pipeline.core.resources import resource_folder, shown_path
from kpi_pipeline.core.sql.front_matter import SqlFile, faults_of, read_sql_file
from kpi_pipeline.core.sql.sql_graph import tables_read
from kpi_pipeline.core.yaml_files import read_mapping
from kpi_pipeline.intake.reading.landing_options import SourceDefaults

CANONICAL = "canonical"
TABLE_ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".parquet", ".xlsx")
"""What a source of tables reads; a source of another format declares its own `endings`."""
ColumnType = Literal["id", "text", "code", "moment", "date", "month", "number", "integer"]
Words = Annotated[str, Field(min_length=3)]
_PART_NUMBER = re.compile(r"[-_.]\d{1,6}$")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Frozen):
    """One column of a canonical table.

    A `moment` takes an ISO date or timestamp, with or without offset. `when_unreadable` says what happens
    to a value that is there but cannot be read: the row is quarantined, or the value counts as unknown.
    added_later: a mapping written before the layout had the column need not name it. required: no cell may be empty.
    in_every_file: the column must be there, though its cells may be empty.
    """

    type: ColumnType
    means: Words
    required: bool = False
    in_every_file: bool = False
    added_later: bool = False
    when_unreadable: Literal["quarantine", "unknown"] = "quarantine"


class RowRule(_Frozen):
    """A row is quarantined when the SQL condition `when` holds; `means` is the reason in words."""

    when: Words
    means: Words


class Contract(_Frozen):
    """A canonical table: its columns, its key, and the rows it refuses."""

    table: str
    title: Words
    required: bool = False
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    columns: dict[str, Column]
    quarantine: dict[str, RowRule] = {}

    @model_validator(mode="after")
    def _key_is_declared(self) -> Contract:
        unknown = [name for name in self.key if name not in self.columns]
        if unknown:
            raise ValueError(f"key names columns that are not declared: {', '.join(unknown)}")
        return self

    @property
    def staged_columns(self) -> tuple[str, ...]:
        """What is kept of a row: the columns, and of each moment how it was written (`x_kind`)."""
        kinds = (f"{name}_kind" for name, column in self.columns.items() if column.type == "moment")
        return (*self.columns, *kinds)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns a file must have."""
        return tuple(name for name, column in self.columns.items() if column.required or column.in_every_file)


class Mapping(_Frozen):
    """How files whose stem matches `file` become rows of `table`: a SELECT from `landed`.

    file: a pattern, or several separated by `|`.
    columns: what the file must have (for canonical sources: the contract's required columns).
    optional_columns: what it may have; a column that is not there is NULL.
    lookups: further landed files that the SELECT joins, as view name → file pattern; several files are read as one.
    may_lack: lookups that need not be there, as view name → what is then not known, in words.
    lookup_columns: the columns of a lookup that the SELECT reads; one that is not there is NULL.
    leaves_out: the reasons the SELECT's column `left_out` may name, in words: such rows are counted and said, not kept.
    one_row_each: one row of the file gives one row of the table (false where it is unpivoted).
    where, first_line: the file, and the line in it on which `sql` begins.
    """

    source: str
    table: str
    file: Words
    columns: tuple[str, ...]
    optional_columns: tuple[str, ...] = ()
    lookups: dict[str, str] = {}
    may_lack: dict[str, Words] = {}
    lookup_columns: dict[str, tuple[str, ...]] = {}
    leaves_out: dict[str, Words] = {}
    one_row_each: bool = True
    reads_file_name: bool = False
    sql: str
    where: str
    first_line: int = 1

    @model_validator(mode="after")
    def _speaks_of_its_lookups(self) -> Mapping:
        unknown = sorted({*self.may_lack, *self.lookup_columns} - self.lookups.keys())
        if unknown:
            raise ValueError(f"may_lack and lookup_columns name what is no lookup: {', '.join(unknown)}")
        return self

    def takes(self, stem: str) -> bool:
        """Whether a file of this name (without ending) belongs to this mapping."""
        return matches_pattern(stem, self.file) > 0


class Source(_Frozen):
    """A kind of landing folder: its mappings by table, and what its files never say themselves.

    with_canonical: tables it does not map may lie beside its files in the canonical layout.
    replaces_shipped: a hospital's own source that takes the place of the shipped one of its name.
    """

    name: str
    title: Words
    defaults: SourceDefaults = SourceDefaults()
    endings: tuple[str, ...] = TABLE_ENDINGS
    with_canonical: bool = False
    replaces_shipped: bool = False
    caveats: tuple[Words, ...] = ()
    mappings: dict[str, Mapping]

    def mapping_of_file(self, stem: str) -> list[Mapping]:
        """The mappings a file feeds; the longest pattern wins where two patterns overlap."""
        fits = {name: matches_pattern(stem, mapping.file) for name, mapping in self.mappings.items()}
        longest = max(fits.values(), default=0)
        return [self.mappings[name] for name, length in fits.items() if length and length == longest]

    def stem_of(self, file_name: str) -> str | None:
        """A file's name without its ending; None where the source does not read such files."""
        endings = [ending for ending in self.endings if file_name.lower().endswith(ending)]
        return file_name[: -max(map(len, endings))] if endings else None


def matches_pattern(stem: str, pattern: str) -> int:
    """The length of the longest alternative of a file pattern that a name fits; 0 where it fits none."""
    alternatives = [one.strip() for one in pattern.split("|")]
    # Large exports come in parts: patients-0000, patients-0001.
    names = {stem.lower(), _PART_NUMBER.sub("", stem.lower())}
    return max((len(one) for one in alternatives if any(fnmatch(name, one) for name in names)), default=0)


@cache
def load_contracts() -> dict[str, Contract]:
    """Every canonical table's contract, by table name. All faults of all files at once."""
    contracts: dict[str, Contract] = {}
    faults: list[Fault] = []
    for path in sorted((_shipped() / CANONICAL).glob("*.sql")):
        file = read_sql_file(path)
        try:
            contracts[file.name] = Contract.model_validate({**file.front_matter, "table": file.name})
        except ValidationError as error:
            faults.extend(faults_of(file.where, error))
    if faults:
        raise DefinitionError(faults)
    return contracts


def source_names() -> list[str]:
    """The sources this version can read, and those of the project in force."""
    return sorted(_source_folders())


def load_source(name: str) -> Source:
    """One source with its mappings; an unknown name is a DefinitionError that lists the known ones."""
    folders = _source_folders()
    if name not in folders:
        raise DefinitionError(
            Fault("source", f"{name!r} is not a known source.", f"Choose one of: {', '.join(sorted(folders))}.")
        )
    return _read_source(folders[name])


@cache
def _read_source(folder: Path) -> Source:
    name, head_file = folder.name, folder / "source.yaml"
    try:
        head = read_mapping(head_file)
        mappings = {path.stem: _load_mapping(name, read_sql_file(path)) for path in sorted(folder.glob("*.sql"))}
        if head.get("with_canonical"):
            mappings = {**load_source(CANONICAL).mappings, **mappings}
        source = Source.model_validate({**head, "name": name, "mappings": mappings})
    except ValidationError as error:
        raise DefinitionError(faults_of(shown_path(head_file), error)) from error
    is_ours, is_shipped = folder.parent == _shipped(), (_shipped() / name).is_dir()
    faults = collision_faults(
        shown_path(head_file), name, "source", is_shipped=is_shipped and not is_ours, replaces=source.replaces_shipped
    )
    if faults:
        raise DefinitionError(faults)
    return source


def _source_folders() -> dict[str, Path]:
    """The folder of each source; one of the project takes the place of the shipped one, if it says so."""
    shipped = {path.name: path for path in _shipped().iterdir() if path.is_dir()}
    project = project_in_force()
    if project is None or not project.sources.is_dir():
        return shipped
    own = {path.name: path for path in project.sources.iterdir() if path.is_dir() and not path.name.startswith(".")}
    if CANONICAL in own:
        what = "the canonical layout is what every source is mapped to; it cannot be replaced."
        raise DefinitionError(Fault(str(own[CANONICAL]), what, "Give your source another name."))
    return {**shipped, **own}


def _shipped() -> Path:
    return resource_folder("sql") / "staged"


def _load_mapping(source: str, file: SqlFile) -> Mapping:
    if source == CANONICAL:
        contract = load_contracts()[file.name]
        declared = {"file": f"{file.name}*", "columns": contract.required_columns}
    else:
        declared = dict(file.front_matter)
        if file.name not in load_contracts():
            raise DefinitionError(Fault(file.where, f"{file.name!r} is not a canonical table."))
    try:
        known = {"source": source, "table": file.name, "sql": file.sql, "where": file.where}
        mapping = Mapping.model_validate({**declared, **known, "first_line": file.first_line})
    except ValidationError as error:
        raise DefinitionError(faults_of(file.where, error)) from error
    unknown = tables_read(mapping.sql, where=file.where) - {"landed", *mapping.lookups}
    if unknown:
        raise DefinitionError(
            Fault(file.where, f"reads {', '.join(sorted(unknown))}, which is no lookup of this file.")
        )
    return mapping
