"""What the whole catalogue costs from staged Parquet: seconds, peak memory, and how many scans of the same rows.

One scan reads every staged column once. Beside it stand the warehouse's tables alone, the eleven measures the program
began with, and one statement by hand that counts seven of the measures; its figures must agree with ours. Every step
runs in a process of its own; processor seconds are the measure.

Run from the root of the repository: python -m benchmarks.bench_catalogue [--sizes 50000 500000 5000000] [--work DIR]
[--repeat 3] [--write].
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks import bench_build
from benchmarks.bench_build import (
    AGREEMENT,
    CLOCK,
    Measured,
    clock_starts,
    database,
    run_apart,
    staged_files,
    write_step,
)
from benchmarks.catalogue_query import MEASURES, catalogue_sql
from benchmarks.generate import generate_landing
from benchmarks.simulation_page import put_section
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.warehouse.build import build_tables

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
SIZES = (50_000, 500_000)
ELEVEN_AIM, CATALOGUE_AIM = 15.0, 40.0
ELEVEN = (
    "discharges", "length_of_stay_days", "length_of_stay_index", "case_mix_index", "total_cost_per_case_usd",
    "case_mix_adjusted_cost_per_case_usd", "readmission_30d", "denials_per_100_discharges",
    "avoidable_days_per_100_discharges", "initial_assessment_within_24h", "caseload_per_case_manager",
)  # fmt: skip


def main() -> None:
    """Measures every size and prints the tables; a figure that differs from the statement's is an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="encounters")
    parser.add_argument("--work", type=Path, help="folder for data that stays, so that a second run need not make it")
    parser.add_argument("--repeat", type=int, default=1, help="the least of so many runs counts")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    parser.add_argument("--step", nargs=3, metavar=("STEP", "FOLDER", "RESULT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, folder, result = given.step
        write_step(STEPS[step], Path(folder), Path(result))
        return
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as scratch:
        work = given.work or Path(scratch)
        measured = {size: measure_size(size, work / str(size), repeat=given.repeat) for size in given.sizes}
        lines = table_lines(measured, n_measures(work / str(max(given.sizes))))
    print("\n".join(lines))
    if given.write:
        put_section("The whole catalogue from staged files", lines, page=PAGE)


def measure_size(n_encounters: int, folder: Path, *, repeat: int) -> dict[str, Measured]:
    """Every step on a landing folder of so many encounters, made and staged if it is not there."""
    if not (folder / "landing" / "landing.yaml").is_file():
        _say(n_encounters, "generating")
        generate_landing(n_encounters, folder / "landing")
    if not staged_files(folder):
        _say(n_encounters, "intake")
        run_apart("intake", folder)
    measured = {}
    for step in STEPS:
        _say(n_encounters, step)
        runs = [run_apart(step, folder, module="benchmarks.bench_catalogue") for _ in range(repeat)]
        measured[step] = min(runs, key=lambda run: run.cpu_seconds)
    n_compared = check_agreement(folder)
    print(f"{n_encounters:,}: {n_compared:,} figures agree with the statement", file=sys.stderr, flush=True)
    return measured


def check_agreement(folder: Path) -> int:
    """Compares every numerator and denominator of the statement with ours; returns how many pairs there were."""
    files = [path for path in (folder / "kpi.store" / "values").rglob("*.parquet") if "exclusions" not in path.name]
    names = ", ".join(f"'{name}'" for name in MEASURES)
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE values_files = ?", [[str(path) for path in files]])
        n_compared, n_different = connection.execute(
            f"""
            WITH ours AS (
                SELECT metric, facility_id, month, numerator, COALESCE(denominator, numerator) AS denominator
                FROM read_parquet(getvariable('values_files'))
                WHERE metric IN ({names}) AND numerator IS NOT NULL
            ),
            theirs AS (SELECT * FROM '{folder}/query.parquet' WHERE denominator > 0)
            SELECT COUNT(*), COUNT(*) FILTER (WHERE NOT COALESCE(
                ABS(ours.numerator - theirs.numerator) <= {AGREEMENT} * ABS(theirs.numerator)
                AND ABS(ours.denominator - theirs.denominator) <= {AGREEMENT} * ABS(theirs.denominator), FALSE))
            FROM ours FULL JOIN theirs USING (metric, facility_id, month)
            """
        ).fetchall()[0]
    assert n_compared > 1000, n_compared
    assert n_different == 0, f"{n_different} of {n_compared} figures differ from those of the statement"
    return int(n_compared)


def n_measures(folder: Path) -> tuple[int, int]:
    """How many measures were computed, and how many of them have figures: the made-up data do not hold all inputs."""
    values = read_values(folder / "kpi.duckdb").values
    return values["metric"].nunique(), values.loc[values["status"] == "ok", "metric"].nunique()


# ---- the steps, each run in a process of its own ----


def _query(folder: Path) -> None:
    with database(folder) as connection:
        connection.execute(f"COPY ({catalogue_sql(staged_files(folder))}) TO '{folder}/query.parquet' (FORMAT parquet)")


def _build(memory: str, only: Collection[str] | None = None) -> Callable[[Path], None]:
    """Tables and measures from staged files, as `kpi build` does; only: these measures, none at all for ()."""

    def build(folder: Path) -> None:
        from kpi_pipeline.pipeline import build as steps

        warehouse, settings = folder / "kpi.duckdb", Settings(memory_limit=memory, threads=bench_build.THREADS)
        intake = steps.read_landing(folder / "landing", warehouse, settings=settings, clock=lambda: CLOCK)
        with _metrics(only), clock_starts():
            steps.build_from_intake(intake, warehouse, settings=settings, clock=lambda: CLOCK)

    return build


def _in_memory(folder: Path) -> None:
    """The same tables with all checks and warnings, held in memory: nothing is compressed, nothing written."""
    from kpi_pipeline.pipeline import build as steps

    warehouse, settings = folder / "kpi.duckdb", Settings(threads=bench_build.THREADS)
    intake = steps.read_landing(folder / "landing", warehouse, settings=settings, clock=lambda: CLOCK)
    folders = [steps.store_folder(warehouse), steps.SHIPPED_FOLDER]
    with connect(folders=folders, threads=settings.threads) as connection, clock_starts():
        build_tables(connection, intake, reference=None, settings=settings, built_at=CLOCK.isoformat())


def _copy(folder: Path) -> None:
    """The finished tables, read and written into another file."""
    target = folder / "copy.duckdb"
    target.unlink(missing_ok=True)
    with database(folder, target) as connection:
        connection.execute(f"ATTACH '{folder / 'kpi.duckdb'}' AS finished (READ_ONLY)")
        connection.execute("COPY FROM DATABASE finished TO copy")
    target.unlink()


@contextmanager
def _metrics(only: Collection[str] | None) -> Iterator[None]:
    """Has the build know these measures alone."""
    from kpi_pipeline.metrics import values
    from kpi_pipeline.pipeline import build

    every = build.load_metrics
    chosen = {name: one for name, one in every().items() if only is None or name in only}
    build.load_metrics = values.load_metrics = lambda: chosen  # type: ignore[assignment]
    try:
        yield
    finally:
        build.load_metrics = values.load_metrics = every


STEPS: dict[str, Callable[[Path], None]] = {
    "scan": bench_build.STEPS["scan"],
    "query": _query,
    "tables": _build("4GB", ()),
    "eleven": _build("4GB", ELEVEN),
    "catalogue_1gb": _build("1GB"),
    "catalogue": _build("4GB"),
    "in_memory": _in_memory,
    "copy": _copy,
}
"""Of the builds the whole catalogue comes last: its values are held against the statement's."""


def _say(size: int, step: str) -> None:
    print(f"{size:,}: {step} …", file=sys.stderr, flush=True)


# ---- the tables ----


def table_lines(measured: dict[int, dict[str, Measured]], n_found: tuple[int, int]) -> list[str]:
    """The result as Markdown. n_found: how many measures there are, and how many of them have figures."""
    sizes, (n_all, n_with) = sorted(measured), n_found

    def row(name: str, cell: Callable[[int], str]) -> str:
        return f"| {name} | {' | '.join(cell(size) for size in sizes)} |"

    def time_of(step: str) -> Callable[[int], str]:
        return lambda size: f"{measured[size][step].cpu_seconds:.2f} ({measured[size][step].seconds:.2f})"

    def scans_of(step: str, less: str | None = None) -> Callable[[int], str]:
        def cell(size: int) -> str:
            own = measured[size]
            spent = own[step].cpu_seconds - (own[less].cpu_seconds if less else 0.0)
            return f"{spent / own['scan'].cpu_seconds:.1f}"

        return cell

    def memory_of(step: str) -> Callable[[int], str]:
        return lambda size: f"{measured[size][step].memory_mb:,.0f} MB"

    def growth(size: int) -> str:
        at = sizes.index(size)
        if at == 0:
            return "–"
        before = sizes[at - 1]
        grown = measured[size]["catalogue"].cpu_seconds / measured[before]["catalogue"].cpu_seconds
        return f"× {grown:.1f} for × {size / before:g} rows"

    return [
        f"`python -m benchmarks.bench_catalogue --sizes {' '.join(map(str, sizes))} --write` made this table, of "
        f"{n_all} measures ({n_with} of which have figures: the made-up data lack, say, surveys), on "
        f"{bench_build.THREADS} threads: processor seconds (by the clock). One scan reads every "
        f"staged column once. The statement by hand counts {len(MEASURES)} of the measures, checks and keeps nothing; "
        "every numerator and denominator of it must equal ours, or the benchmark ends with an error.",
        "",
        f"| From staged files | {' | '.join(f'{size:,} encounters' for size in sizes)} |",
        "| --- |" + " ---: |" * len(sizes),
        row("One scan of every staged column", time_of("scan")),
        row(f"One statement by hand, {len(MEASURES)} measures", time_of("query")),
        row("Warehouse tables, no measure", time_of("tables")),
        row("Warehouse and eleven measures", time_of("eleven")),
        row(f"Warehouse and all {n_all} measures", time_of("catalogue")),
        row("The same, memory_limit 1GB", time_of("catalogue_1gb")),
        row(f"**Eleven measures, in scans** (aim {ELEVEN_AIM:g})", scans_of("eleven")),
        row(f"**All measures, in scans** (aim {CATALOGUE_AIM:g})", scans_of("catalogue")),
        row("The measures without the tables", scans_of("catalogue", "tables")),
        row("The eleven without the tables", scans_of("eleven", "tables")),
        row("The tables without the measures", scans_of("tables")),
        row("The same, held in memory, not written", scans_of("in_memory")),
        row("The finished tables alone, copied into another file", scans_of("copy")),
        row("The statement by hand, in scans", scans_of("query")),
        row("Growth of all against the size before", growth),
        row("Peak memory, all, memory_limit 4GB", memory_of("catalogue")),
        row("Peak memory, all, memory_limit 1GB", memory_of("catalogue_1gb")),
        row("Peak memory of the statement", memory_of("query")),
    ]


if __name__ == "__main__":
    main()
