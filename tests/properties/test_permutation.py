"""The order of rows, and how they are spread over files and under what names, changes no case and no value."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pandas as pd
import pytest

from kpi_pipeline.metrics.cases import read_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from tests.support.hospitals import Hospital, many_hospitals
from tests.support.landing import columns_of, write_landing, write_rows
from tests.support.pipeline import SETTINGS, build_hospital

SEED = 20260403


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return many_hospitals(SEED, count=60)


@pytest.fixture(scope="module")
def answers(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return all_answers(build_hospital(tmp_path_factory.mktemp("as_written"), hospital))


@pytest.mark.parametrize("n_files", [1, 3])
def test_order_and_files_do_not_matter(
    n_files: int, hospital: Hospital, answers: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    random = Random(SEED + n_files)
    landing = write_landing(tmp_path / "landing", {}, hospital.landing_options())
    for table, rows in hospital.tables().items():
        shuffled = list(rows)
        random.shuffle(shuffled)
        columns = columns_of(table, rows)
        random.shuffle(columns)
        for number in range(n_files):
            name = f"{table}-{random.randrange(10**6):06d}.csv"
            write_rows(landing / name, shuffled[number::n_files], columns=columns)
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(landing, warehouse, settings=SETTINGS)
    for name, found in all_answers(warehouse).items():
        assert len(found) > 0, name
        pd.testing.assert_frame_equal(found, answers[name], obj=name)


def test_building_again_changes_nothing(hospital: Hospital, answers: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    build_hospital(tmp_path, hospital)
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(tmp_path / "landing", warehouse, settings=SETTINGS)
    for name, found in all_answers(warehouse).items():
        pd.testing.assert_frame_equal(found, answers[name], obj=name)


def all_answers(warehouse: Path) -> dict[str, pd.DataFrame]:
    """Every metric's cases and values in one fixed order."""
    frames = {metric: read_cases(warehouse, metric) for metric in load_metrics()} | {
        "values": read_values(warehouse).values
    }
    return {
        name: frame.sort_values(
            ["case_id"] if name != "values" else ["metric", "facility_id", "month"], ignore_index=True
        )
        for name, frame in frames.items()
    }
