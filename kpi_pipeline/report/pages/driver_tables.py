"""One part of page 4: days beyond the geometric mean by service line and DRG, outlier stays apart.

Not here: the other parts (`drivers`), which rows there are and what is withheld (`judgement.drivers.excess`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kpi_pipeline.improvement.drivers.excess_days import OUTLIER_MULTIPLE, UNGROUPED
from kpi_pipeline.judgement.drivers import JudgedDrivers
from kpi_pipeline.judgement.drivers.excess import ExcessRow, JudgedExcess
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_number
from kpi_pipeline.report.words.phrases import WITHHELD

_LONGEST_NAME = 64

_KEPT_CAPITALS = re.compile(r"\b(mcc|cc|mv|hiv|ecmo|cde|pdx|o\.r\.|aicd|tpa|ami|dvt|gi)(?!\w)", re.I)
"""Abbreviations in MS-DRG titles that stay in capitals."""


def build_excess_blocks(drivers: JudgedDrivers) -> tuple[Block, ...]:
    """Service lines and DRGs with the most days beyond the geometric mean, outlier stays apart."""
    blocks = []
    lines, drgs = drivers.service_lines, drivers.drgs
    if lines is not None and lines.is_shown:
        name = (
            "Stays without a service line carry" if lines.first == UNGROUPED else f"{capitalised(lines.first)} carries"
        )
        share = format_number(lines.first_share_pct)
        blocks.append(
            Block(
                heading=f"{name} {share}% of the days beyond the geometric mean stay",
                tables=(_excess_table(lines, "Service line", capitalised),),
            )
        )
    if drgs is not None and drgs.is_shown:
        words = (
            "The geometric mean is that of the stay's MS-DRG (CMS, IPPS Table 5). Stays of more than "
            f"{format_number(OUTLIER_MULTIPLE)} times it are outliers: their days stand in the last column only."
        )
        if isinstance(drivers.n_without_expected, float) and drivers.n_without_expected:
            words += f" {format_number(drivers.n_without_expected)} discharges have no such DRG and are left out."
        table = _excess_table(drgs, "MS-DRG", lambda code: drg_name(code, drivers.drg_titles))
        blocks.append(
            Block(heading="MS-DRGs with the most days beyond the geometric mean stay", tables=(table,), notes=(words,))
        )
    return tuple(blocks)


def _excess_table(judged: JudgedExcess, heading: str, name_of: Callable[[str], str]) -> Table:
    total = judged.total.days.excess_days
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
        rows=tuple(_excess_row(row, total, name_of) for row in (*judged.rows, judged.total)),
    )


def _excess_row(row: ExcessRow, total: float, name_of: Callable[[str], str]) -> tuple[str, ...]:
    group = row.days
    name = "All" if row.is_total else group.group if row.is_rest or group.group == UNGROUPED else name_of(group.group)
    cells = (
        format_number(group.n_stays),
        format_number(group.excess_days),
        f"{format_number(100 * group.excess_days / total)}%",
        format_number(group.excess_days / group.n_stays, 2),
    )
    if row.days_withheld:
        cells = (WITHHELD, WITHHELD, MISSING, MISSING)
    outliers = (format_number(group.n_outliers), format_number(group.outlier_excess_days))
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
