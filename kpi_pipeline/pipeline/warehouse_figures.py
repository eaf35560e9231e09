"""What a month's report takes from the warehouse. Not here: what is on record beside it, judging (`report`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import Fault, WarehouseError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement.benchmarks import Benchmarks, read_benchmarks
from kpi_pipeline.improvement.budget import Budget, read_budget
from kpi_pipeline.improvement.denials import Denials, read_denials
from kpi_pipeline.improvement.drivers.collect import Drivers, read_drivers
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.gaps import MetricGaps, read_gaps
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.facts import BuildFacts, read_build_facts


@dataclass(frozen=True, slots=True)
class WarehouseFigures:
    """What a month's report on a facility (or all) takes from one snapshot, for every audience alike."""

    values: pd.DataFrame
    exclusions: pd.DataFrame
    facts: BuildFacts
    drivers: Drivers
    denials: Denials | None
    budget: Budget | None
    gaps: tuple[MetricGaps, ...]
    benchmarks: Benchmarks | None


def read_warehouse_figures(
    warehouse: Path, month: Month, *, facility: str | None = None, settings: Settings = Settings()
) -> WarehouseFigures:
    """Everything a month's report takes from the warehouse; WarehouseError where it is rebuilt meanwhile."""
    metrics = load_metrics()
    read = read_values(warehouse)

    @contextmanager
    def opened() -> Iterator[duckdb.DuckDBPyConnection]:
        """The same snapshot anew: what one part took of memory is given back before the next."""
        with open_warehouse(warehouse, threads=settings.threads) as connection:
            if read_build_facts(connection).snapshot_id != read.snapshot_id:
                raise was_rebuilt(warehouse)
            yield connection

    with opened() as connection:
        facts = read_build_facts(connection)
        drivers = read_drivers(connection, month, metrics=metrics, settings=settings, facility_id=facility)
    with opened() as connection:
        denials = read_denials(connection, month, metrics=metrics, values=read.values, facility=facility)
        budget = read_budget(connection, month, year_starts_in=settings.year_starts_in, facility=facility)
    names = settings.report.headline_metrics
    with opened() as connection:
        gaps = read_gaps(
            connection,
            month,
            metrics=metrics,
            names=names,
            values=read.values,
            settings=settings,
            facility=facility,
        )
    with opened() as connection:
        benchmarks = read_benchmarks(
            connection, month, metrics=metrics, values=read.values, settings=settings, facility=facility
        )
    return WarehouseFigures(read.values, read.exclusions, facts, drivers, denials, budget, gaps, benchmarks)


def was_rebuilt(warehouse: Path) -> WarehouseError:
    """The error of a report whose warehouse was exchanged while it was made."""
    return WarehouseError(Fault(str(warehouse), "was rebuilt while the report was made.", "Run the report again."))
