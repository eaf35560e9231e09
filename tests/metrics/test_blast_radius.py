"""What the faults in the data can hide: the figures of the same hospital without faults lie inside the bounds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.blast_radius import RADIUS_COLUMNS, TOGETHER, blast_radius, worst_first
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.synthetic import generate_hospital
from kpi_pipeline.warehouse.connection import open_warehouse

METRICS = load_metrics()
FIRST, LAST = Month(2026, 1), Month(2026, 8)


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same hospital twice: with damaged rows and without."""
    folder, found = tmp_path_factory.mktemp("faults"), {}
    for name in ("faulty", "clean"):
        landing = folder / name / "landing"
        landing.parent.mkdir()
        generate_hospital(landing, seed=5, months=12, last_month=Month(2026, 10), scale=0.05, faults=name == "faulty")
        found[name] = folder / name / "hospital.duckdb"
        build_warehouse(landing, found[name])
    return found


@pytest.fixture(scope="module")
def radius(warehouses: dict[str, Path]) -> pd.DataFrame:
    stored = read_values(warehouses["faulty"])
    with open_warehouse(warehouses["faulty"]) as connection:
        return blast_radius(connection, METRICS, stored.values, stored.exclusions, months=(FIRST, LAST))


def pooled(warehouse: Path, name: str) -> float:
    values = read_values(warehouse, [name]).values
    kept = values[(values["facility_id"] == "all") & values["month"].between(str(FIRST), str(LAST))]
    return float(METRICS[name].scale * kept["numerator"].sum() / kept["denominator"].sum())


def test_the_figures_without_faults_lie_inside_the_bounds(warehouses: dict[str, Path], radius: pd.DataFrame) -> None:
    together = radius[(radius["fault"] == TOGETHER) & radius["lowest"].notna()].set_index("metric")
    moved = 0
    for name, row in together.iterrows():
        clean = pooled(warehouses["clean"], str(name))
        assert row["value"] == pytest.approx(pooled(warehouses["faulty"], str(name)))
        assert row["lowest"] - 1e-9 <= clean <= row["highest"] + 1e-9, name
        moved += abs(clean - row["value"]) > 1e-9
    assert len(together) > 15
    assert moved > 5


def test_every_kind_of_fault_that_hides_a_stay_is_ranked(radius: pd.DataFrame) -> None:
    assert tuple(radius.columns) == RADIUS_COLUMNS
    found = set(radius.loc[radius["metric"] == "readmission_30d", "fault"])
    assert {"missing_person_id", "discharge_before_admit", "missing_disposition", "missing_principal_dx"} <= found
    assert radius["hidden_pct"].is_monotonic_decreasing
    assert radius["hidden_pct"].between(0, 100).all()


def test_a_fault_stands_once_with_the_measure_it_moves_most(radius: pd.DataFrame) -> None:
    first = worst_first(radius)
    assert not first.duplicated(["fault", "where"]).any()
    assert TOGETHER not in set(first["fault"])
    row = first[first["fault"] == "missing_disposition"].iloc[0]
    same = radius[radius["fault"] == "missing_disposition"]
    assert row["hidden_pct"] == same["hidden_pct"].max()
    assert row["measures"] == same["metric"].nunique() > 3


def test_refused_rows_outside_the_months_are_not_counted(warehouses: dict[str, Path], radius: pd.DataFrame) -> None:
    stored = read_values(warehouses["faulty"])
    with open_warehouse(warehouses["faulty"]) as connection:
        one_month = blast_radius(connection, METRICS, stored.values, stored.exclusions, months=(LAST, LAST))
    refused = [frame[frame["where"] == "encounters refused"] for frame in (one_month, radius)]
    few, many = (frame.drop_duplicates(["fault", "rows"])["rows"].sum() for frame in refused)
    assert 0 < few < many


def test_the_command_ranks_the_faults(warehouses: dict[str, Path]) -> None:
    command = ["faults", "--warehouse", str(warehouses["faulty"]), "--months", "8", "--format", "csv"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == ",".join(RADIUS_COLUMNS)
    assert "missing_person_id,encounters refused" in result.output
