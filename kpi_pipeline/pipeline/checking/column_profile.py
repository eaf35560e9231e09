"""What the columns of a landing folder hold, looked at before a build: values, gaps, codes in no list, lost zeros.

A value is named only where eleven patients share it, and never one of a column that numbers people or encounters.
Dates of birth and amounts are counted, not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import identifier, list_literal, parquet_file
from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.intake.contract import CANONICAL, Column, load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.reference.store import SHIPPED_FOLDER, load_reference
from kpi_pipeline.warehouse.supply import DRG_WEIGHTS, ICD_DIAGNOSIS_CODES
from kpi_pipeline.warehouse.warnings.row import ENCOUNTER_TYPES, ROWS_TO_NAME, parent_of

_VALUES_SHOWN = 8
_MANY_EMPTY = 0.05
"""A column that lacks more of its values costs its measures enough cases to be told."""
_NAMED_IDS = ("facility_id", "unit_id")
_NOT_SHOWN = ("birth_date",)
_WIDTHS = {"drg_code": 3, "discharge_disposition_code": 2}
"""Codes of a fixed number of digits, which lose their leading zeros in a spreadsheet."""
_LISTS = {
    "encounter_type": ("one of the kinds of encounter", f"SELECT UNNEST({list_literal(ENCOUNTER_TYPES)})"),
    "discharge_disposition_code": (
        "a UB-04 code",
        "SELECT code FROM reference_value_sets WHERE value_set = 'disposition_valid'",
    ),
    "drg_code": ("in the loaded MS-DRG tables", "SELECT ms_drg FROM reference_ms_drg"),
    "primary_diagnosis_code": ("in a loaded CCS map", "SELECT code FROM reference_ccs_diagnosis"),
    "code": ("in a loaded CCS map", "SELECT code FROM reference_ccs_diagnosis"),
    "procedure_code": ("in a loaded CCS map", "SELECT code FROM reference_ccs_procedure"),
}
_CAPABILITY = {
    "encounters.drg_code": DRG_WEIGHTS,
    "encounters.primary_diagnosis_code": ICD_DIAGNOSIS_CODES,
    "encounters.discharge_disposition_code": ICD_DIAGNOSIS_CODES,
    "diagnoses.code": ICD_DIAGNOSIS_CODES,
    "procedures.procedure_code": ICD_DIAGNOSIS_CODES,
}
"""The capability that a column feeds besides the measures that name it: index stays need a disposition."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of one table. facts: what it holds. troubles: what is wrong. measures: what suffers from that."""

    table: str
    column: str
    facts: tuple[str, ...]
    troubles: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line."""
        facts = f"{self.column}: {', '.join(self.facts)}"
        if not self.troubles:
            return facts
        suffers = f" → {', '.join(self.measures)}" if self.measures else ""
        return f"{facts} | {'; '.join(self.troubles)}{suffers}"


def profile_columns(
    intake: IntakeResult, metrics: Mapping[str, Metric], *, reference: Path | None
) -> dict[str, list[ColumnProfile]]:
    """The profiles of every supplied column by table, over all accepted rows of its files."""
    folders = [SHIPPED_FOLDER, *([reference] if reference is not None else [])]
    profiles: dict[str, list[ColumnProfile]] = {}
    with connect(folders=folders, files=[file.staged for file in intake.files]) as connection:
        load_reference(connection, reference)
        tables = [name for name in load_contracts() if any(file.rows_staged for file in intake.of_table(name))]
        for table in tables:
            rows = " UNION ALL BY NAME ".join(
                f"SELECT * FROM {parquet_file(file.staged)}" for file in intake.of_table(table)
            )
            connection.execute(f"CREATE TEMP VIEW {identifier(f'rows_of_{table}')} AS {rows}")
        for table in tables:
            supplied = {column for file in intake.of_table(table) for column in file.columns_supplied}
            look = _Look(connection, table, tables, is_canonical=intake.source.name == CANONICAL)
            columns = [one for one in load_contracts()[table].columns.items() if one[0] in supplied]
            profiles[table] = [look.profile(name, column, metrics) for name, column in columns]
    return profiles


class _Look:
    """One table on an open connection."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: str, tables: list[str], *, is_canonical: bool
    ) -> None:
        self.connection, self.table, self.tables, self.is_canonical = connection, table, tables, is_canonical
        self.rows = identifier(f"rows_of_{table}")
        (self.n_rows,) = self._one(f"SELECT COUNT(*) FROM {self.rows}")
        columns = load_contracts()[table].columns
        people = next((name for name in ("person_id", "encounter_id") if name in columns), None)
        self.patients = f"COUNT(DISTINCT {identifier(people)})" if people else "COUNT(*)"

    def profile(self, name: str, column: Column, metrics: Mapping[str, Metric]) -> ColumnProfile:
        """What one column holds, and what is wrong with it."""
        value = identifier(name)
        filled, different = self._one(f"SELECT COUNT({value}), COUNT(DISTINCT {value}) FROM {self.rows}")
        n_empty = self.n_rows - int(filled)
        facts = [f"{100 * n_empty / self.n_rows:.1f}% empty" if n_empty else "never empty"]
        troubles: list[str] = []
        if n_empty / self.n_rows > _MANY_EMPTY:
            troubles.append(f"{n_empty:,} rows lack it")
        match column.type:
            case "date" | "moment" | "month" if name not in _NOT_SHOWN:
                first, last = self._one(
                    f"SELECT CAST(MIN({value}) AS DATE), CAST(MAX({value}) AS DATE) FROM {self.rows}"
                )
                facts.append(f"from {first} to {last}")
            case "number" | "integer":
                zero, negative = self._one(
                    f"SELECT COUNT(*) FILTER (WHERE {value} = 0), COUNT(*) FILTER (WHERE {value} < 0) FROM {self.rows}"
                )
                facts += [f"{n:,} {word}" for n, word in ((zero, "are 0"), (negative, "are below 0")) if n]
            case "id" if name not in _NAMED_IDS:
                facts.append(f"{different:,} different values")
                troubles += [*self._lost_zeros(name), *self._unmatched(name)]
            case "id" | "code" | "text":
                facts += self._values(value, int(different))
                troubles += [*self._lost_zeros(name), *self._out_of_list(name)]
        measures = tuple(_measures_of(self.table, name, metrics)) if troubles else ()
        return ColumnProfile(self.table, name, tuple(facts), tuple(troubles), measures)

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self.connection.execute(query).fetchall()[0]
        return row

    def _values(self, value: str, different: int) -> list[str]:
        shared = self.connection.execute(
            f"SELECT {value}, COUNT(*) FROM {self.rows} WHERE {value} IS NOT NULL GROUP BY {value} "
            f"HAVING {self.patients} >= {ROWS_TO_NAME} ORDER BY COUNT(*) DESC, {value} LIMIT {_VALUES_SHOWN}"
        ).fetchall()
        facts = [f"{str(text)[:40]!r} in {n:,}" for text, n in shared]
        others = different - len(shared)
        if others:
            more = "other " if shared else ""
            facts.append(format_count(others, f"{more}values"))
        return facts

    def _lost_zeros(self, name: str) -> Iterator[str]:
        """Digits alone, shorter than their like: where the code has a known width, or others begin with a zero."""
        value = identifier(name)
        width = _WIDTHS.get(name)
        if width is None:
            found = self.connection.execute(
                f"SELECT MODE(LENGTH({value})) FROM {self.rows} "
                f"WHERE LENGTH({value}) > 1 AND STARTS_WITH({value}, '0') AND REGEXP_FULL_MATCH({value}, '[0-9]+')"
            ).fetchall()[0][0]
            if found is None:
                return
            width = int(found)
        short = int(
            self._one(
                f"SELECT COUNT(*) FROM {self.rows} WHERE LENGTH({value}) < {width} "
                f"AND REGEXP_FULL_MATCH({value}, '[0-9]+') AND NOT STARTS_WITH({value}, '0')"
            )[0]
        )
        if short:
            yield f"{short:,} have fewer than {width} digits: lost leading zeros"

    def _unmatched(self, name: str) -> Iterator[str]:
        parent = parent_of(self.table)
        if parent is None or parent[1] != name or parent[0] not in self.tables:
            return
        parents, value = identifier(f"rows_of_{parent[0]}"), identifier(name)
        unmatched, padded = self._one(
            f"""WITH parents AS (SELECT DISTINCT {value} AS id, LTRIM({value}, '0') AS bare FROM {parents}),
            lost AS (SELECT {value} AS id FROM {self.rows} ANTI JOIN parents ON {value} = parents.id)
            SELECT COUNT(*), COUNT(*) FILTER (WHERE LTRIM(lost.id, '0') IN (SELECT bare FROM parents)) FROM lost"""
        )
        if unmatched:
            zeros = f", of which {padded:,} would with leading zeros" if padded else ""
            yield f"{unmatched:,} match no row of {parent[0]}{zeros}"

    def _out_of_list(self, name: str) -> Iterator[str]:
        if name not in _LISTS or (name == "encounter_type" and not self.is_canonical):
            return
        words, known = _LISTS[name]
        value = identifier(name)
        plain = f"LOWER({value})" if name == "encounter_type" else f"UPPER(REPLACE({value}, '.', ''))"
        rows = self.connection.execute(
            f"SELECT {value}, COUNT(*), {self.patients} FROM {self.rows} "
            f"WHERE {value} IS NOT NULL AND {plain} NOT IN ({known}) GROUP BY {value} ORDER BY COUNT(*) DESC, {value}"
        ).fetchall()
        if not rows:
            return
        named = [f"{str(text)[:40]!r} in {n:,}" for text, n, patients in rows if patients >= ROWS_TO_NAME]
        total = sum(n for _, n, _ in rows)
        shown = f" ({', '.join(named[:_VALUES_SHOWN])})" if named else ""
        yield f"{total:,} are not {words}{shown}"


def _measures_of(table: str, column: str, metrics: Mapping[str, Metric]) -> list[str]:
    """The measures that need a column, by what they declare and by the capability it feeds."""
    full = f"{table}.{column}"
    feeds = {table, full} if table != "encounters" else {full}
    if full in _CAPABILITY:
        feeds.add(_CAPABILITY[full])
    if full == "encounters.encounter_type":
        return ["every measure of stays"]
    return [name for name, metric in metrics.items() if feeds & set(metric.needs)]
