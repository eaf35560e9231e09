"""`kpi build --engine spark` without PySpark or Java says what to install, and builds nothing."""

from __future__ import annotations

import subprocess
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


@pytest.mark.parametrize("master", ["abc", "local[]", "spark://head", "http://head:7077", "spark://head:7077 --conf x"])
def test_what_is_no_address_of_spark_is_told_before_anything_starts(tmp_path: Path, master: str) -> None:
    with (
        pytest.raises(InputError, match="is no address of Spark"),
        chosen_engine(EngineChoice.SPARK, tmp_path / "w.duckdb", master=master, settings=Settings()),
    ):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.spark
def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "kpi_pipeline.cli.main", "build", "--landing", "no", "--warehouse", "w.duckdb"]
    run = subprocess.run(
        [*asked, "--engine", "spark", "--master", "spark://127.0.0.1:9"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == InputError.exit_code
    assert "Error: --master spark://127.0.0.1:9: Spark did not start there." in run.stderr


def test_an_unknown_engine_is_wrong_usage(tmp_path: Path) -> None:
    asked = ["build", "--landing", str(tmp_path), "--warehouse", str(tmp_path / "w.duckdb"), "--engine", "abacus"]
    assert CliRunner().invoke(app, asked).exit_code == 2
