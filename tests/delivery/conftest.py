"""A small hospital that was built once; a desk whose reports are a few bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.delivery.points import forget_listeners
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.support.delivery import AUDIENCES, StubDesk


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    yield
    forget_listeners()


@pytest.fixture(scope="session")
def built_hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("delivery")
    generate_hospital(folder / "landing", scale=0.02)
    build_warehouse(folder / "landing", folder / "hospital.duckdb")
    (folder / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def hospital(built_hospital: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(built_hospital, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def desk(tmp_path: Path, state_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubDesk]:
    stub = StubDesk(tmp_path, state_url, monkeypatch)
    yield stub
    stub.close()
