"""A small synthetic hospital, built once by Dagster's own job and shared by the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.orchestration.definitions import BUILD_JOB, build_defs
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.synthetic.hospital import generate_hospital


@dataclass(frozen=True)
class Built:
    """A hospital whose warehouse and metric values are there, and the run that made them."""

    hospital: Hospital
    run: dg.ExecuteInProcessResult

    @property
    def folder(self) -> Path:
        return self.hospital.landing_folder.parent


def execute(
    hospital: Hospital, job: str, *, months: str | tuple[str, str] | None = None, only: list[str] | None = None
) -> dg.ExecuteInProcessResult:
    """Runs a job in this process: for no month, one month, or a range in one run."""
    tags = {}
    if isinstance(months, tuple):
        tags = {"dagster/asset_partition_range_start": months[0], "dagster/asset_partition_range_end": months[1]}
    with dg.DagsterInstance.ephemeral() as instance:
        return (
            build_defs({"hospital": hospital})
            .resolve_job_def(job)
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                partition_key=months if isinstance(months, str) else None,
                tags=tags,
                asset_selection=[dg.AssetKey.from_user_string(name) for name in only] if only else None,
            )
        )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The shared hospital. Tests read it; one that changes files works on `copy_of` it."""
    folder = tmp_path_factory.mktemp("hospital")
    generate_hospital(folder / "landing", scale=0.02)
    hospital = hospital_in(folder)
    yield Built(hospital, execute(hospital, BUILD_JOB))
    shutil.rmtree(folder)


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Hospital:
    """A copy of the built hospital that a test may change."""
    shutil.copytree(built.folder, tmp_path / "copy")
    return hospital_in(tmp_path / "copy")


def hospital_in(folder: Path) -> Hospital:
    """The resource for a folder that holds landing files, warehouse and reports."""
    return Hospital(
        landing=str(folder / "landing"), warehouse=str(folder / "warehouse.duckdb"), reports=str(folder / "reports")
    )
