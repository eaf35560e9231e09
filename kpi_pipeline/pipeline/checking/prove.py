"""Runs a metric's proof: builds its tiny tables as any landing folder is built, and compares with what it promises."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import CheckError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.yaml_files import render_yaml
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.cases import find_metric, read_cases
from kpi_pipeline.metrics.proof import SpecCase, SpecFile, SpecResult, TextRow, case_differences
from kpi_pipeline.metrics.sums.summing import case_faults
from kpi_pipeline.metrics.values import read_values, values_folder, write_values
from kpi_pipeline.pipeline.build import read_landing
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.reference.store import SHIPPED_FOLDER
from kpi_pipeline.report.words.reasons import reason_words
from kpi_pipeline.warehouse.build import build_tables
from kpi_pipeline.warehouse.connection import build_and_swap, open_warehouse

_SETTINGS = Settings(min_denominator=1, min_cost_cases=1, quarantine_limit_pct=100)
"""Proofs are tiny on purpose: one case is enough for a value, and one bad row of three stops nothing."""
_BUILT_AT = "2026-11-06T08:00:00+00:00"


def prove_metric(file: SpecFile, scratch: Path) -> list[Fault]:
    """What the metric does otherwise than its proof says; none when it does as promised."""
    results = build_results(file, scratch)
    return [
        Fault(f"{shown_path(file.path)}: {case.name}", f"{difference}.")
        for case in file.cases
        for difference in case_differences(case, results[case.number])
    ]


def build_results(file: SpecFile, scratch: Path) -> dict[int, SpecResult]:
    """Builds the warehouses of a proof in the scratch folder and gives the result of each of its cases, by number.

    Raises CheckError when the metric's cases are unsound.
    """
    found: dict[int, SpecResult] = {}
    for number, (options, cases) in enumerate(file.builds()):
        warehouse = _build(scratch / str(number), options, cases, file.risk_model)
        found |= {case.number: _result_of(warehouse, case) for case in cases}
    return found


def _build(folder: Path, options: Mapping[str, Any], cases: list[SpecCase], risk_model: Path | None) -> Path:
    tables: dict[str, list[TextRow]] = {}
    for case in cases:
        for name, rows in case.prefixed_tables().items():
            tables.setdefault(name, []).extend(rows)
    landing, warehouse = folder / "landing", folder / "kpi.duckdb"
    _write_landing(landing, tables, options)
    # As `build_from_intake`, but for the one metric the proof is about.
    intake = read_landing(landing, warehouse, settings=_SETTINGS)
    reference = folder / "reference" if risk_model is not None else None
    if risk_model is not None and reference is not None:
        import_reference("risk-model", risk_model, reference, imported_at=datetime.fromisoformat(_BUILT_AT))
    reads = [SHIPPED_FOLDER, *([reference] if reference is not None else [])]
    with build_and_swap(warehouse, settings=_SETTINGS, reads=reads) as connection:
        snapshot_id = build_tables(connection, intake, reference=reference, settings=_SETTINGS, built_at=_BUILT_AT)
        metric = find_metric(cases[0].metric)
        faults = case_faults(connection, [metric])
        if faults:
            raise CheckError(faults)
        write_values(connection, values_folder(warehouse, snapshot_id), [metric], settings=_SETTINGS)
    return warehouse


def _write_landing(folder: Path, tables: Mapping[str, Sequence[TextRow]], options: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True)
    contracts = load_contracts()
    for table, rows in tables.items():
        required = contracts[table].required_columns if contracts[table].required else ()
        columns = list(dict.fromkeys([*required, *(column for row in rows for column in row)]))
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([row.get(column) or "" for column in columns] for row in rows)
    (folder / "landing.yaml").write_text(render_yaml(dict(options)), encoding="utf-8")


def _result_of(warehouse: Path, case: SpecCase) -> SpecResult:
    cases = read_cases(warehouse, case.metric)
    values = read_values(warehouse, [case.metric]).values
    values["status_reason"] = values["status_reason"].map(reason_words)  # a specification is written in words
    with open_warehouse(warehouse) as connection:
        refused = _refused(connection)
    return SpecResult(
        cases=_without_prefix(cases[cases["facility_id"].str.startswith(case.prefix)], case.prefix),
        values=_without_prefix(values[values["facility_id"].str.startswith(case.prefix)], case.prefix),
        quarantined=_without_prefix(
            refused[refused["encounter_id"].fillna("").str.startswith(case.prefix)], case.prefix
        ),
    )


def _refused(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return connection.execute(
        """
        SELECT JSON_EXTRACT_STRING(original_row, '$.encounter_id') AS encounter_id, UNNEST(reasons) AS reason
        FROM quarantine
        """
    ).df()


def _without_prefix(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    return frame.map(lambda value: value.replace(prefix, "") if isinstance(value, str) else value)
