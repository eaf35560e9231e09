"""`kpi build --engine spark` without PySpark or Java says what to install, and builds nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpi_pipeline.cli.engine import EngineChoice, chosen_engine
from kpi_pipeline.cli.main import app
from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.warehouse.engines.engine import DUCKDB


def test_duckdb_is_the_engine_unless_another_is_asked_for(tmp_path: Path) -> None:
    with chosen_engine(EngineChoice.DUCKDB, tmp_path / "w.duckdb", master="", settings=Settings()) as engine:
        assert engine is DUCKDB


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("pyspark", '--engine spark: PySpark is not installed. Run: pip install "kpi-pipeline[spark]".'),
        ("java", "--engine spark: no Java was found"),
    ],
)
def test_what_is_missing_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None if missing == "pyspark" else sys)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nothing"))
    with (
        pytest.raises(InputError) as caught,
        chosen_engine(EngineChoice.SPARK, tmp_path / "w.duckdb", master="local[1]", settings=Settings()),
    ):
        pass
    assert str(caught.value).startswith(said)
    assert not list(tmp_path.iterdir())


def test_an_unknown_engine_is_wrong_usage(tmp_path: Path) -> None:
    asked = ["build", "--landing", str(tmp_path), "--warehouse", str(tmp_path / "w.duckdb"), "--engine", "abacus"]
    assert CliRunner().invoke(app, asked).exit_code == 2
