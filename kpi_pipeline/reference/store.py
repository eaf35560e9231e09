"""Loads the reference tables into a DuckDB connection: what is shipped, overlaid by what was imported.

An imported file replaces the shipped file of the same name: another fiscal year is added, the same year
replaced. Value sets are replaced list by list, a list being one value set in one code system, from the
date the new list takes effect: so ICD-level lists add to category lists, and old discharges keep old lists.
Not here: checking foreign files (`importer.py`), or any rule of a measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.sql_text import file_literal, parquet_file
from kpi_pipeline.reference.provenance import PROVENANCE_FILE, ReferenceTable, read_provenance

SHIPPED_FOLDER = Path(__file__).resolve().parent / "data"

TABLE_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "reference_ccs_diagnosis": {"code_system": "VARCHAR", "code": "VARCHAR", "ccs": "VARCHAR"},
    "reference_ccs_procedure": {"code_system": "VARCHAR", "code": "VARCHAR", "ccs": "VARCHAR"},
    "reference_ms_drg": {
        "fiscal_year": "INTEGER",
        "ms_drg": "VARCHAR",
        "title": "VARCHAR",
        "mdc": "VARCHAR",
        "type": "VARCHAR",
        "weight": "DOUBLE",
        "gmlos": "DOUBLE",
        "amlos": "DOUBLE",
    },
    "reference_value_sets": {
        "value_set": "VARCHAR",
        "code_system": "VARCHAR",
        "code": "VARCHAR",
        "effective_from": "DATE",
        "effective_to": "DATE",
    },
    "reference_dispositions": {"code": "VARCHAR", "title": "VARCHAR"},
    "reference_elixhauser": {"code": "VARCHAR", "comorbidity": "VARCHAR", "poa_required": "BOOLEAN"},
    "reference_risk_terms": {
        "model": "VARCHAR",
        "metric_version": "INTEGER",
        "link": "VARCHAR",
        "factor": "VARCHAR",
        "level": "VARCHAR",
        "coefficient": "DOUBLE",
    },
    "reference_benchmarks_hrrp": {
        "fiscal_year": "INTEGER",
        "cms_certification_number": "VARCHAR",
        "hospital_name": "VARCHAR",
        "state": "VARCHAR",
        "measure": "VARCHAR",
        "n_discharges": "INTEGER",
        "n_readmissions": "INTEGER",
        "n_readmissions_text": "VARCHAR",
        "excess_readmission_ratio": "DOUBLE",
        "predicted_readmission_pct": "DOUBLE",
        "expected_readmission_pct": "DOUBLE",
        "footnote": "VARCHAR",
        "starts_on": "DATE",
        "ends_on": "DATE",
    },
}
"""The columns of each table, as the files hold them and as the warehouse sees them."""

# Fiscal years a discharge may fall in; wide, because de-identified data are often shifted by a century.
_FIRST_FISCAL_YEAR, _LAST_FISCAL_YEAR = 1980, 2300

_FISCAL_YEARS_SQL = f"""
CREATE OR REPLACE TABLE reference_fiscal_years AS
WITH loaded_years AS (
    SELECT DISTINCT fiscal_year FROM reference_ms_drg
)
SELECT
    CAST(asked.fiscal_year AS INTEGER) AS fiscal_year,
    loaded_years.fiscal_year AS table_fiscal_year,
    asked.fiscal_year = loaded_years.fiscal_year AS is_own_table
FROM range({_FIRST_FISCAL_YEAR}, {_LAST_FISCAL_YEAR + 1}) AS asked (fiscal_year)
CROSS JOIN loaded_years
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY asked.fiscal_year
    ORDER BY ABS(asked.fiscal_year - loaded_years.fiscal_year), loaded_years.fiscal_year DESC
) = 1
ORDER BY fiscal_year
"""

# {sources}: one SELECT per file with its layer, 0 shipped, 1 imported. On the same date the import wins;
# a list holds until the day before the next list of its name and code system.
_VALUE_SETS_SQL = """
CREATE OR REPLACE TABLE reference_value_sets AS
WITH listed_codes AS (
    {sources}
),
lists AS (
    SELECT value_set, code_system, effective_from, MAX(layer) AS layer
    FROM listed_codes
    GROUP BY value_set, code_system, effective_from
),
dated_lists AS (
    SELECT
        *,
        LEAD(effective_from) OVER (PARTITION BY value_set, code_system ORDER BY effective_from) AS next_from
    FROM lists
)
SELECT DISTINCT
    listed_codes.value_set,
    listed_codes.code_system,
    listed_codes.code,
    listed_codes.effective_from,
    CAST(LEAST(listed_codes.effective_to, dated_lists.next_from - INTERVAL 1 DAY) AS DATE) AS effective_to
FROM listed_codes
INNER JOIN dated_lists USING (value_set, code_system, effective_from, layer)
ORDER BY 1, 2, 3, 4
"""


def load_reference(connection: DuckDBPyConnection, folder: Path | None) -> list[ReferenceTable]:
    """Creates the reference tables in the connection's main schema; returns the files they came from.

    folder: where `kpi reference import` put its files, or None for what is shipped alone. Every table
    of TABLE_COLUMNS exists afterwards, empty when nothing fills it, with `reference_fiscal_years` (the
    MS-DRG table to use for each fiscal year: its own or the nearest, the later of two equally near)
    and `reference_tables` (the files used).
    """
    shipped = {table.name: table for table in read_provenance(SHIPPED_FOLDER)}
    imported = {table.name: table for table in read_imported(folder)} if folder is not None else {}
    used = sorted((shipped | imported).values(), key=lambda table: (table.table, table.name))
    paths = {name: SHIPPED_FOLDER / table.file for name, table in shipped.items()}
    if folder is not None:
        paths |= {name: folder / table.file for name, table in imported.items()}
    for table, columns in TABLE_COLUMNS.items():
        if table == "reference_value_sets":
            continue
        files = [paths[file.name] for file in used if file.table == table]
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS {_rows_of(files, columns)}")
    sources = [
        f"SELECT *, {int(file.name in imported)} AS layer FROM ({_rows_of([paths[file.name]], _VALUE_SET_COLUMNS)})"
        for file in used
        if file.table == "reference_value_sets"
    ]
    connection.execute(_VALUE_SETS_SQL.format(sources=" UNION ALL ".join(sources)))
    connection.execute(_FISCAL_YEARS_SQL)
    _create_reference_tables(connection, used)
    return used


def read_imported(folder: Path) -> list[ReferenceTable]:
    """The records of an import folder; an empty folder has none, a folder of other files is an error."""
    if not folder.is_dir():
        raise InputError(Fault(str(folder), "there is no such reference folder.", "Check the path, or leave it out."))
    if not (folder / PROVENANCE_FILE).is_file():
        strangers = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        if strangers:
            raise InputError(
                Fault(
                    str(folder),
                    f"holds files but no {PROVENANCE_FILE}: {', '.join(strangers[:3])}.",
                    "Use a folder of its own, filled by `kpi reference import KIND PATH`.",
                )
            )
        return []
    return read_provenance(folder)


def default_reference_folder(warehouse: Path) -> Path | None:
    """The folder `reference` beside the warehouse file, when there is one."""
    folder = warehouse.parent / "reference"
    return folder if folder.is_dir() else None


_VALUE_SET_COLUMNS = TABLE_COLUMNS["reference_value_sets"]


def _rows_of(files: Sequence[Path], columns: Mapping[str, str]) -> str:
    """A SELECT of the columns from Parquet and CSV files; no row when there is no file."""
    selects = [
        f"SELECT {', '.join(f'CAST({name} AS {kind}) AS {name}' for name, kind in columns.items())} FROM {_scan(path)}"
        for path in files
    ]
    if not selects:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
        return f"SELECT {nothing} WHERE FALSE"
    return " UNION ALL ".join(selects)


def _scan(path: Path) -> str:
    if path.suffix == ".parquet":
        return parquet_file(path)
    # Without all_varchar the reader would take codes for numbers and lose their leading zeros.
    return (
        f"read_csv({file_literal(path)}, hive_partitioning = false, header = true, all_varchar = true, delim = ',', "
        "quote = '\"')"
    )


def _create_reference_tables(connection: DuckDBPyConnection, used: Sequence[ReferenceTable]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE reference_tables (name VARCHAR, title VARCHAR, version VARCHAR, "
        "effective_from DATE, effective_to DATE, rows BIGINT, source VARCHAR, sha256 VARCHAR)"
    )
    values: list[Any] = []
    for table in used:
        values += [table.name, table.title, table.version, table.effective_from, table.effective_to]
        values += [table.rows, table.source, table.sha256]
    marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(used))
    connection.execute(f"INSERT INTO reference_tables VALUES {marks}", values)
