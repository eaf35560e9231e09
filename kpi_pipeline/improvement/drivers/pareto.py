"""Pareto of drivers: categories by size with share and running total, the rest as "other" at the end.

Numbers only. Withholding small counts and drawing are the report's matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_pipeline.core.errors import Fault, InputError

VITAL_SHARE_PCT = 80.0
"""The vital few are the leading categories that together reach this share (Juran, Quality Control Handbook)."""


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One category. share_pct and running_pct are of the total; is_other: what was not named or not shown."""

    category: str
    count: float
    share_pct: float
    running_total: float
    running_pct: float
    is_other: bool
    is_vital: bool


@dataclass(frozen=True, slots=True)
class Pareto:
    """A Pareto. n_shown: categories with a row of their own; n_in_other: those the last row gathers.

    n_vital: 0 where the shown categories do not reach the vital share without "other".
    """

    rows: tuple[ParetoRow, ...]
    total: float
    n_categories: int
    n_shown: int
    n_in_other: int
    n_vital: int


def compute_pareto(
    categories: Sequence[str],
    counts: Sequence[float],
    *,
    n_shown: int = 8,
    other: str = "Other",
    vital_share_pct: float = VITAL_SHARE_PCT,
) -> Pareto:
    """The Pareto of counts (cases, days or dollars) by category; a category given several times is summed.

    The `n_shown` largest have rows; equal ones stand in alphabetical order, so the order of the input does not matter.
    A category called as `other` says joins the rest, which stands last however large it is. Categories without a count
    have no row. Nothing counted at all gives no rows. Raises InputError for counts that are not 0 or more.
    """
    _check(categories, counts, n_shown)
    sums: dict[str, list[float]] = {}
    for category, count in zip(categories, counts, strict=True):
        sums.setdefault(category, []).append(float(count))
    counted = {category: total for category, parts in sums.items() if (total := math.fsum(parts)) > 0}
    total = math.fsum(counted.values())
    named = sorted((name for name in counted if name != other), key=lambda name: (-counted[name], name))
    shown, rest = named[:n_shown], named[n_shown:]
    in_other = [*rest, *(name for name in counted if name == other)]
    sizes = [(name, counted[name]) for name in shown]
    n_vital = _n_vital([size for _, size in sizes], total * vital_share_pct / 100)
    if in_other:
        sizes.append((other, math.fsum(counted[name] for name in in_other)))
    rows: list[ParetoRow] = []
    for place, (name, size) in enumerate(sizes):
        # The last running total is the total itself, not a sum that rounding may have moved.
        is_last = place == len(sizes) - 1
        running = total if is_last else math.fsum(count for _, count in sizes[: place + 1])
        is_other = place >= len(shown)
        rows.append(
            ParetoRow(name, size, 100 * (size / total), running, 100 * (running / total), is_other, place < n_vital)
        )
    return Pareto(tuple(rows), total, len(counted), len(shown), len(in_other), n_vital)


def _check(categories: Sequence[str], counts: Sequence[float], n_shown: int) -> None:
    faults = []
    if len(categories) != len(counts):
        faults.append(Fault("pareto", f"has {len(categories)} categories and {len(counts)} counts.", "Give one each."))
    if not all(math.isfinite(count) and count >= 0 for count in counts):
        faults.append(Fault("pareto", "holds a count that is not a number of 0 or more.", "Leave such rows out."))
    if not all(isinstance(category, str) and category for category in categories):
        faults.append(Fault("pareto", "holds a category without a name.", "Name it, for example `Not recorded`."))
    if n_shown < 1:
        faults.append(Fault("n_shown", f"must be 1 or more; got {n_shown}."))
    if faults:
        raise InputError(faults)


def _n_vital(sizes: Sequence[float], needed: float) -> int:
    """How many of the leading categories reach what is needed together; 0 when all of them do not."""
    for n in range(1, len(sizes) + 1):
        if math.fsum(sizes[:n]) >= needed * (1 - 1e-12):
            return n
    return 0
