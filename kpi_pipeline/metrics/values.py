"""Where metric values live: one small Parquet file per metric, in a folder named after the snapshot they come from.

Values of another snapshot than the warehouse's cannot be read by mistake: the folder is found by the
warehouse's own snapshot id.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import CheckError, Fault, WarehouseError
from kpi_pipeline.core.files import make_private_folder, replace_file
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.balance import balance_faults
from kpi_pipeline.metrics.cases import find_metric
from kpi_pipeline.metrics.compute import EXCLUSION_COLUMNS, VALUE_COLUMNS, compute_values
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.warehouse.connection import open_warehouse, read_snapshot_id, store_folder
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine


@dataclass(frozen=True, slots=True)
class MetricValues:
    """Values and exclusion counts of some metrics, all from one snapshot. Columns: compute.VALUE_COLUMNS, …"""

    snapshot_id: str
    values: pd.DataFrame
    exclusions: pd.DataFrame


def values_folder(warehouse: Path, snapshot_id: str) -> Path:
    """Where the values of a snapshot lie."""
    return store_folder(warehouse) / "values" / snapshot_id


def values_file(folder: Path, metric: Metric) -> Path:
    """The file of a metric's values; a metric whose rules have changed since has none."""
    return folder / f"{metric.name}.{metric.fingerprint}.parquet"


def exclusions_file(folder: Path, metric: Metric) -> Path:
    """The file of a metric's exclusion counts."""
    return folder / f"{metric.name}.{metric.fingerprint}.exclusions.parquet"


def write_values(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    metrics: Iterable[Metric],
    *,
    settings: Settings,
    progress: Callable[[str], None] = lambda _: None,
    engine: Engine = DUCKDB,
) -> dict[str, pd.DataFrame]:
    """Computes some metrics and writes the two Parquet files of each by rename; returns the values by name."""
    make_private_folder(folder.parent)
    make_private_folder(folder)
    written, writing = {}, []
    # The disk takes its time over each file: meanwhile the next metric is computed.
    with ThreadPoolExecutor(max_workers=_WRITERS) as pool:
        for metric, values, exclusions in compute_values(connection, metrics, settings=settings, engine=engine):
            progress(metric.name)
            for path, frame in ((values_file(folder, metric), values), (exclusions_file(folder, metric), exclusions)):
                writing.append(pool.submit(_write_parquet, path, frame))
            written[metric.name] = values
        for one in writing:
            one.result()
    return written


def write_all_values(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    snapshot_id: str,
    *,
    settings: Settings,
    progress: Callable[[str], None] = lambda _: None,
    engine: Engine = DUCKDB,
) -> None:
    """Computes every metric on an open connection and writes the snapshot's folder of values.

    Raises CheckError when a stock is not what its flows make it.
    """
    metrics = load_metrics()
    folder = values_folder(warehouse, snapshot_id)
    values = write_values(connection, folder, metrics.values(), settings=settings, progress=progress, engine=engine)
    if faults := balance_faults(metrics, values):
        raise CheckError(faults)


def read_values(warehouse: Path, metrics: Iterable[str] | None = None) -> MetricValues:
    """The stored values of the warehouse's own snapshot; all metrics unless some are named.

    Raises WarehouseError when a metric has not been computed for this snapshot.
    """
    known = load_metrics()
    chosen = [find_metric(name, known) for name in metrics] if metrics is not None else list(known.values())
    with open_warehouse(warehouse) as connection:
        snapshot_id = read_snapshot_id(connection)
    folder = values_folder(warehouse, snapshot_id)
    missing = [metric.name for metric in chosen if not values_file(folder, metric).is_file()]
    if missing:
        raise WarehouseError(
            Fault(
                str(warehouse),
                f"has no values for {', '.join(missing)} as declared now.",
                "Run kpi build again.",
            )
        )
    try:
        values = _read([values_file(folder, metric) for metric in chosen])
        exclusions = _read([exclusions_file(folder, metric) for metric in chosen])
    except (pa.ArrowException, OSError) as error:
        what = "values beside it are damaged: they were cut short, or written over."
        raise WarehouseError(Fault(str(warehouse), what, "Run kpi build again.")) from error
    return MetricValues(
        snapshot_id,
        values.reindex(columns=list(VALUE_COLUMNS)),
        exclusions[list(EXCLUSION_COLUMNS)],
    )


def remove_older_values(warehouse: Path, *, keep: Iterable[str]) -> None:
    """Removes the values of snapshots that no warehouse file has any more."""
    kept = set(keep)
    folder = store_folder(warehouse) / "values"
    for snapshot in folder.iterdir() if folder.is_dir() else ():
        if snapshot.name not in kept:
            shutil.rmtree(snapshot)


_WRITERS = 4

_TYPES = dict.fromkeys(("version", "n_cases", "n_excluded", "n_immature"), pa.int64())
_TYPES |= dict.fromkeys(("numerator", "denominator", "value", "lower", "upper", "n_event_patients"), pa.float64())
_TYPES["is_incomplete"] = pa.bool_()
"""Of the columns that are no text."""


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    # By pyarrow, column by column: a COPY of DuckDB takes three times as long for a file this small, a whole frame
    # twice as long, and there are two a metric.
    fields = [(str(name), _TYPES.get(str(name), pa.string())) for name in frame.columns]
    columns = [pa.array(frame[name].to_numpy(), type=kind, from_pandas=True) for name, kind in fields]
    building = path.with_name(f".{path.name}.building")
    pq.write_table(pa.Table.from_arrays(columns, schema=pa.schema(fields)), building)
    replace_file(building, path)


def _read(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of all files, in their order; a column that some lack is missing in their rows."""
    # By pyarrow, which opens some two hundred small files in a quarter of the time that as many queries take.
    tables = [pq.ParquetFile(path).read(use_threads=False) for path in paths]
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="default").to_pandas(use_threads=False)
    return frame
