"""One part of page 4: net days against the expected stay by service line and DRG, with intervals; outliers apart.

Small numbers are withheld here as in the rest of the report. Not here: the other parts (`build_drivers`), the sums
themselves (`improvement/excess_days`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence

from kpi_pipeline.core.texts import join_words
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED, ExcessDays, ExcessTable
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.disclosure import Sum, Withheld, withhold_counts
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.words.numbers import (
    MISSING,
    capitalised,
    fewer_than,
    format_number,
    small_count_words,
)
from kpi_pipeline.report.words.phrases import WITHHELD

_ALL, _OTHER = "All", "Other"
_MOST_SERVICE_LINES, _MOST_DRGS = 9, 5
_MOST_NAMED = 3
_LONGEST_NAME = 64

_KEPT_CAPITALS = re.compile(r"\b(mcc|cc|mv|hiv|ecmo|cde|pdx|o\.r\.|aicd|tpa|ami|dvt|gi)(?!\w)", re.I)
"""Abbreviations in MS-DRG titles that stay in capitals."""


def build_excess_blocks(inputs: ReportInputs, drivers: Drivers) -> tuple[Block, ...]:
    """Service lines and DRGs by net days, most first."""
    if drivers.drgs is None:
        return ()
    total = drivers.drgs.total
    blocks = []
    if drivers.service_lines is not None:
        table = _excess_table(inputs, drivers.service_lines, "Service line", capitalised, _MOST_SERVICE_LINES)
        if table is not None:
            blocks.append(Block(heading=excess_finding(drivers.service_lines), tables=(table,)))

    def name_of(code: str) -> str:
        return drg_name(code, drivers.drg_titles)

    table = _excess_table(inputs, drivers.drgs, "MS-DRG", name_of, _MOST_DRGS)
    if table is not None:
        times = format_number(OUTLIER_MULTIPLE)
        words = (
            "Expected is the arithmetic mean stay of the MS-DRG (CMS, IPPS Table 5); net days are days stayed less "
            "days expected, and may be below zero. Observed ÷ expected is drawn towards the mean of all by as much "
            "as a group is small; without that, some would look high or low by chance. Outliers stayed more than "
            f"{times} times the geometric mean; they are part of the net days."
        )
        if total.n_without_expected and not inputs.withholds:
            words += f" {format_number(total.n_without_expected)} discharges have no such DRG and are left out."
        blocks.append(Block(heading="MS-DRGs with the most net days", tables=(table,), notes=(words,)))
    return tuple(blocks)


def excess_finding(table: ExcessTable) -> str:
    """What the service lines show: who lies above expected beyond chance, or where all stays together lie."""
    above = [group for group in table.groups if group.is_above_expected]
    if above:
        names = join_words([_group_name(group.group) for group in above[:_MOST_NAMED]])
        more = len(above) - _MOST_NAMED
        others = f" and {small_count_words(more)} more" if more > 0 else ""
        return f"Longer than expected beyond chance: {names}{others}"
    days = format_number(abs(table.total.net.value))
    if table.total.ratio.upper < 1:
        return f"Stays are shorter than expected, by {days} days in the year"
    if table.total.ratio.lower > 1:
        return f"Stays are longer than expected, by {days} days in the year; no service line stands out"
    return "No service line stays longer than expected beyond chance"


def _group_name(group: str) -> str:
    return "stays without a service line" if group == UNGROUPED else group


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
        _excess_row(inputs, named.get(group.group, _ALL), group, hidden, hidden_outliers)
        for group in [*groups, table.total]
    ]
    return Table(
        caption="Most net days first; below zero is shorter than expected",
        columns=(
            Column(heading=heading),
            Column(heading="Discharges", numeric=True),
            Column(heading="Net days", numeric=True),
            Column(heading="95% interval", numeric=True),
            Column(heading="Observed ÷ expected", numeric=True),
            Column(heading="Outlier stays", numeric=True),
            Column(heading="Their net days", numeric=True),
        ),
        rows=tuple(rows),
    )


def _shown_groups(table: ExcessTable, n_shown: int) -> list[ExcessDays]:
    """The groups with the most net days, and the rest as one, whose interval is not known."""
    groups = list(table.groups)
    if len(groups) <= n_shown + 1:
        return groups
    rest = groups[n_shown:]

    def added(count: Callable[[ExcessDays], float]) -> float:
        return sum(count(group) for group in rest)

    net, expected = added(lambda one: one.net.value), added(lambda one: one.expected_days)
    other = ExcessDays(
        group=_OTHER,
        n_stays=int(added(lambda one: one.n_stays)),
        days=added(lambda one: one.days),
        expected_days=expected,
        net=Estimate(net, net, net),
        ratio=Estimate(1 + net / expected, 1 + net / expected, 1 + net / expected),
        shrunk_ratio=None,
        n_outliers=int(added(lambda one: one.n_outliers)),
        outlier_net_days=added(lambda one: one.outlier_net_days),
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

    hidden = withhold_counts(counted(lambda one: one.n_stays), sums, threshold=threshold, reluctance=last)
    outliers = withhold_counts(counted(lambda one: one.n_outliers), sums, threshold=threshold, reluctance=last)
    return hidden, outliers


def _excess_row(
    inputs: ReportInputs,
    name: str,
    group: ExcessDays,
    hidden: dict[Hashable, Withheld],
    hidden_outliers: dict[Hashable, Withheld],
) -> tuple[str, ...]:
    ratio = group.shrunk_ratio or group.ratio
    is_rest = group.group == _OTHER
    cells = (
        format_number(group.n_stays),
        format_number(group.net.value),
        MISSING if is_rest else f"{format_number(group.net.lower)} to {format_number(group.net.upper)}",
        format_number(ratio.value, 2),
    )
    if group.group in hidden:
        cells = (WITHHELD, WITHHELD, MISSING, MISSING)
    outliers = (format_number(group.n_outliers), format_number(group.outlier_net_days))
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
