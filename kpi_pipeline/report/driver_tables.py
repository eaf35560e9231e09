"""Two parts of page 4: days beyond the geometric mean by service line and DRG, and what is mix and what is rate.

Small numbers are withheld here as in the rest of the report. Not here: the other parts (`build_drivers`), the sums
themselves (`improvement/excess_days`, `improvement/decomposition`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence

import pandas as pd

from kpi_pipeline.improvement.decomposition import Amount, RatioChange, decompose_ratio
from kpi_pipeline.improvement.drivers import Drivers, MixChange
from kpi_pipeline.improvement.excess_days import OUTLIER_MULTIPLE, UNGROUPED, ExcessDays, ExcessTable
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.disclosure import Sum, Withheld, withhold_counts
from kpi_pipeline.report.inputs import ReportInputs
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.number_format import (
    MISSING,
    capitalised,
    fewer_than,
    format_bare,
    format_count,
    format_number,
    format_value,
    round_half_up,
)
from kpi_pipeline.report.phrases import WITHHELD, mid_sentence, subject

_ALL, _OTHER, _ALL_OTHER = "All", "Other", "All others"
_MOST_SERVICE_LINES, _MOST_DRGS, _MOST_KINDS = 9, 5, 5
_LONGEST_NAME = 64

_KEPT_CAPITALS = re.compile(r"\b(mcc|cc|mv|hiv|ecmo|cde|pdx|o\.r\.|aicd|tpa|ami|dvt|gi)(?!\w)", re.I)
"""Abbreviations in MS-DRG titles that stay in capitals."""


# ── days beyond the geometric mean ───────────────────────────────────────────────────────────────────────────


def build_excess_blocks(inputs: ReportInputs, drivers: Drivers) -> tuple[Block, ...]:
    """Service lines and DRGs with the most days beyond the geometric mean, outlier stays apart."""
    if drivers.drgs is None or drivers.drgs.total.excess_days <= 0:
        return ()
    total = drivers.drgs.total
    blocks = []
    if drivers.service_lines is not None:
        table = _excess_table(inputs, drivers.service_lines, "Service line", capitalised, _MOST_SERVICE_LINES)
        if table is not None:
            first = drivers.service_lines.groups[0]
            share = format_number(100 * first.excess_days / total.excess_days)
            name = (
                "Stays without a service line carry"
                if first.group == UNGROUPED
                else f"{capitalised(first.group)} carries"
            )
            blocks.append(Block(heading=f"{name} {share}% of the days beyond the geometric mean stay", tables=(table,)))

    def name_of(code: str) -> str:
        return drg_name(code, drivers.drg_titles)

    table = _excess_table(inputs, drivers.drgs, "MS-DRG", name_of, _MOST_DRGS)
    if table is not None:
        times = format_number(OUTLIER_MULTIPLE)
        words = (
            "The geometric mean is that of the stay's MS-DRG (CMS, IPPS Table 5). Stays of more than "
            f"{times} times it are outliers: their days stand in the last column only."
        )
        if total.n_without_expected and not inputs.withholds:
            words += f" {format_number(total.n_without_expected)} discharges have no such DRG and are left out."
        blocks.append(
            Block(heading="MS-DRGs with the most days beyond the geometric mean stay", tables=(table,), notes=(words,))
        )
    return tuple(blocks)


def _excess_table(
    inputs: ReportInputs, table: ExcessTable, heading: str, name_of: Callable[[str], str], n_shown: int
) -> Table | None:
    groups = _shown_groups(table, n_shown)
    hidden, hidden_outliers = _withheld(inputs, groups, table.total)
    if _ALL in hidden:
        return None
    named = {
        group.group: group.group if group.group in (_OTHER, UNGROUPED) else name_of(group.group) for group in groups
    }
    rows = [
        _excess_row(inputs, named.get(group.group, _ALL), group, table.total, hidden, hidden_outliers)
        for group in [*groups, table.total]
    ]
    return Table(
        caption="Most days first; outlier stays and their days apart",
        columns=(
            Column(heading=heading),
            Column(heading="Discharges", numeric=True),
            Column(heading="Days beyond", numeric=True),
            Column(heading="Share", numeric=True),
            Column(heading="Per discharge", numeric=True),
            Column(heading="Outlier stays", numeric=True),
            Column(heading="Their days beyond", numeric=True),
        ),
        rows=tuple(rows),
    )


def _shown_groups(table: ExcessTable, n_shown: int) -> list[ExcessDays]:
    """The largest groups, and the rest as one. Groups without a stay that has a geometric mean have no row."""
    groups = [group for group in table.groups if group.n_stays]
    if len(groups) <= n_shown + 1:
        return groups
    rest = groups[n_shown:]

    def added(count: Callable[[ExcessDays], float]) -> float:
        return sum(count(group) for group in rest)

    other = ExcessDays(
        group=_OTHER,
        n_stays=int(added(lambda one: one.n_stays)),
        n_over=int(added(lambda one: one.n_over)),
        days=added(lambda one: one.days),
        excess_days=added(lambda one: one.excess_days),
        net_days=added(lambda one: one.net_days),
        n_outliers=int(added(lambda one: one.n_outliers)),
        outlier_days=added(lambda one: one.outlier_days),
        outlier_excess_days=added(lambda one: one.outlier_excess_days),
        n_without_expected=int(added(lambda one: one.n_without_expected)),
    )
    return [*groups[:n_shown], other]


def _withheld(
    inputs: ReportInputs, groups: Sequence[ExcessDays], total: ExcessDays
) -> tuple[dict[Hashable, Withheld], dict[Hashable, Withheld]]:
    """Groups whose discharges and days may not be printed, and groups whose outliers may not."""
    if not inputs.withholds:
        return {}, {}
    threshold = inputs.settings.small_number_threshold
    sums = [Sum(_ALL, tuple(group.group for group in groups))]

    def counted(count: Callable[[ExcessDays], float]) -> dict[Hashable, float]:
        counts: dict[Hashable, float] = {group.group: float(count(group)) for group in groups}
        return counts | {_ALL: float(count(total))}

    def last(key: Hashable) -> int:
        return int(key == _ALL)

    stays, usual_over = counted(lambda one: one.n_stays), counted(lambda one: one.n_over - one.n_outliers)
    hidden: dict[Hashable, Withheld] = {}
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        for counts in (stays, usual_over):
            small = {key for key, why in hidden.items() if why is Withheld.SMALL}
            hidden = withhold_counts(counts, sums, threshold=threshold, also=hidden, reluctance=last)
            hidden |= dict.fromkeys(small, Withheld.SMALL)
    outliers = withhold_counts(counted(lambda one: one.n_outliers), sums, threshold=threshold, reluctance=last)
    return hidden, outliers


def _excess_row(
    inputs: ReportInputs,
    name: str,
    group: ExcessDays,
    total: ExcessDays,
    hidden: dict[Hashable, Withheld],
    hidden_outliers: dict[Hashable, Withheld],
) -> tuple[str, ...]:
    cells = (
        format_number(group.n_stays),
        format_number(group.excess_days),
        f"{format_number(100 * group.excess_days / total.excess_days)}%",
        format_number(group.excess_days / group.n_stays, 2),
    )
    if group.group in hidden:
        cells = (WITHHELD, WITHHELD, MISSING, MISSING)
    outliers = (format_number(group.n_outliers), format_number(group.outlier_excess_days))
    if group.group in hidden_outliers:
        is_little = hidden_outliers[group.group] is Withheld.SMALL
        outliers = (fewer_than(inputs.settings.small_number_threshold) if is_little else WITHHELD, MISSING)
    return (name, *cells, *outliers)


def drg_name(code: str, titles: Mapping[str, str]) -> str:
    """A DRG as a reader would write it: `291 Heart failure and shock with MCC`; a long title ends in an ellipsis."""
    title = titles.get(code, "")
    words = _KEPT_CAPITALS.sub(lambda match: match[0].upper(), capitalised(title.lower()))
    if len(words) > _LONGEST_NAME:
        words = words[:_LONGEST_NAME].rsplit(" ", 1)[0] + " …"
    return f"{code} {words}".rstrip()


# ── mix or rate ──────────────────────────────────────────────────────────────────────────────────────────────


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
    kind = "MS-DRG" if change.by == "drg_code" else "service line"
    n_other = _number_in_other(change, before)
    note = "This divides the change that was seen; whether it is more than chance is for the control chart to say."
    if n_other:
        few = format_count(n_other, "kinds with too few cases")
        note += f" All others includes {few} for a figure of their own."
    return Block(
        heading=_mix_heading(title, moved, mix, rate, metric),
        paragraphs=(sentence,),
        tables=(_mix_table(split, before, after, metric, drivers, change, kind),),
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
