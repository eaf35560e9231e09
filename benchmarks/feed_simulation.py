"""How often a feed is told to be silent or to have stopped: of hospitals where nothing is missing, and where days are.

Hospitals of the synthetic generator, from 180 to 1,080 discharges a month and from 14 to 24 months, without changes and
faults; then feeds whose rows come by chance alone, by themselves and in bundles. Then each feed of those hospitals
loses some days, between others or the last ones. `--before FOLDER` judges by the SQL files of an earlier version, too.
Fixed seeds. `--write` puts the section into docs/simulations.md.

Run from the root of the repository: python -m benchmarks.feed_simulation [--hospitals 90] [--before DIR] [--write]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.simulation_page import put_section
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.ingest import ingest
from kpi_pipeline.synthetic.hospital import generate_hospital
from kpi_pipeline.warehouse.build import build_tables
from kpi_pipeline.warehouse.engines.engine import KINDS
from kpi_pipeline.warehouse.tables import load_tables, tables_behind
from tests.support.feed_days import INPUTS, RULES, judge_feeds, judged_days

LAST = Month(2026, 10)
ARRIVED = datetime(2026, 11, 5, 12, tzinfo=UTC)
LENGTHS = (7, 14, 30)
"""Days that are taken away."""
RATES = (0.5, 1, 1.5, 2, 3, 5, 10)
"""Rows a day that part the lines of the table."""
BUNDLES: tuple[tuple[str, Callable[[np.random.Generator, int], np.ndarray]], ...] = (
    ("one at a time", lambda rng, n: np.ones(n, dtype=np.int64)),
    ("two at a time", lambda rng, n: np.full(n, 2)),
    ("1 to 30 at a time, many small (geometric, mean 4)", lambda rng, n: np.minimum(rng.geometric(0.25, n), 30)),
    ("20 at a time", lambda rng, n: np.full(n, 20)),
)


class _EnoughError(Exception):
    """The tables that are wanted are made."""


class _DaysAlone:
    """An engine that makes what the judgement of feeds reads, and nothing else."""

    holds_lists = False

    def create_tables(self, connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
        wanted = tables_behind(INPUTS)
        for table in load_tables():
            if table.name in wanted:
                connection.execute(f"CREATE {KINDS[table.stored]} {table.name} AS FROM ({table.sql})")
        raise _EnoughError

    def result(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        return sql


def make_days(seed: int, kept: Path) -> None:
    """Writes a database file with the rows by day of the clean hospital of a seed."""
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        folder = Path(name)
        size = {"months": 14 + 2 * (seed % 6 if seed % 2 else seed // 6 % 6), "scale": 0.05 * (1 + seed % 6)}
        generate_hospital(folder / "landing", seed=seed, last_month=LAST, changes=False, faults=False, **size)  # type: ignore[arg-type]
        intake = ingest(folder / "landing", folder / "store", now=ARRIVED)
        connection.execute("SET TimeZone = 'UTC'")
        try:
            build_tables(
                connection,
                intake,
                reference=None,
                settings=Settings(),
                built_at=ARRIVED.isoformat(),
                engine=_DaysAlone(),
            )
        except _EnoughError:
            connection.execute(f"ATTACH '{kept}' AS kept")
            for table in INPUTS:
                connection.execute(f"CREATE TABLE kept.{table} AS FROM {table}")


def opened(kept: Path) -> duckdb.DuckDBPyConnection:
    """A copy of the rows by day in memory."""
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{kept}' AS kept (READ_ONLY)")
    for table in INPUTS:
        connection.execute(f"CREATE TABLE {table} AS FROM kept.{table}")
    connection.execute("DETACH kept")
    return connection


def false_alarms(days: list[Path], rules: Path) -> Counter[str]:
    """Of clean hospitals: those with a feed told silent, with one told to have stopped, and the feeds."""
    found: Counter[str] = Counter()
    for kept in days:
        with opened(kept) as connection:
            judge_feeds(connection, rules)
            silent = connection.execute("SELECT table_name FROM feed_gaps").fetchall()
            stopped = connection.execute("SELECT table_name FROM feed_ends WHERE is_held_back").fetchall()
        found.update(silent=bool(silent), stopped=bool(stopped), either=bool(silent or stopped))
        found.update(table for (table,) in [*silent, *stopped])
    return found


def drawn_builds(bundle: Callable[[np.random.Generator, int], np.ndarray], n: int) -> Iterator[pd.DataFrame]:
    """Clean feeds of one facility over a year and a half, whose bundles come at 0.3 to 12 a day by chance alone."""
    days = pd.date_range("2025-05-01", "2026-10-31")
    for number in range(n):
        rng = np.random.default_rng([number, 20261128])
        parts = []
        for table, rate in enumerate((0.3, 0.5, 0.7, 1.0, 1.2, 1.4, 1.7, 2.0, 3.0, 12.0)):
            at = rng.integers(0, len(days), rng.poisson(rate * len(days)))
            n_rows = np.bincount(at, weights=bundle(rng, len(at)), minlength=len(days)).astype(np.int64)
            parts.append(
                pd.DataFrame({"facility_id": "F", "table_name": f"feed {table}", "happened_on": days, "n_rows": n_rows})
            )
        rows = pd.concat(parts)
        yield rows[rows["n_rows"] > 0]


def drawn_alarms(bundle: Callable[[np.random.Generator, int], np.ndarray], n: int, rules: Path) -> int:
    """Builds of so many with any feed told."""
    told = 0
    for rows in drawn_builds(bundle, n):
        with judged_days(rows, date(2026, 10, 31), rules) as connection:
            told += bool(
                connection.execute(
                    "SELECT 1 FROM feed_gaps UNION ALL SELECT 1 FROM feed_ends WHERE is_held_back LIMIT 1"
                ).fetchall()
            )
    return told


def found_losses(days: list[Path], rules: Path) -> dict[tuple[float, str, int], list[bool]]:
    """Whether days taken from a feed are told, by the upper bound of its rows a day, place and number of the days."""
    found: dict[tuple[float, str, int], list[bool]] = {}
    for n_days in LENGTHS:
        for where in ("between", "last"):
            for kept in days:
                with opened(kept) as connection:
                    for rate, told in _losses_of(connection, where, n_days, rules, int(kept.stem)):
                        bound = next((bound for bound in RATES if rate < bound), np.inf)
                        found.setdefault((bound, where, n_days), []).append(told)
    return found


def _losses_of(
    connection: duckdb.DuckDBPyConnection, where: str, n_days: int, rules: Path, seed: int
) -> Iterator[tuple[float, bool]]:
    rng = np.random.default_rng([seed, n_days])
    feeds = connection.execute(
        "SELECT facility_id, table_name, SUM(n_rows) / (MAX(happened_on) - MIN(happened_on) + 1) FROM feed_days "
        "GROUP BY ALL HAVING SUM(n_rows) >= 100 AND SUM(n_rows) * 6 >= MAX(happened_on) - MIN(happened_on) ORDER BY ALL"
    ).fetchall()
    lost = []
    for facility, table, rate in feeds:
        back = n_days if where == "last" else n_days + int(rng.integers(30, 330))
        first = date(2026, 11, 1) - timedelta(days=back)
        lost.append((facility, table, float(rate), first, first + timedelta(days=n_days)))
    connection.execute("CREATE TABLE lost (facility VARCHAR, feed VARCHAR, rate DOUBLE, first DATE, ends DATE)")
    connection.executemany("INSERT INTO lost VALUES (?, ?, ?, ?, ?)", [list(row) for row in lost])
    here = "facility = facility_id AND happened_on >= first AND happened_on < ends"
    connection.execute(f"DELETE FROM feed_days USING lost WHERE {here} AND feed = table_name")
    connection.execute(f"DELETE FROM encounter_days USING lost WHERE {here} AND feed = 'encounters'")
    judge_feeds(connection, rules)
    told = (
        "feed_ends AS told ON facility = facility_id AND feed = table_name AND is_held_back"
        if where == "last"
        else "feed_gaps AS told ON facility = facility_id AND feed = table_name AND starts_on < ends "
        "AND ends_before > first"
    )
    yield from connection.execute(
        f"SELECT rate, BOOL_OR(told.table_name IS NOT NULL) FROM lost LEFT JOIN {told} GROUP BY facility, feed, rate"
    ).fetchall()


def lines_of(days: list[Path], n_builds: int, before: Path | None) -> Iterator[str]:
    """The section, in Markdown."""
    versions = [*([("before", before)] if before else []), ("now", RULES)]
    yield (
        f"Builds in which a feed is told to be silent or to have stopped, though nothing is missing: {len(days)} clean "
        "hospitals of the synthetic generator (180 to 1,080 discharges a month, 14 to 24 months, three facilities, "
        f"ten dated tables), and {n_builds} builds each of ten feeds over a year and a half, drawn by chance alone. "
        "The rule asks for so many missing rows that chance tells one silence at most in a hundred builds, and one "
        "stop. "
        + (
            "Before, each look could be wrong once in ten thousand times, as if each row came by itself. "
            if before
            else ""
        )
        + "(Written by `benchmarks.feed_simulation`.)"
    )
    yield ""
    yield "| clean builds | of | " + " | ".join(name for name, _ in versions) + " |"
    yield "| --- | ---: |" + " ---: |" * len(versions)
    counted = [false_alarms(days, rules) for _, rules in versions]
    for key, words in (("silent", "a feed told silent"), ("stopped", "a feed told to have stopped"), ("either", "any")):
        yield f"| hospitals: {words} | {len(days)} | " + " | ".join(str(one[key]) for one in counted) + " |"
    for words, bundle in BUNDLES:
        alarms = [drawn_alarms(bundle, n_builds, rules) for _, rules in versions]
        yield f"| rows {words}: any | {n_builds} | " + " | ".join(str(one) for one in alarms) + " |"
    yield ""
    yield (
        "Then each feed of the same hospitals loses so many days, between others or the last ones: told, in percent of "
        f"the feeds of so many rows a day{' (before → now)' if before else ''}."
    )
    yield ""
    yield (
        "| rows a day | feeds | "
        + " | ".join(f"{n} days {words}" for words in ("between others", "at the end") for n in LENGTHS)
        + " |"
    )
    yield "| --- | ---: |" + " ---: |" * 2 * len(LENGTHS)
    losses = [found_losses(days, rules) for _, rules in versions]
    for low, high in zip((0, *RATES), (*RATES, np.inf), strict=True):
        keys = [(float(high), where, n) for where in ("between", "last") for n in LENGTHS]
        cells = [" → ".join(f"{100 * np.mean(one[key]):.0f}" for one in losses) for key in keys]
        words = f"{low} to {high}" if np.isfinite(high) else f"{low} and more"
        yield f"| {words if low else f'below {high}'} | {len(losses[0][keys[0]])} | " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the section, or writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hospitals", type=int, default=90)
    parser.add_argument("--builds", type=int, default=300)
    parser.add_argument("--before", type=Path, help="the folder sql/warehouse of an earlier version")
    parser.add_argument("--days", type=Path, help="a folder that keeps the rows by day for the next run")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.days or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        days = [folder / f"{seed}.duckdb" for seed in range(1, given.hospitals + 1)]
        for kept in days:
            if not kept.exists():
                make_days(int(kept.stem), kept)
        lines = list(lines_of(days, given.builds, given.before))
    print("\n".join(lines))
    if given.write:
        put_section("Feeds that fall silent", lines)


if __name__ == "__main__":
    main()
