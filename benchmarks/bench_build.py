"""How long intake, warehouse and measures take, and how much memory, against plain yardsticks. Prints a Markdown table.

Yardsticks: DuckDB's own COPY of the same CSV files to Parquet, one scan that reads every staged column once, a bare
copy of the staged tables into a DuckDB file, and the same measures written plainly in pandas, whose figures must
agree with ours. Every step runs in a process of its own. Processor seconds are the measure; elapsed seconds
depend on what else the machine does.

Run from the root of the repository: python -m benchmarks.bench_build [--sizes 50000 500000 5000000] [--work DIR]
[--repeat 3].
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.generate import generate_landing
from kpi_pipeline.core.settings import Settings

SIZES = (50_000, 500_000)
LARGEST_FOR_PANDAS = 500_000
THREADS = 2
MEMORY = {"build": "4GB", "build_1gb": "1GB"}
CLOCK = datetime(2026, 11, 7, tzinfo=UTC)
AGREEMENT = 1e-9
"""Largest relative difference between our sums and those of pandas: both round, in another order."""

INTAKE_AIM, BUILD_AIM = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one step took. memory_mb is the most the whole process held, Python and libraries included."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


def main() -> None:
    """Measures every size and prints the table; a figure that differs from pandas is an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="encounters")
    parser.add_argument("--work", type=Path, help="folder for data that stays, so that a second run need not make it")
    parser.add_argument("--repeat", type=int, default=1, help="the least of so many runs counts")
    parser.add_argument("--step", nargs=3, metavar=("STEP", "FOLDER", "RESULT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, folder, result = given.step
        write_step(STEPS[step], Path(folder), Path(result))
        return
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as scratch:
        work = given.work or Path(scratch)
        print(_table({size: measure_size(size, work / str(size), repeat=given.repeat) for size in given.sizes}))


def measure_size(n_encounters: int, folder: Path, *, repeat: int) -> dict[str, Measured]:
    """Every step on a landing folder of so many encounters, made if it is not there."""
    landing = folder / "landing"
    if not (landing / "landing.yaml").is_file():
        print(f"generating {n_encounters:,} encounters …", file=sys.stderr, flush=True)
        generate_landing(n_encounters, landing)
    steps = [step for step in STEPS if step != "pandas" or n_encounters <= LARGEST_FOR_PANDAS]
    measured = {}
    for step in steps:
        print(f"{n_encounters:,}: {step} …", file=sys.stderr, flush=True)
        runs = [run_apart(step, folder) for _ in range(repeat)]
        measured[step] = min(runs, key=lambda run: run.cpu_seconds)
    if "pandas" in measured:
        n_compared = check_agreement(folder)
        print(f"{n_encounters:,}: {n_compared:,} figures agree with pandas", file=sys.stderr, flush=True)
    return measured


def check_agreement(folder: Path) -> int:
    """Compares every numerator and denominator with those of pandas; returns how many pairs there were."""
    ours = "read_parquet(getvariable('values_files'))"
    files = [path for path in (folder / "kpi.store" / "values").rglob("*.parquet") if "exclusions" not in path.name]
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE values_files = ?", [[str(path) for path in files]])
        n_compared, n_different = connection.execute(
            f"""
            WITH theirs AS (SELECT * FROM '{folder}/pandas.csv'),
            ours AS (
                SELECT metric, facility_id, month, numerator, COALESCE(denominator, numerator) AS denominator
                FROM {ours} WHERE numerator IS NOT NULL AND metric IN (SELECT metric FROM theirs)
            )
            SELECT
                COUNT(*),
                COUNT(*) FILTER (WHERE NOT COALESCE(
                    ABS(ours.numerator - theirs.numerator) <= {AGREEMENT} * ABS(theirs.numerator)
                    AND ABS(ours.denominator - theirs.denominator) <= {AGREEMENT} * ABS(theirs.denominator), FALSE))
            FROM ours FULL JOIN theirs USING (metric, facility_id, month)
            """
        ).fetchall()[0]
    assert n_compared > 1000, n_compared
    assert n_different == 0, f"{n_different} of {n_compared} figures differ from those of pandas"
    return int(n_compared)


# ---- the steps, each run in a process of its own ----


def _copy_csv(folder: Path) -> None:
    """DuckDB's own way from CSV to Parquet: types guessed, nothing checked."""
    target = folder / "copied"
    target.mkdir(exist_ok=True)
    with database(folder) as connection:
        for path in sorted((folder / "landing").glob("*.csv")):
            connection.execute(f"COPY (FROM '{path}') TO '{target / path.stem}.parquet' (FORMAT parquet)")


def _intake(folder: Path) -> None:
    from kpi_pipeline.pipeline.build import read_landing

    for path in sorted((folder / "kpi.store").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    read_landing(folder / "landing", folder / "kpi.duckdb", settings=_settings("4GB"), clock=lambda: CLOCK)


def _build(memory: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        from kpi_pipeline.pipeline.build import build_from_intake, read_landing

        warehouse, settings = folder / "kpi.duckdb", _settings(memory)
        intake = read_landing(folder / "landing", warehouse, settings=settings, clock=lambda: CLOCK)
        with clock_starts():
            build_from_intake(intake, warehouse, settings=settings, clock=lambda: CLOCK)

    return build


def _scan(folder: Path) -> None:
    """Reads every staged column once: sums of numbers, greatest of all else, encounters by facility and month."""
    with database(folder) as connection:
        for table, path in staged_files(folder):
            columns = connection.execute(f"DESCRIBE FROM '{path}'").fetchall()
            reads = ", ".join(f'SUM("{name}")' if kind == "DOUBLE" else f'MAX("{name}")' for name, kind, *_ in columns)
            groups = "GROUP BY facility_id, DATE_TRUNC('month', admitted_at)" if table == "encounters" else ""
            connection.execute(f"SELECT {reads} FROM '{path}' {groups}").fetchall()


def _bare_copy(folder: Path) -> None:
    """Puts every staged table into a DuckDB file as it is: what writing costs before anything is computed."""
    target = folder / "bare.duckdb"
    target.unlink(missing_ok=True)
    with database(folder, target) as connection:
        for table, path in staged_files(folder):
            connection.execute(f"CREATE TABLE {table} AS FROM '{path}'")
    target.unlink()


def _pandas(folder: Path) -> None:
    from benchmarks.pandas_version import compute_figures

    with clock_starts():
        figures = compute_figures(folder / "landing")
    figures.to_csv(folder / "pandas.csv")


STEPS: dict[str, Callable[[Path], None]] = {
    "copy_csv": _copy_csv,
    "intake": _intake,
    "scan": _scan,
    "bare_copy": _bare_copy,
    "build_1gb": _build(MEMORY["build_1gb"]),
    "build": _build(MEMORY["build"]),
    "pandas": _pandas,
}


def _settings(memory: str) -> Settings:
    return Settings(memory_limit=memory, threads=THREADS)


@contextmanager
def database(folder: Path, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A plain database, in memory or in a file, as fast as ours is allowed to be."""
    with duckdb.connect(str(path) if path else ":memory:") as connection:
        connection.execute(f"SET threads = {THREADS}; SET memory_limit = '4GB'; SET temp_directory = '{folder}/spill'")
        # As the warehouse is built: without it DuckDB writes every table twice.
        connection.execute("SET max_vacuum_tasks = 0")
        yield connection


def staged_files(folder: Path) -> list[tuple[str, Path]]:
    """(table, Parquet file) of what was staged; none before intake."""
    paths = sorted((folder / "kpi.store" / "staged").rglob("*.parquet"))
    return [(path.parent.name, path) for path in paths if not path.name.endswith(".quarantine.parquet")]


# ---- measuring ----

_started: list[tuple[float, float]] = []


@contextmanager
def clock_starts() -> Iterator[None]:
    """What comes before this in a step is preparation and does not count."""
    _started.append((time.perf_counter(), time.process_time()))
    yield


def write_step(step: Callable[[Path], None], folder: Path, result: Path) -> None:
    """Does one step and writes what it took: what the process that `run_apart` starts is for."""
    result.write_text(json.dumps(_measure(step, folder)), encoding="utf-8")


def _measure(step: Callable[[Path], None], folder: Path) -> dict[str, float]:
    import kpi_pipeline.pipeline.build  # noqa: F401  loading the program is not part of any step

    _started.append((time.perf_counter(), time.process_time()))
    step(folder)
    elapsed, cpu = _started[-1]
    return {
        "seconds": time.perf_counter() - elapsed,
        "cpu_seconds": time.process_time() - cpu,
        "memory_mb": _peak_memory_mb(),
    }


def _peak_memory_mb() -> float:
    """The most this process held. From /proc: getrusage would count the process that started this one, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def run_apart(step: str, folder: Path, *, module: str = "benchmarks.bench_build") -> Measured:
    """What a step of a benchmark takes in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.json"
        command = [sys.executable, "-m", module, "--step", step, str(folder), str(result)]
        subprocess.run(command, check=True)
        return Measured(**json.loads(result.read_text(encoding="utf-8")))


# ---- the table ----


def _table(measured: dict[int, dict[str, Measured]]) -> str:
    sizes = sorted(measured)
    rows: list[tuple[str, list[str]]] = [
        ("Intake of the CSV files", [_time(measured[n]["intake"]) for n in sizes]),
        ("DuckDB's COPY of the same files", [_time(measured[n]["copy_csv"]) for n in sizes]),
        (f"**Intake ÷ COPY** (aim {INTAKE_AIM:g})", [_ratio(measured[n], "intake", "copy_csv") for n in sizes]),
        ("Warehouse and all measures", [_time(measured[n]["build"]) for n in sizes]),
        ("One scan of every staged column", [_time(measured[n]["scan"]) for n in sizes]),
        (f"**Build ÷ scan** (aim {BUILD_AIM:g} at 5,000,000)", [_ratio(measured[n], "build", "scan") for n in sizes]),
        ("Bare copy of the staged tables into DuckDB", [_time(measured[n]["bare_copy"]) for n in sizes]),
        ("Build ÷ bare copy", [_ratio(measured[n], "build", "bare_copy") for n in sizes]),
        ("Build: growth against the size before", [_growth(measured, sizes, n) for n in sizes]),
        ("Peak memory, memory_limit 4GB", [_memory(measured[n]["build"]) for n in sizes]),
        ("Peak memory, memory_limit 1GB", [_memory(measured[n]["build_1gb"]) for n in sizes]),
        ("Build with memory_limit 1GB", [_time(measured[n]["build_1gb"]) for n in sizes]),
        ("Plain pandas, eight of the measures", [_time(measured[n].get("pandas")) for n in sizes]),
        ("Peak memory of pandas", [_memory(measured[n].get("pandas")) for n in sizes]),
    ]
    head = f"| Processor seconds (elapsed) | {' | '.join(f'{n:,} encounters' for n in sizes)} |"
    rule = "| --- |" + " ---: |" * len(sizes)
    return "\n".join([head, rule, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


def _time(step: Measured | None) -> str:
    return f"{step.cpu_seconds:.2f} ({step.seconds:.2f})" if step else "–"


def _memory(step: Measured | None) -> str:
    return f"{step.memory_mb:,.0f} MB" if step else "–"


def _ratio(steps: dict[str, Measured], step: str, yardstick: str) -> str:
    ours, theirs = steps[step], steps[yardstick]
    return f"{ours.cpu_seconds / theirs.cpu_seconds:.1f} ({ours.seconds / theirs.seconds:.1f})"


def _growth(measured: dict[int, dict[str, Measured]], sizes: list[int], size: int) -> str:
    position = sizes.index(size)
    if position == 0:
        return "–"
    before = sizes[position - 1]
    grown = measured[size]["build"].cpu_seconds / measured[before]["build"].cpu_seconds
    return f"× {grown:.1f} for × {size / before:g} rows"


if __name__ == "__main__":
    main()
