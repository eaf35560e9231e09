"""Whether a source's mapping fits its contract and the columns it declares: bound by the database, without any rows."""

from __future__ import annotations

from datetime import date

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.intake.contract import CANONICAL, Contract, Mapping, Source, load_contracts
from kpi_pipeline.intake.mapping.checked_rows import checked_rows_sql
from kpi_pipeline.intake.mapping.mapping_places import place_of, shape_faults
from kpi_pipeline.intake.reading.json_resources import JSON_COLUMNS, JSON_ENDINGS
from kpi_pipeline.intake.reading.opened import SOURCE_LINE

_ANY_DAY = date(2026, 1, 1)


def mapping_faults(source: Source) -> list[Fault]:
    """The mappings of a source that the database cannot bind. One whose lookups do not declare their columns is bound
    when there are files of it."""
    faults = []
    is_json = not set(source.endings).isdisjoint(JSON_ENDINGS)
    with connect() as connection:
        for mapping in source.mappings.values():
            contract = load_contracts()[mapping.table]
            views = _views(mapping, contract, is_json=is_json)
            if mapping.source != source.name or views is None:
                continue
            for view, columns in views.items():
                typed = ", ".join(f"{identifier(column)} VARCHAR" for column in columns)
                connection.execute(f"CREATE TEMP TABLE {identifier(view)} ({SOURCE_LINE} BIGINT, {typed})")
            statement = f"EXPLAIN {checked_rows_sql(mapping, contract, _ANY_DAY)}"
            try:
                connection.execute(statement)
                faults += shape_faults(connection, mapping, contract)
            except duckdb.Error as error:
                faults += broken_mapping(connection, mapping, statement, error)
            for view in views:  # no mapping reads what another one's lookups left
                connection.execute(f"DROP TABLE {identifier(view)}")
    return faults


def broken_mapping(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, statement: str, error: duckdb.Error, *, file: str = ""
) -> list[Fault]:
    """The faults of a mapping that cannot be run: each with its line and column in the file.

    statement: what was run, the mapping's SQL within it. A value that cannot be converted is not shown: it is a
    patient's.
    """
    try:
        if faults := shape_faults(connection, mapping, load_contracts()[mapping.table]):
            return faults
    except duckdb.Error:
        pass  # the mapping itself cannot be bound: that is the error to tell
    where = place_of(mapping, statement, error)
    if isinstance(error, (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)):
        what = f"a value of {file or 'a file'} cannot be converted as the mapping asks."
        return [Fault(where, what, "Use TRY_CAST or TRY_STRPTIME, or leave the value as text.")]
    reason = str(error).split("\n", 1)[0].removeprefix("Binder Error: ").removeprefix("Catalog Error: ")
    on = f" on {file}" if file else ""
    return [Fault(where, f"the mapping cannot be run{on}: {reason.strip()}", "Correct its SQL or its columns.")]


def _views(mapping: Mapping, contract: Contract, *, is_json: bool) -> dict[str, tuple[str, ...]] | None:
    """The columns of `landed` and of each lookup; None where a lookup does not say."""
    if mapping.source == CANONICAL:
        return {"landed": tuple(contract.columns)}
    own = (*mapping.columns, *(column for column in mapping.optional_columns if column not in mapping.columns))
    views = {"landed": JSON_COLUMNS if is_json else own}
    for view in mapping.lookups:
        columns = mapping.lookup_columns.get(view, JSON_COLUMNS if is_json else ())
        if not columns:
            return None
        views[view] = columns
    return views
