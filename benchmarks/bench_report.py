"""How fast reports are drawn: seconds a page and peak memory of one report, and a backfill of 36 months side by side.

Run from the root of the repository: python -m benchmarks.bench_report [--months 36] [--demo DIR]. Each figure is of a
whole process, Python's start included. The demo is built first if DIR has none. Ratios in one run: the second report of
a process against the first, one worker against two.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ONE = """
import json, resource, sys, time
from pathlib import Path
started = time.perf_counter()
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.pipeline.report import write_report
demo, out = Path(sys.argv[1]), Path(sys.argv[2])
settings = read_settings(demo / "kpi.yaml")
spent = []
for _ in range(2):
    began, processor = time.perf_counter(), time.process_time()
    written = write_report(demo / "hospital.duckdb", Month.parse("2026-10"), out, settings=settings)
    spent.append((time.perf_counter() - began, time.process_time() - processor))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"pages": written.n_pages, "spent": spent, "memory": memory, "all": time.perf_counter() - started}))
"""
_MANY = """
import json, resource, sys
from pathlib import Path
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.pipeline.reports import write_reports

def main():
    demo, out, n, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    last = Month.parse("2026-10")
    months = [last.plus(back) for back in range(1 - n, 1)]
    settings = read_settings(demo / "kpi.yaml")
    pages = sum(one.n_pages for _, one in write_reports(demo / "hospital.duckdb", months, out, settings=settings,
                                                        workers=workers))
    whose = resource.RUSAGE_CHILDREN if workers > 1 else resource.RUSAGE_SELF
    memory = resource.getrusage(whose).ru_maxrss / 1024
    print(json.dumps({"pages": pages, "memory": memory}))

if __name__ == "__main__":
    main()
"""


def _run(script: str, *arguments: str) -> tuple[dict[str, object], float]:
    """What a process of its own prints, and its seconds by the clock."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "step.py"
        file.write_text(script, encoding="utf-8")
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, str(file), *arguments],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--demo", type=Path, default=Path("demo"))
    given = parser.parse_args()
    if not (given.demo / "hospital.duckdb").exists():
        subprocess.run([sys.executable, "-m", "kpi_pipeline.cli.main", "demo", "--out", str(given.demo)], check=True)
    with tempfile.TemporaryDirectory() as out:
        one, whole = _run(_ONE, str(given.demo), out)
        pages = int(str(one["pages"]))
        for name, (clock, processor) in zip(("first", "second"), one["spent"], strict=True):  # type: ignore[call-overload]
            print(f"{name} report of a process: {pages} pages, {clock:.2f} s, {clock / pages:.3f} s a page "
                  f"({processor:.2f} s of processor)")  # fmt: skip
        print(f"both with Python's start: {whole:.1f} s; peak memory {one['memory']:.0f} MB")
        for workers in (2, 1):
            many, clock = _run(_MANY, str(given.demo), out, str(given.months), str(workers))
            print(f"{given.months} months, {workers} worker(s): {many['pages']} pages in {clock:.1f} s; peak memory "
                  f"{many['memory']:.0f} MB a worker")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
