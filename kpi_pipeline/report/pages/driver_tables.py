"""One part of page 4: days beyond the geometric mean by service line and DRG, outlier stays apart.

Small numbers are withheld here as in the rest of the report. Not here: the other parts (`build_drivers`), the sums
themselves (`improvement/excess_days`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence

from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED, ExcessDays, ExcessTable
from kpi_pipeline.judgement.disclosure import Sum, Withheld, withhold_counts
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.words.numbers import (
    MISSING,
    capitalised,
    fewer_than,
    format_number,
)
from kpi_pipeline.report.words.phrases import WITHHELD

_ALL, _OTHER = "All", "Other"
_MOST_SERVICE_LINES, _MOST_DRGS = 9, 5
_LONGEST_NAME = 64

_KEPT_CAPITALS = re.compile(r"\b(mcc|cc|mv|hiv|ecmo|cde|pdx|o\.r\.|aicd|tpa|ami|dvt|gi)(?!\w)", re.I)
"""Abbreviations in MS-DRG titles that stay in capitals."""


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
        words = words[:_LONGEST_NAME].rsplit(" ", 1)[0] + "…"
    return f"{code} {words}".rstrip()
