"""The warehouse tables as `sql/warehouse/*.sql` declare them, in the order in which they must be built."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.sql.front_matter import faults_of, read_sql_file
from kpi_pipeline.core.sql.sql_graph import build_order, tables_read
from kpi_pipeline.intake.contract import load_contracts

PREPARED_TABLES = frozenset(
    {"landing_options", "declared_watermarks", "declared_closures", "all_encounters", "older_encounters"}
)
"""Tables the builder itself fills before the SQL files run."""


class WarehouseTable(BaseModel):
    """One table: what a row is, its key, and the SELECT that makes it.

    stored: kept in the warehouse; temporary, for the build only; or never, computed where it is read (a view).
    empty_without: a reference table without whose rows this one has none, so that nothing need be computed.
    is_carried_over: current rows as they arrived.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: Annotated[str, Field(min_length=3)]
    means: Annotated[str, Field(min_length=10)]
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    stored: Literal["kept", "temporary", "never"] = "kept"
    empty_without: str | None = None
    is_carried_over: bool = False
    sql: str
    reads: frozenset[str]


@cache
def load_tables() -> tuple[WarehouseTable, ...]:
    """Every table in build order; canonical tables without a file of their own are carried over as they are."""
    tables: dict[str, WarehouseTable] = {}
    faults: list[Fault] = []
    for path in sorted(resource_folder("sql").joinpath("warehouse").glob("*.sql")):
        file = read_sql_file(path)
        reads = tables_read(file.sql, where=file.where)
        try:
            tables[file.name] = WarehouseTable.model_validate(
                {**file.front_matter, "name": file.name, "sql": file.sql, "reads": reads}
            )
        except ValidationError as error:
            faults.extend(faults_of(file.where, error))
    for contract in load_contracts().values():
        if contract.table not in tables:
            tables[contract.table] = _carried_over(contract.table, contract.title, contract.key)
    faults.extend(_unknown_tables(tables))
    if faults:
        raise DefinitionError(faults)
    order = build_order({name: table.reads for name, table in tables.items()})
    return tuple(tables[name] for name in order)


def kept_tables() -> tuple[WarehouseTable, ...]:
    """The tables that stay in the warehouse, in build order."""
    return tuple(table for table in load_tables() if table.stored == "kept")


def tables_behind(tables: Iterable[str], *, short_of: Collection[str] = ()) -> frozenset[str]:
    """The tables and all they are made of, at any depth. short_of: what is not gone behind, nor among them."""
    reads = {table.name: table.reads for table in load_tables()}
    found: set[str] = set()
    waiting = set(tables) - set(short_of)
    while waiting:
        table = waiting.pop()
        found.add(table)
        waiting |= reads.get(table, frozenset()) - found - set(short_of)
    return frozenset(found)


def _carried_over(name: str, title: str, key: tuple[str, ...]) -> WarehouseTable:
    return WarehouseTable(
        name=name,
        title=title,
        means=f"{title} as they arrived, current rows only.",
        key=key,
        sql=f"SELECT * EXCLUDE (source_line, row_hash) FROM staged_{name}",
        reads=frozenset({f"staged_{name}"}),
        is_carried_over=True,
    )


def _unknown_tables(tables: dict[str, WarehouseTable]) -> list[Fault]:
    staged = {f"staged_{name}" for name in load_contracts()}
    known = tables.keys() | staged | PREPARED_TABLES
    return [
        Fault(f"sql/warehouse/{table.name}.sql", f"reads {unknown}, which no file makes.")
        for table in tables.values()
        for unknown in sorted(table.reads - known)
        if not unknown.startswith("reference_")
    ]
