"""Which engine `kpi build` computes with: DuckDB on this machine, or Apache Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine


class EngineChoice(StrEnum):
    """The engines a build may ask for."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineName = Annotated[
    EngineChoice, typer.Option("--engine", help="What computes: duckdb, or spark where one machine is too small.")
]
SparkMaster = Annotated[
    str, typer.Option("--master", help="Spark's address, with --engine spark; default: this machine.")
]


@contextmanager
def chosen_engine(choice: EngineChoice, warehouse: Path, *, master: str, settings: Settings) -> Iterator[Engine]:
    """The engine for one build. A missing PySpark or Java is an InputError that says what to install."""
    if choice is EngineChoice.DUCKDB:
        yield DUCKDB
        return
    from kpi_pipeline.warehouse.engines.spark import spark_engine

    with spark_engine(warehouse, master=master, settings=settings) as engine:
        yield engine
