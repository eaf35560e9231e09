"""One part of page 4: what of a change since the year before is mix, other cases, and what is rate, the same ones.

Not here: the other parts (`build_drivers`), the sums themselves (`improvement/decomposition`).
"""

from __future__ import annotations

import pandas as pd

from kpi_pipeline.core.rounding import round_half_up
from kpi_pipeline.improvement.drivers.collect import Drivers, MixChange
from kpi_pipeline.improvement.drivers.decomposition import Amount, RatioChange, decompose_ratio
from kpi_pipeline.judgement.disclosure import is_small
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.pages.driver_tables import drg_name
from kpi_pipeline.report.words.numbers import (
    MISSING,
    capitalised,
    format_bare,
    format_count,
    format_number,
    format_value,
)
from kpi_pipeline.report.words.phrases import mid_sentence, subject

_ALL, _OTHER, _ALL_OTHER = "All", "Other", "All others"
_MOST_KINDS = 5


def build_mix_block(inputs: ReportInputs, drivers: Drivers) -> Block | None:
    """Why cost per case, or the length of stay, is not what it was a year before: other cases, or the same ones."""
    change = drivers.mix_change
    if change is None:
        return None
    metric = inputs.metrics[change.metric]
    least = max(inputs.settings.min_denominator, inputs.settings.small_number_threshold if inputs.withholds else 1)
    before, after = _large_kinds(change, least)
    if len(before) < 2:
        return None
    split = decompose_ratio(before, after, scale=metric.scale)
    decimals = metric.decimals
    old, new = round_half_up(split.before, decimals), round_half_up(split.after, decimals)
    moved, mix = round_half_up(new - old, decimals), round_half_up(split.mix, decimals)
    rate = round_half_up(moved - mix, decimals)
    title, first = subject(metric.title), drivers.first_month
    side = "higher than" if moved > 0 else "lower than"
    compared = f"{format_value(abs(moved), metric)} {side}" if moved else "the same as"
    sentence = (
        f"{title} was {format_value(new, metric)} from {first.name} to {drivers.last_month.name}, {compared} in "
        f"the twelve months before ({format_value(old, metric)}). Mix, which kinds of cases there were, "
        f"{_adds(mix, metric)}; rate, what the same kinds of cases came to, {_adds(rate, metric)}. "
        "The two parts sum to the change exactly."
    )
    n_cases = _sum(after, set(after)).denominator
    is_too_close = (
        inputs.withholds and drivers.drgs is not None and _are_close(inputs, n_cases, drivers.drgs.total.n_stays)
    )
    kind = "MS-DRG" if change.by == "drg_code" else "service line"
    n_other = _number_in_other(change, before)
    note = "This divides the change that was seen; whether it is more than chance is for the control chart to say."
    if n_other:
        few = format_count(n_other, "kinds with too few cases")
        note += f" All others includes {few} for a figure of their own."
    return Block(
        heading=_mix_heading(title, moved, mix, rate, metric),
        paragraphs=(sentence,),
        tables=() if is_too_close else (_mix_table(split, before, after, metric, drivers, change, kind),),
        notes=(note,),
    )


def _mix_heading(title: str, moved: float, mix: float, rate: float, metric: Metric) -> str:
    if moved == 0:
        return f"{title}: the same as a year before"
    size = format_value(abs(moved), metric)
    finding = f"{title}: {size} {'higher' if moved > 0 else 'lower'} than a year before"
    if mix * rate < 0:
        return f"{finding}; mix and rate pull in opposite directions"
    return f"{finding}, most of it {'mix' if abs(mix) > abs(rate) else 'rate'}" if mix != rate else finding


def hides_number_of_discharges(inputs: ReportInputs, drivers: Drivers) -> bool:
    """Whether all discharges less those of a table would tell a small number of stays."""
    if not inputs.withholds:
        return False
    others = [] if drivers.drgs is None else [float(drivers.drgs.total.n_stays)]
    others += [] if drivers.mix_change is None else [float(drivers.mix_change.after["n_cases"].sum())]
    return any(_are_close(inputs, drivers.n_discharges, other) for other in others)


def _are_close(inputs: ReportInputs, one: float, other: float) -> bool:
    return is_small(abs(one - other), inputs.settings.small_number_threshold)


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
        str(row["category"]): Amount(float(row["numerator"]), float(row["n_cases"])) for row in year.to_dict("records")
    }


def _sum(year: dict[str, Amount], names: set[str]) -> Amount:
    own = [amount for name, amount in year.items() if name in names]
    return Amount(sum(one.numerator for one in own), sum(one.denominator for one in own))


def _number_in_other(change: MixChange, kinds: dict[str, Amount]) -> int:
    return len({*change.before["category"], *change.after["category"]} - {*kinds, ""})


def _mix_table(
    split: RatioChange,
    before: dict[str, Amount],
    after: dict[str, Amount],
    metric: Metric,
    drivers: Drivers,
    change: MixChange,
    kind: str,
) -> Table:
    """The kinds of cases that moved the figure most, the rest, and the whole."""
    largest = sorted(
        (one for one in split.categories if one.category != _OTHER), key=lambda one: (-abs(one.total), one.category)
    )[:_MOST_KINDS]
    shown = {one.category for one in largest}
    rest = [one for one in split.categories if one.category not in shown]

    def row(name: str, categories: set[str], mix: float, rate: float) -> tuple[str, ...]:
        old, new = _sum(before, categories), _sum(after, categories)
        figures = tuple(
            format_bare(metric.scale * one.numerator / one.denominator, metric) if one.denominator else MISSING
            for one in (old, new)
        )
        counts = (format_number(old.denominator), format_number(new.denominator))
        return (name, *counts, *figures, _signed(mix, metric), _signed(rate, metric))

    def name_of(category: str) -> str:
        return drg_name(category, drivers.drg_titles) if change.by == "drg_code" else capitalised(category)

    rows = [row(name_of(one.category), {one.category}, one.mix, one.rate) for one in largest]
    if rest:
        others = {one.category for one in rest}
        rows.append(row(_ALL_OTHER, others, sum(one.mix for one in rest), sum(one.rate for one in rest)))
    rows.append(row(_ALL, {*before, *after}, split.mix, split.rate))
    figure = "cost per case" if metric.unit == "usd" else "mean"
    return Table(
        caption=f"The kinds of cases that moved {mid_sentence(metric.title)} most: {metric.denominator_noun} and "
        f"{figure}, in the year before and now",
        columns=(
            Column(heading=kind[:1].upper() + kind[1:]),
            Column(heading="Cases before", numeric=True),
            Column(heading="Cases now", numeric=True),
            Column(heading=f"{capitalised(figure)} before", numeric=True),
            Column(heading="Now", numeric=True),
            Column(heading="Mix", numeric=True),
            Column(heading="Rate", numeric=True),
        ),
        rows=tuple(rows),
    )


def _adds(part: float, metric: Metric) -> str:
    size = format_value(abs(part), metric)
    return "adds nothing" if part == 0 else f"{'adds' if part > 0 else 'takes away'} {size}"


def _signed(value: float, metric: Metric) -> str:
    """A change with its sign: `+$120`, `−0.31`; none for zero."""
    text = format_bare(value, metric)
    return f"+{text}" if round_half_up(value, metric.decimals) > 0 else text
