"""Builds each spec file's warehouses once and hands out what the metric says about every spec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import read_cases
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse
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


@pytest.fixture(scope="session")
def spec_result(tmp_path_factory: pytest.TempPathFactory) -> Callable[[SpecFile, SpecCase], SpecResult]:
    """Gives the result of a spec, building its file's warehouses on first use."""
    built: dict[tuple[str, int], SpecResult] = {}

    def result(file: SpecFile, case: SpecCase) -> SpecResult:
        if (file.metric, case.number) not in built:
            for options, cases in file.builds():
                if case in cases:
                    warehouse = _build(tmp_path_factory.mktemp(file.metric), options, cases)
                    built.update({(file.metric, each.number): _result_of(warehouse, each) for each in cases})
        return built[file.metric, case.number]

    return result


def _build(folder: Path, options: dict[str, object], cases: list[SpecCase]) -> Path:
    tables: dict[str, list[TextRow]] = {}
    for case in cases:
        for name, rows in case.prefixed_tables().items():
            tables.setdefault(name, []).extend(rows)
    landing = write_landing(folder / "landing", tables, options)
    warehouse = folder / "kpi.duckdb"
    build_warehouse(landing, warehouse, settings=SETTINGS)
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
