"""Measures intake, warehouse and metrics against plain scans and plain pandas, each in a process of its own.

Run from the root of the repository: python -m benchmarks.bench_build [--sizes 50000 500000 5000000].
Prints one table; ratios are within one run, so a slow machine slows both sides.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PANDAS_UP_TO = 600_000
"""Rows up to which the pandas version is run; beyond, its joins take many minutes."""


def generate(size: int, folder: Path) -> None:
    from benchmarks.generate import generate_landing

    generate_landing(size, folder / "landing")


def copy_csv(folder: Path, _: str) -> dict[str, object]:
    """DuckDB's own COPY of every CSV file to Parquet: the yardstick of intake."""
    import duckdb

    with duckdb.connect() as connection:
        for path in sorted((folder / "landing").glob("*.csv")):
            connection.execute(f"COPY (FROM '{path}') TO '{folder}/{path.stem}.parquet' (FORMAT parquet)")
    return {}


def intake(folder: Path, _: str) -> dict[str, object]:
    from kpi_pipeline.pipeline import read_landing

    result = read_landing(folder / "landing", folder / "hospital.duckdb")
    return {"rows": sum(file.rows_in for file in result.files)}


def scan(folder: Path, _: str) -> dict[str, object]:
    """One scan that reads every staged column once, grouped by facility and month where the table has them."""
    import duckdb

    with duckdb.connect() as connection:
        for path in sorted((folder / "hospital.store" / "staged").glob("*/*.parquet")):
            if ".quarantine" in path.name:
                continue
            names = [row[0] for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall()]
            keys = "facility_id, DATE_TRUNC('month', admitted_at)" if "admitted_at" in names else "1"
            read = ", ".join(f'MAX("{name}")' for name in names if name != "reasons")
            connection.execute(f"SELECT {keys}, {read} FROM '{path}' GROUP BY {keys}").fetchall()
    return {}


def build(folder: Path, memory: str) -> dict[str, object]:
    """Warehouse and all metrics from staged Parquet; staging itself is found done and not counted."""
    from kpi_pipeline.core.settings import Settings
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.pipeline import build_from_intake, read_landing

    warehouse = folder / "hospital.duckdb"
    settings = Settings(memory_limit=memory)
    result = read_landing(folder / "landing", warehouse, settings=settings)
    began, cpu = time.perf_counter(), time.process_time()
    build_from_intake(result, warehouse, settings=settings)
    spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    values = read_values(warehouse).values
    system = values[(values["facility_id"] == "all") & (values["month"] != "")]
    sums = system.groupby("metric")[["numerator", "denominator"]].sum()
    return {**spent, "figures": {name: list(row) for name, row in sums.iterrows()}}


def pandas_version(folder: Path, _: str) -> dict[str, object]:
    from benchmarks.pandas_version import pandas_figures

    return {
        "figures": {name: [float(one) for one in pair] for name, pair in pandas_figures(folder / "landing").items()}
    }


STEPS: dict[str, Callable[[Path, str], dict[str, object]]] = {
    "copy_csv": copy_csv,
    "intake": intake,
    "scan": scan,
    "build": build,
    "pandas_version": pandas_version,
}


def measure(step: str, folder: Path, option: str = "4GB") -> dict[str, object]:
    """Runs one step in a fresh process; seconds, processor seconds and peak memory in MB, and what it returned."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.bench_build",
        "--step",
        step,
        "--folder",
        str(folder),
        "--option",
        option,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_step(step: str, folder: Path, option: str) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    found = STEPS[step](folder, option)
    spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**spent, **found, "peak_mb": peak}))


def refuse_other_figures(ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> None:
    """Ends with an error when pandas has other figures: a comparison of different work says nothing."""
    for name, pair in theirs.items():
        for mine, other in zip(ours[name], pair, strict=True):
            if not math.isnan(other) and not math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-6):
                sys.exit(f"{name}: {mine} here, {other} in pandas")


def compare(size: int) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as scratch:
        folder = Path(scratch)
        generate(size, folder)
        copied, taken = measure("copy_csv", folder), measure("intake", folder)
        scanned, built = measure("scan", folder), measure("build", folder)
        narrow = measure("build", folder, "1GB")
        pandas_words = "–"
        if size <= PANDAS_UP_TO:
            pandas_run = measure("pandas_version", folder)
            refuse_other_figures(built["figures"], pandas_run["figures"])  # type: ignore[arg-type]
            whole = float(taken["seconds"]) + float(built["seconds"])  # type: ignore[arg-type]
            pandas_words = f"{float(pandas_run['seconds']):.1f} s, {float(pandas_run['seconds']) / whole:.1f}×"  # type: ignore[arg-type]

    def seconds(one: dict[str, object]) -> float:
        return float(one["seconds"])  # type: ignore[arg-type]

    return (
        f"| {size:,} | {seconds(taken):.1f} s | {seconds(taken) / seconds(copied):.1f}× | {seconds(built):.1f} s "
        f"| {seconds(built) / seconds(scanned):.0f}× | {float(taken['peak_mb']):,.0f} MB "  # type: ignore[arg-type]
        f"| {float(built['peak_mb']):,.0f} MB | {float(narrow['peak_mb']):,.0f} MB | {pandas_words} |"  # type: ignore[arg-type]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 500_000])
    parser.add_argument("--step", choices=sorted(STEPS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--option", default="4GB")
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.folder, arguments.option)
        return
    heads = ["encounters", "intake", "of COPY", "build and metrics", "of one scan", "memory: intake"]
    heads += ["build, 4 GB", "build, 1 GB", "pandas"]
    print(f"| {' | '.join(heads)} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in arguments.sizes:
        print(compare(size), flush=True)


if __name__ == "__main__":
    main()
