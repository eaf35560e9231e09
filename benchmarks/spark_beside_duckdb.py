"""Builds the same hospital with DuckDB and with Spark: how long, how much memory, and are all tables and values equal?

Prints a Markdown table. Needs PySpark and Java (`make test-spark` installs both). Each build is the program's own, in
a process of its own; the memory is the most that it and every process it started held at once.

Run from the root of the repository: python -m benchmarks.spark_beside_duckdb [--sizes 50000 1000000] [--master URL].
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import generate_landing
from tests.support.spark import compared

SIZES = (50_000, 1_000_000)
MASTER = "local-cluster[2,1,2048]"
"""Two workers, each a process of its own with one core and, of its 2 GB, the one that Spark takes unless told."""

SETTINGS = "memory_limit: 4GB\n"
_EVERY_SECONDS = 0.5
_SHARE_OF_LOOKING = 0.02
"""Of the time of one processor: what a process of gigabytes holds takes the system a while to say."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one build took. memory_mb: the most that all its processes held together."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


def main() -> None:
    """Measures every size and prints the table; a table or value that differs is an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="encounters")
    parser.add_argument("--master", default=MASTER, help="Spark's address")
    given = parser.parse_args()
    print("| Encounters | Engine | Seconds | Processor seconds | Memory |\n| ---: | --- | ---: | ---: | ---: |")
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="kpi-spark-") as folder:
            measure_size(size, Path(folder), given.master)


def measure_size(n_encounters: int, folder: Path, master: str) -> None:
    """Both engines on one landing folder, a line of the table each; stops where a row or a value differs."""
    generate_landing(n_encounters, folder / "landing")
    (folder / "kpi.yaml").write_text(SETTINGS, encoding="utf-8")
    for engine, options in (("duckdb", []), ("spark", ["--engine", "spark", "--master", master])):
        measured = build(folder, engine, options)
        numbers = f"{measured.seconds:,.0f} | {measured.cpu_seconds:,.0f} | {measured.memory_mb:,.0f} MB"
        print(f"| {n_encounters:,} | {engine} | {numbers} |", flush=True)
    if found := compared(folder / "duckdb.duckdb", folder / "spark.duckdb", one_clock=False):
        sys.exit("\n".join(["The two engines differ:", *found]))


def build(folder: Path, name: str, options: list[str]) -> Measured:
    """`kpi build` in a process of its own, watched from outside."""
    kpi = Path(sys.executable).with_name("kpi")
    where = ["--landing", str(folder / "landing"), "--warehouse", str(folder / f"{name}.duckdb")]
    began = time.perf_counter()
    with subprocess.Popen(
        [kpi, "build", *where, "--settings", str(folder / "kpi.yaml"), *options], stdout=subprocess.DEVNULL
    ) as process:
        watch = _Watch(process.pid)
        watch.start()
        code = process.wait()
    seconds = time.perf_counter() - began
    watch.join()
    if code:
        sys.exit(f"kpi build with {name} ended with {code}.")
    return Measured(seconds, watch.cpu_seconds, watch.memory_mb)


class _Watch(threading.Thread):
    """Looks every half second at a process and all that it started, by /proc; less often at what they hold."""

    def __init__(self, pid: int):
        super().__init__()
        self._pid = pid
        self._ticks: dict[int, int] = {}
        self.memory_mb = 0.0

    @property
    def cpu_seconds(self) -> float:
        """Of every process that was seen, up to the last look at it."""
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")

    def run(self) -> None:
        """Until the process is gone."""
        next_look = 0.0
        while ticks := _ticks_of_tree(self._pid):
            self._ticks |= ticks
            if (now := time.perf_counter()) >= next_look:
                self.memory_mb = max(self.memory_mb, sum(map(_memory_kb, ticks)) / 1000)
                next_look = now + (time.perf_counter() - now) / _SHARE_OF_LOOKING
            time.sleep(_EVERY_SECONDS)


def _ticks_of_tree(root: int) -> dict[int, int]:
    """Process id → ticks of a processor, of a process that has not ended and of all it started; empty once it has."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the two looks
        if state != "Z":
            parents[int(path.parent.name)] = int(parent)
            ticks[int(path.parent.name)] = int(fields[9]) + int(fields[10])
    found = {root} & parents.keys()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: ticks[pid] for pid in found}


def _memory_kb(pid: int) -> int:
    """What a process holds, its share of what several hold; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
