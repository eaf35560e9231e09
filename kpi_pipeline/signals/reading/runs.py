"""Anhøj's runs analysis: the longest run and the number of crossings of the centre line, against what chance gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.signals.lines.constants import fewest_crossings, longest_run_limit


@dataclass(frozen=True, slots=True)
class Run:
    """Points in a row on one side of the line; first and last are positions among the points given."""

    side: int
    first: int
    last: int
    n_points: int


@dataclass(frozen=True, slots=True)
class RunsAnalysis:
    """n_useful: points not on the line. longest_run_max, n_crossings_min: the last values that are no signal."""

    n_useful: int
    runs: tuple[Run, ...]
    longest_run: int
    longest_run_max: int | None
    n_crossings: int
    n_crossings_min: int | None

    @property
    def has_few_crossings(self) -> bool:
        """The line is crossed less often than chance allows."""
        return self.n_crossings_min is not None and self.n_crossings < self.n_crossings_min


def analyse_runs(sides: Sequence[int], segments: Sequence[int]) -> RunsAnalysis:
    """Runs and crossings of one phase.

    sides: −1, 0, 1 for the points that count; a point on the line (0) is skipped, neither breaking nor extending.
    segments: two points are neighbours only within one; a missing point breaks a run and is no crossing, and the
    crossings are judged against the pairs of neighbours there are (n − 1 when nothing is missing).
    """
    useful = [i for i, side in enumerate(sides) if side]
    runs: list[Run] = []
    n_pairs = n_crossings = 0
    for before, i in zip([-1, *useful], useful, strict=False):
        joined = before >= 0 and segments[before] == segments[i]
        n_pairs += joined
        if joined and sides[before] == sides[i]:
            last = runs[-1]
            runs[-1] = Run(last.side, last.first, i, last.n_points + 1)
        else:
            n_crossings += joined
            runs.append(Run(sides[i], i, i, 1))
    return RunsAnalysis(
        n_useful=len(useful),
        runs=tuple(runs),
        longest_run=max((run.n_points for run in runs), default=0),
        longest_run_max=longest_run_limit(len(useful)) if useful else None,
        n_crossings=n_crossings,
        n_crossings_min=fewest_crossings(n_pairs) if n_pairs else None,
    )
