"""Where in a mapping's SQL file a fault lies: its line and column, as an editor counts them."""

from __future__ import annotations

import re

import duckdb
import sqlglot
from sqlglot import exp

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.intake.contract import Contract, Mapping
from kpi_pipeline.intake.reading.opened import SOURCE_LINE

_SHOWN = re.compile(r"^LINE (\d+): (.*)\n( *)\^", re.MULTILINE)
_CUT = "..."
"""What DuckDB writes where it shows only a part of a long line."""


def place_of(mapping: Mapping, statement: str, error: duckdb.Error) -> str:
    """`file:line:column` of what DuckDB stumbled over in a statement that holds the mapping's SQL as it is; `file`
    where that lies outside of the mapping, or DuckDB does not say."""
    found = _SHOWN.search(str(error))
    before, inside, _ = statement.partition(mapping.sql)
    if found is None or not inside:
        return mapping.where
    number, shown = int(found.group(1)), found.group(2)
    at = len(found.group(3)) - len(f"LINE {number}: ")
    lines = statement.split("\n")
    if shown.startswith(_CUT):
        cut = shown[len(_CUT) :].removesuffix(_CUT)
        at += lines[number - 1].find(cut) - len(_CUT)
    offset = sum(len(line) + 1 for line in lines[: number - 1]) + at - len(before)
    return _place(mapping, offset) if 0 <= offset < len(inside) else mapping.where


def shape_faults(connection: duckdb.DuckDBPyConnection, mapping: Mapping, contract: Contract) -> list[Fault]:
    """The columns that a mapping should give and does not, or gives as something else than text. Needs its views."""
    given = {row[0].lower(): str(row[1]) for row in connection.execute(f"DESCRIBE {mapping.sql}").fetchall()}
    places = _output_places(mapping)
    table = mapping.table
    faults = []
    missing = [name for name, column in contract.columns.items() if name not in given and not column.added_later]
    spare = [name for name in given if name not in {*contract.columns, SOURCE_LINE, "left_out", "file_name"}]
    for name in [*missing, *([SOURCE_LINE] if SOURCE_LINE not in given else [])]:
        like = f" It gives {', '.join(spare)}, which {table} does not have." if spare else ""
        cure = f"Give it {'as it comes' if name == SOURCE_LINE else f'a name, or write NULL AS {name}'}."
        where = _place(mapping, min(places.values(), default=0))
        faults.append(Fault(where, f"the mapping gives no column {name}.{like}", cure))
    for name, kind in given.items():
        if name in contract.columns and kind not in ("VARCHAR", '"NULL"'):
            what = f"the mapping gives {name} as {kind}; every column must be text."
            cure = f"Give it as text: CAST(… AS VARCHAR) AS {name}."
            faults.append(Fault(_place(mapping, places.get(name, 0)), what, cure))
    return faults


def _output_places(mapping: Mapping) -> dict[str, int]:
    """Where in the mapping's SQL the name of each column it gives stands, as the number of letters before it."""
    query = sqlglot.parse_one(mapping.sql, read="duckdb")
    places = {}
    for selected in query.selects if isinstance(query, exp.Query) else []:
        name = selected.find(exp.Identifier) if not selected.alias else selected.args["alias"]
        if isinstance(name, exp.Identifier) and "start" in name.meta:
            places[selected.alias_or_name.lower()] = int(name.meta["start"])
    return places


def _place(mapping: Mapping, offset: int) -> str:
    before = mapping.sql[:offset]
    line = mapping.first_line + before.count("\n")
    return f"{mapping.where}:{line}:{offset - (before.rfind(chr(10)) + 1) + 1}"
