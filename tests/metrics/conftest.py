"""Builds each proof's warehouses once and hands out what the metric says about every case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kpi_pipeline.metrics.proof import SpecFile, SpecResult
from kpi_pipeline.pipeline.checking.prove import build_results

__all__ = ["SpecResult", "spec_results"]


@pytest.fixture
def spec_results(tmp_path: Path) -> Callable[[SpecFile], Mapping[int, SpecResult]]:
    """Builds the warehouses of a proof and gives the result of each of its cases, by number."""
    return lambda file: build_results(file, tmp_path)
