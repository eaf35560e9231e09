"""`rephase_runs`: a run chart whose median is set anew at every sustained run. Never used by a report by itself.

Re-phasing by rule hides what it should show when the run is a deterioration; a report rebases only by a recorded
decision (see `rebase`). The function is here for those who study their series the way runcharter draws them.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.signals.periods import read_labels


@dataclass(frozen=True, slots=True)
class MedianPhase:
    """A median and the points it was computed from (positions, inclusive)."""

    kind: Literal["baseline", "sustained"]
    median: float
    first: int
    last: int
    first_period: str
    last_period: str


def rephase_runs(
    values: Sequence[float | None],
    *,
    baseline: int = 12,
    run_length: int = 9,
    direction: Literal["above", "below", "both"],
    periods: Sequence[object] | None = None,
) -> tuple[MedianPhase, ...]:
    """The baseline median, and a new one at each run of `run_length` points on the wanted side of the last one.

    Points on the median are passed over, missing points end a run. The new median is that of the points from the
    first to the last of the run; the search goes on after it. Raises InputError when fewer points than `run_length`
    follow the baseline.
    """
    labels = read_labels(periods, len(values))
    known = [None if value is None or value != value else float(value) for value in values]
    first_part = [value for value in known[:baseline] if value is not None]
    if not first_part or len(known) - baseline < run_length:
        raise InputError(
            Fault(
                "rephase_runs",
                f"{len(known)} points leave {max(0, len(known) - baseline)} after the baseline of {baseline}, "
                f"fewer than a run of {run_length}.",
                "Shorten the baseline or the run, or wait for more points.",
            )
        )
    phases = [_phase("baseline", first_part, 0, baseline - 1, labels)]
    start = baseline
    while run := _next_run(known, start, phases[-1].median, run_length, direction):
        first, last = run
        inside = [value for value in known[first : last + 1] if value is not None]
        phases.append(_phase("sustained", inside, first, last, labels))
        start = last + 1
    return tuple(phases)


def _phase(
    kind: Literal["baseline", "sustained"], values: Sequence[float], first: int, last: int, labels: Sequence[str]
) -> MedianPhase:
    return MedianPhase(kind, statistics.median(values), first, last, labels[first], labels[last])


def _next_run(
    values: Sequence[float | None], start: int, median: float, run_length: int, direction: str
) -> tuple[int, int] | None:
    """First and last position of the next run of the length wanted; None when there is none."""
    run: list[int] = []
    side = 0
    for i in range(start, len(values)):
        value = values[i]
        now = 0 if value is None else (value > median) - (value < median)
        if value is not None and now == 0:
            continue
        wanted = direction == "both" or now == (1 if direction == "above" else -1)
        if value is None or not wanted:
            run, side = [], 0
            continue
        run = [*run, i] if now == side else [i]
        side = now
        if len(run) == run_length:
            return run[0], run[-1]
    return None
