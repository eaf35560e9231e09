"""What of a change since the year before is mix, other cases, and what is rate, the same ones; small kinds gathered.

Not here: the split itself (`improvement.drivers.decomposition`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up, round_parts
from kpi_pipeline.improvement.drivers.collect import Drivers, MixChange
from kpi_pipeline.improvement.drivers.decomposition import Amount, RatioChange, decompose_ratio
from kpi_pipeline.improvement.drivers.mix_chance import PartIntervals, part_intervals
from kpi_pipeline.judgement.disclosure import is_small
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex
from kpi_pipeline.judgement.printed_rows import rows_moved_little
from kpi_pipeline.metrics.declaration import Metric

_OTHER = "Other"
_MOST_KINDS = 5


@dataclass(frozen=True, slots=True)
class MixRow:
    """One kind of case, the rest, or the whole; on the printed scale, with what it adds by mix and by rate."""

    role: Literal["kind", "rest", "whole"]
    category: str
    n_before: float
    n_after: float
    before: float | None
    after: float | None
    mix: float
    rate: float


@dataclass(frozen=True, slots=True)
class JudgedMix:
    """A metric's change since the year before, as printed: old + moved = new, mix + rate = moved.

    first, last: the months of the newer year, of which months_back months before the report's own are the last.
    chance: the change, its mix and its rate with what chance alone makes of them; None where that is not known.
    rows: empty where the table would tell a small number of cases. n_small_kinds: kinds gathered for too few cases.
    """

    metric: Metric
    by: str
    first: Month
    last: Month
    months_back: int
    old: float
    new: float
    moved: float
    mix: float
    rate: float
    chance: PartIntervals | None
    rows: tuple[MixRow, ...]
    n_small_kinds: int


def mix_of(inputs: ReportInputs, drivers: Drivers) -> MixChange | None:
    """Which split this reader gets. Copies that withhold compare tables of the report's own months, so theirs end with
    it."""
    change = drivers.mix_change
    return drivers.mix_to_date if inputs.withholds and change is not None and change.months_back else change


def judge_mix(
    inputs: ReportInputs, figures: FigureIndex, drivers: Drivers, change: MixChange | None
) -> JudgedMix | None:
    """The split; None where either year lacks kinds of cases large enough."""
    if change is None:
        return None
    metric = inputs.metrics[change.metric]
    threshold = inputs.settings.small_number_threshold
    least = max(inputs.settings.min_denominator, threshold if inputs.withholds else 1)
    before, after = _large_kinds(change, least)
    if len(before) < 2:
        return None
    split = decompose_ratio(before, after, scale=metric.scale)
    decimals = metric.decimals
    old, new = round_half_up(split.before, decimals), round_half_up(split.after, decimals)
    moved, mix = round_half_up(new - old, decimals), round_half_up(split.mix, decimals)
    rate = round_half_up(moved - mix, decimals)
    n_cases = _sum(after, set(after)).denominator
    is_too_close = (
        inputs.withholds and drivers.drgs is not None and is_small(abs(n_cases - drivers.drgs.total.n_stays), threshold)
    )
    rows = _rows(split, before, after, metric, mix=mix, rate=rate)
    return JudgedMix(
        metric=metric,
        by=change.by,
        first=drivers.first_month.plus(-change.months_back),
        last=drivers.last_month.plus(-change.months_back),
        months_back=change.months_back,
        old=old,
        new=new,
        moved=moved,
        mix=mix,
        rate=rate,
        chance=part_intervals(split, before, after, scale=metric.scale),
        rows=() if is_too_close or _moved(inputs, figures, metric, rows) else rows,
        n_small_kinds=len({*change.before["category"], *change.after["category"]} - {*before, ""}),
    )


def _moved(inputs: ReportInputs, figures: FigureIndex, metric: Metric, rows: Sequence[MixRow]) -> bool:
    """Whether a kind of case that an earlier issue printed moved by few since."""
    named = {"kind": "", "rest": "all others", "whole": "all"}
    counts: dict[Hashable, tuple[str, float]] = {}
    for row in rows:
        part = f"drivers/mix_and_rate/{metric.name}/{named[row.role] or row.category}"
        counts[(row.role, row.category, "now")] = (f"{part}/cases", row.n_after)
        counts[(row.role, row.category, "then")] = (f"{part}/cases_year_before", row.n_before)
    return bool(rows_moved_little(inputs, figures, counts))


def _rows(
    split: RatioChange,
    before: Mapping[str, Amount],
    after: Mapping[str, Amount],
    metric: Metric,
    *,
    mix: float,
    rate: float,
) -> tuple[MixRow, ...]:
    """The kinds of cases that moved the figure most, the rest, and the whole; mix and rate: of the whole, printed."""
    largest = sorted(
        (one for one in split.categories if one.category != _OTHER), key=lambda one: (-abs(one.total), one.category)
    )[:_MOST_KINDS]
    shown = {one.category for one in largest}
    rest = [one for one in split.categories if one.category not in shown]

    def row(role: Literal["kind", "rest", "whole"], name: str, categories: set[str], mix: float, rate: float) -> MixRow:
        old, new = _sum(before, categories), _sum(after, categories)
        values = [metric.scale * one.numerator / one.denominator if one.denominator else None for one in (old, new)]
        return MixRow(role, name, old.denominator, new.denominator, values[0], values[1], mix, rate)

    rows = [row("kind", one.category, {one.category}, one.mix, one.rate) for one in largest]
    if rest:
        others = {one.category for one in rest}
        rows.append(row("rest", "", others, sum(one.mix for one in rest), sum(one.rate for one in rest)))
    mixes = round_parts([one.mix for one in rows], metric.decimals, total=mix)
    rates = round_parts([one.rate for one in rows], metric.decimals, total=rate)
    kinds = [replace(one, mix=part, rate=other) for one, part, other in zip(rows, mixes, rates, strict=True)]
    return (*kinds, row("whole", "", {*before, *after}, mix, rate))


def _large_kinds(change: MixChange, least: int) -> tuple[dict[str, Amount], dict[str, Amount]]:
    """Both years by kind of case; kinds of few cases in either year are together in "Other", which has enough."""
    years = [_amounts(change.before), _amounts(change.after)]
    fewest = {
        name: min(year[name].denominator if name in year else 0.0 for year in years) for name in {*years[0], *years[1]}
    }
    gathered = {name for name, count in fewest.items() if count < least or name == ""}
    by_size = sorted(fewest.keys() - gathered, key=lambda name: (fewest[name], name))
    while gathered and by_size and any(_sum(year, gathered).denominator < least for year in years):
        gathered.add(by_size.pop(0))
    kinds = []
    for year in years:
        named = {name: amount for name, amount in year.items() if name not in gathered}
        kinds.append(named | ({_OTHER: _sum(year, gathered)} if gathered else {}))
    return kinds[0], kinds[1]


def _amounts(year: pd.DataFrame) -> dict[str, Amount]:
    return {
        str(row["category"]): Amount(float(row["numerator"]), float(row["n_cases"]), float(row["squares"]))
        for row in year.to_dict("records")
    }


def _sum(year: Mapping[str, Amount], names: set[str]) -> Amount:
    own = [amount for name, amount in year.items() if name in names]
    squares = [one.squares for one in own]
    return Amount(
        sum(one.numerator for one in own),
        sum(one.denominator for one in own),
        None if None in squares else sum(one for one in squares if one is not None),
    )
