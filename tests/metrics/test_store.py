"""Stored values belong to one snapshot: they are read with it, written by rename, and removed when it is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import find_metric
from kpi_pipeline.metrics.compute import EXCLUSION_COLUMNS, VALUE_COLUMNS
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values, remove_older_values, values_folder, write_values
from kpi_pipeline.warehouse.connection import SCHEMA_VERSION, build_and_swap
from tests.support.cases import case, warehouse_of


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "kpi.duckdb"
    with build_and_swap(path, settings=Settings()) as connection:
        connection.execute(
            "CREATE TABLE build_info AS SELECT 'now' AS snapshot_id, ? AS schema_version", [SCHEMA_VERSION]
        )
    return path


def store(warehouse: Path, snapshot_id: str, n_cases: int) -> None:
    real = load_metrics()["discharges"]
    with warehouse_of([case()] * n_cases) as connection:
        connection.execute(
            "CREATE TABLE stays AS SELECT case_id AS stay_id, facility_id, unit_id, event_date AS discharged_on, "
            "false AS is_in_house FROM listed"
        )
        write_values(connection, values_folder(warehouse, snapshot_id), [real], settings=Settings())


def test_values_are_those_of_the_warehouses_own_snapshot(warehouse: Path) -> None:
    store(warehouse, "before", 1)
    store(warehouse, "now", 2)
    read = read_values(warehouse, ["discharges"])
    assert read.snapshot_id == "now"
    assert tuple(read.values.columns) == VALUE_COLUMNS
    assert tuple(read.exclusions.columns) == EXCLUSION_COLUMNS
    assert list(read.values["value"]) == [2.0, 2.0]


def test_values_of_another_snapshot_are_never_read_instead(warehouse: Path) -> None:
    store(warehouse, "before", 1)
    with pytest.raises(WarehouseError, match="has no values for discharges"):
        read_values(warehouse, ["discharges"])


def test_values_are_written_by_rename(warehouse: Path) -> None:
    store(warehouse, "now", 1)
    store(warehouse, "now", 3)
    assert not list(values_folder(warehouse, "now").glob(".*"))
    assert list(read_values(warehouse, ["discharges"]).values["value"]) == [3.0, 3.0]


def test_only_the_snapshots_that_are_kept_stay(warehouse: Path) -> None:
    for snapshot_id in ("older", "before", "now"):
        store(warehouse, snapshot_id, 1)
    remove_older_values(warehouse, keep=["before", "now"])
    assert sorted(path.name for path in values_folder(warehouse, "x").parent.iterdir()) == ["before", "now"]
    remove_older_values(warehouse.parent / "another.duckdb", keep=[])  # nothing there, nothing to do


def test_an_unknown_metric_names_those_most_like_it() -> None:
    with pytest.raises(InputError) as caught:
        find_metric("readmissions")
    assert str(caught.value) == (
        "metric: 'readmissions' is not a metric. Choose one of: readmission_7d, readmission_90d, readmission_30d. "
        "All are in docs/metrics.md, and in kpi values."
    )
