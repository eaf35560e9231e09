"""Builds each spec file's warehouses once and hands out what the metric says about every spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import case_faults, find_metric, read_cases
from kpi_pipeline.metrics.values import read_values, values_folder, write_values
from kpi_pipeline.pipeline.build import read_landing
from kpi_pipeline.reference.store import SHIPPED_FOLDER
from kpi_pipeline.warehouse.build import build_tables
from kpi_pipeline.warehouse.connection import build_and_swap, open_warehouse
from tests.support.landing import write_landing
from tests.support.spec import SpecCase, SpecFile, TextRow

SETTINGS = Settings(min_denominator=1, min_cost_cases=1, quarantine_limit_pct=100)
"""Specs are tiny on purpose: one case is enough for a value, and one bad row of three stops nothing."""


@dataclass(frozen=True)
class SpecResult:
    """What the pipeline says about one spec, its prefix taken off."""

    cases: pd.DataFrame
    values: pd.DataFrame
    quarantined: pd.DataFrame


@pytest.fixture
def spec_results(tmp_path: Path) -> Callable[[SpecFile], Mapping[int, SpecResult]]:
    """Builds the warehouses of a spec file and gives the result of each of its cases, by number."""

    def results(file: SpecFile) -> Mapping[int, SpecResult]:
        found: dict[int, SpecResult] = {}
        for number, (options, cases) in enumerate(file.builds()):
            warehouse = _build(tmp_path / str(number), options, cases)
            found |= {case.number: _result_of(warehouse, case) for case in cases}
        return found

    return results


def _build(folder: Path, options: dict[str, object], cases: list[SpecCase]) -> Path:
    tables: dict[str, list[TextRow]] = {}
    for case in cases:
        for name, rows in case.prefixed_tables().items():
            tables.setdefault(name, []).extend(rows)
    landing = write_landing(folder / "landing", tables, options)
    warehouse = folder / "kpi.duckdb"
    # As `build_from_intake`, but for the one metric the file is about.
    intake = read_landing(landing, warehouse, settings=SETTINGS)
    with build_and_swap(warehouse, settings=SETTINGS, reads=[SHIPPED_FOLDER]) as connection:
        snapshot_id = build_tables(
            connection, intake, reference=None, settings=SETTINGS, built_at="2026-11-06T08:00:00+00:00"
        )
        metric = find_metric(cases[0].metric)
        faults = case_faults(connection, metric)
        assert not faults, faults
        write_values(connection, values_folder(warehouse, snapshot_id), metric, settings=SETTINGS)
    return warehouse


def _result_of(warehouse: Path, case: SpecCase) -> SpecResult:
    cases = read_cases(warehouse, case.metric)
    values = read_values(warehouse, [case.metric]).values
    with open_warehouse(warehouse) as connection:
        quarantined = _quarantined(connection)
    return SpecResult(
        cases=_without_prefix(cases[cases["facility_id"].str.startswith(case.prefix)], case.prefix),
        values=_without_prefix(values[values["facility_id"].str.startswith(case.prefix)], case.prefix),
        quarantined=_without_prefix(
            quarantined[quarantined["encounter_id"].fillna("").str.startswith(case.prefix)], case.prefix
        ),
    )


def _quarantined(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return connection.execute(
        """
        SELECT JSON_EXTRACT_STRING(original_row, '$.encounter_id') AS encounter_id, UNNEST(reasons) AS reason
        FROM quarantine
        """
    ).df()


def _without_prefix(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    return frame.map(lambda value: value.replace(prefix, "") if isinstance(value, str) else value)
