"""How fast charts are evaluated: 10,000 series of 36 points, one core, each with limits, rules, icons and words.

Run from the root of the repository: python -m benchmarks.signals_speed [number of series]. Prints processor seconds
per chart kind, so that a busy machine does not matter; fails above ten seconds.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from kpi_pipeline.signals import evaluate_chart

N_POINTS = 36
ALLOWED_SECONDS = 10.0


def series_of(chart: str, random: np.random.Generator) -> dict[str, Any]:
    """The arguments of one invented series of the chart."""
    if chart == "xmr":
        return {"values": random.normal(5, 0.5, N_POINTS).tolist(), "target": 5.2}
    sizes = random.integers(150, 400, N_POINTS)
    return {"values": random.binomial(sizes, 0.15).tolist(), "denominators": sizes.tolist(), "target": 0.14}


def seconds_for(chart: str, n_series: int) -> float:
    """Processor seconds to evaluate so many series, months labelled, one rebased, the last month immature."""
    random = np.random.default_rng(20261101)
    inputs = [series_of(chart, random) for _ in range(n_series)]
    months = [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(N_POINTS)]
    start = time.process_time()
    for given in inputs:
        evaluate_chart(**given, chart=chart, better="lower", periods=months, phases=[18], immature=[35])
    return time.process_time() - start


def main() -> int:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    slow = 0
    for chart in ("xmr", "p_prime"):
        seconds = seconds_for(chart, n_series)
        allowed = ALLOWED_SECONDS * n_series / 10_000
        each = 1e3 * seconds / n_series
        print(f"{chart:8} {n_series} series of {N_POINTS} points: {seconds:.2f} s ({each:.3f} ms each)")
        slow += seconds > allowed
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
