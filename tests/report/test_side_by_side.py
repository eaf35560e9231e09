"""Many months' reports drawn side by side are those drawn one by one, and an error of a worker comes back whole."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.pipeline import reports
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.report import write_report
from tests.support.terminal import land_site


def test_two_processes_write_the_same_bytes_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_FEWEST_SIDE_BY_SIDE", 2)
    landing = land_site(tmp_path)
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(landing, warehouse)
    months = [Month(2026, 9), Month(2026, 10)]
    done = list(reports.write_reports(warehouse, months, tmp_path / "side", workers=2))
    assert [month for month, _ in done] == months
    for month, written in done:
        alone = write_report(warehouse, month, tmp_path / "alone")
        assert written.pdf.read_bytes() == alone.pdf.read_bytes()
        assert written.model.read_bytes() == alone.model.read_bytes()


def test_an_error_of_a_worker_comes_back_whole() -> None:
    error = InputError([Fault("month", "there are no figures.", "Choose another."), Fault("facility", "is unknown.")])
    back = copy.copy(error)  # by __reduce__, as between processes
    assert isinstance(back, InputError)
    assert back.faults == error.faults
    assert str(back) == str(error)
