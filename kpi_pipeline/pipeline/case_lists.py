"""Lists the cases of all measures on one core while the other looks for what a build must warn of."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect_again
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.sums.summing import case_faults
from kpi_pipeline.warehouse.engines.engine import Engine

_ENCOUNTERS_A_GIGABYTE = 250_000
"""Of so many encounters two statements have room at once; of more, one keeps all cores busy by itself."""
_GIGABYTES = {"MB": 0.001, "GB": 1.0}


class CaseLists:
    """What is wrong with the cases of measures. From `start` on they are listed beside whatever else is done."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        metrics: Sequence[Metric],
        *,
        settings: Settings,
        engine: Engine,
    ):
        self._connection = connection
        self._metrics = metrics
        self._memory = settings.memory_limit
        self._engine = engine
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._beside: duckdb.DuckDBPyConnection | None = None
        self._found: Future[list[Fault]] | None = None

    def start(self) -> None:
        """Begins to list where there is room for it. All tables a measure reads must be there, and stay as they are."""
        if self._engine.holds_lists and self._has_room():
            self._beside = connect_again(self._connection)
            self._found = self._pool.submit(case_faults, self._beside, self._metrics, self._engine)

    def faults(self) -> list[Fault]:
        """The faults, once all cases are listed; their sums are then there for `compute_values`."""
        if self._found is None:
            return case_faults(self._connection, self._metrics, self._engine)
        return self._found.result()

    def close(self) -> None:
        """Breaks off what is still being listed."""
        while self._found is not None and self._beside is not None and not self._found.done():
            self._beside.interrupt()  # once more, should it have come between two statements
            wait([self._found], timeout=0.1)
        self._pool.shutdown()
        if self._beside is not None:
            self._beside.close()

    def _has_room(self) -> bool:
        rows = self._connection.execute("SELECT COUNT(*) FROM encounters").fetchall()[0][0]
        gigabytes = float(self._memory[:-2]) * _GIGABYTES[self._memory[-2:]]
        return bool(rows <= gigabytes * _ENCOUNTERS_A_GIGABYTE)
