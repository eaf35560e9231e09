"""Which rows of a table would tell, less what an earlier issue printed of it, how few patients came or went since."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure.page_cells import table_cell, table_months
from kpi_pipeline.judgement.disclosure.publication import Cell
from kpi_pipeline.judgement.disclosure.shown import moved_little, was_left_out
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex


def rows_moved_little(
    inputs: ReportInputs,
    figures: FigureIndex,
    rows: Mapping[Hashable, tuple[str, float]],
    *,
    spans: Mapping[Hashable, tuple[Month, Month]] | None = None,
) -> set[Hashable]:
    """The rows that may not be printed for what was printed before; none where nothing is withheld, or was printed.

    rows: row → the id of its figure and how many it counts. spans: row → the months it is over, where those are not
    the report's own: of such tables a row that is withheld stands in no file, and one that an issue of the same months
    left out counts as withheld by it.
    """
    if not inputs.withholds or not inputs.shown.tables:
        return set()
    shown_from = inputs.month.plus(1 - inputs.settings.report.months_shown)
    own = [month for (_, place), known in figures.items() if place == inputs.facility_id for month in known]
    months = table_months(min((one for one in own if one >= shown_from), default=inputs.month), inputs.month)
    counts: dict[Hashable, tuple[Cell, float]] = {}
    for row, (figure_id, count) in rows.items():
        of_row = months if spans is None else table_months(*spans[row])
        cell = table_cell(figure_id, inputs.facility_id, of_row)
        assert cell is not None, figure_id
        counts[row] = (cell, count)
    moved = moved_little(inputs.shown, counts, threshold=inputs.settings.small_number_threshold)
    if spans is None:
        return moved
    newest = str(inputs.month)
    return moved | {row for row, (cell, count) in counts.items() if count and was_left_out(inputs.shown, cell, newest)}
