"""One part of page 4: net days against the expected stay by service line and DRG, with intervals; outliers apart.

Not here: the other parts (`drivers`), which rows there are and what is withheld (`judgement.drivers.excess`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kpi_pipeline.core.text.language import format_number
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.excess import ExcessRow, JudgedExcess
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.words.numbers import MISSING, capitalised, small_count_words
from kpi_pipeline.report.words.phrases import WITHHELD, span_words

_MOST_NAMED = 3
_LONGEST_NAME = 64

_KEPT_CAPITALS = re.compile(r"\b(mcc|cc|mv|hiv|ecmo|cde|pdx|o\.r\.|aicd|tpa|ami|dvt|gi)(?!\w)", re.I)
"""Abbreviations in MS-DRG titles that stay in capitals."""


def build_excess_blocks(drivers: JudgedDrivers) -> tuple[Block, ...]:
    """Service lines and DRGs by net days, most first."""
    blocks = []
    lines, drgs = drivers.service_lines, drivers.drgs
    if lines is not None and lines.is_shown:
        table = _excess_table(lines, "Service line", capitalised)
        blocks.append(Block(heading=excess_finding(lines, span_words(drivers.n_months)), tables=(table,)))
    if drgs is not None and drgs.is_shown:
        words = (
            "Expected is the arithmetic mean stay of the MS-DRG (CMS, IPPS Table 5); net days are days stayed less "
            "days expected, and may be below zero. Observed ÷ expected is drawn towards the mean of all by as much "
            "as a group is small; without that, some would look high or low by chance. Outliers stayed more than "
            f"{format_number(OUTLIER_MULTIPLE)} times the geometric mean; they are part of the net days."
        )
        if isinstance(drivers.n_without_expected, float) and drivers.n_without_expected:
            words += f" {format_number(drivers.n_without_expected)} discharges have no such DRG and are left out."
        table = _excess_table(drgs, "MS-DRG", lambda code: drg_name(code, drivers.drg_titles))
        blocks.append(Block(heading="MS-DRGs with the most net days", tables=(table,), notes=(words,)))
    return tuple(blocks)


def excess_finding(judged: JudgedExcess, span: str) -> str:
    """What the groups show: which lie above expected beyond chance, or where all stays together lie.

    span: over how long, such as `the year`.
    """
    if judged.above:
        names = join_words([_group_name(group) for group in judged.above[:_MOST_NAMED]])
        more = len(judged.above) - _MOST_NAMED
        others = f" and {small_count_words(more)} more" if more > 0 else ""
        return f"Longer than expected beyond chance: {names}{others}"
    total = judged.total.days
    days = format_number(abs(total.net.value))
    if total.ratio.upper < 1:
        return f"Stays are shorter than expected, by {days} days in {span}"
    if total.ratio.lower > 1:
        return f"Stays are longer than expected, by {days} days in {span}; no service line stands out"
    return "No service line stays longer than expected beyond chance"


def _group_name(group: str) -> str:
    return "stays without a service line" if group == UNGROUPED else group


def _excess_table(judged: JudgedExcess, heading: str, name_of: Callable[[str], str]) -> Table:
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
        rows=tuple(_excess_row(row, name_of) for row in (*judged.rows, judged.total)),
    )


def _excess_row(row: ExcessRow, name_of: Callable[[str], str]) -> tuple[str, ...]:
    group = row.days
    name = "All" if row.is_total else group.group if row.is_rest or group.group == UNGROUPED else name_of(group.group)
    cells = (
        format_number(group.n_stays),
        format_number(row.printed_days),
        MISSING if row.is_rest else f"{format_number(group.net.lower)} to {format_number(group.net.upper)}",
        format_number((group.shrunk_ratio or group.ratio).value, 2),
    )
    if row.days_withheld:
        cells = (WITHHELD, WITHHELD, MISSING, MISSING)
    outliers = (format_number(group.n_outliers), format_number(row.printed_outlier_days))
    if row.outliers_withheld:
        outliers = (WITHHELD, MISSING)
    return (name, *cells, *outliers)


def drg_name(code: str, titles: Mapping[str, str]) -> str:
    """A DRG as a reader would write it: `291 Heart failure and shock with MCC`; a long title ends in an ellipsis."""
    title = titles.get(code, "")
    words = _KEPT_CAPITALS.sub(lambda match: match[0].upper(), capitalised(title.lower()))
    if len(words) > _LONGEST_NAME:
        words = words[:_LONGEST_NAME].rsplit(" ", 1)[0] + "…"
    return f"{code} {words}".rstrip()
