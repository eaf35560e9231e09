"""restated.csv: every figure of the issue before that is another one now, one row for each cause. RFC 4180, UTF-8."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.spreadsheets import guarded
from kpi_pipeline.judgement.restated.ledger import Part, RestatedFigure
from kpi_pipeline.report.words.phrases import WITHHELD

COLUMNS = (
    "figure_id",
    "metric",
    "facility_id",
    "month",
    "was_final",
    "version_then",
    "version_now",
    "value_then",
    "value_now",
    "cause",
    "n_cases",
    "numerator_change",
    "denominator_change",
    "value_change",
    "columns",
)


def write_restated_csv(
    figures: Iterable[RestatedFigure], *, causes_only: frozenset[tuple[str, str, Month]] = frozenset()
) -> str:
    """The text of restated.csv. causes_only: figures whose numbers by cause are withheld."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in figures:
        hidden = (one.metric, one.facility_id, one.month) in causes_only
        writer.writerows([guarded(cell) for cell in row] for row in _rows(one, hidden))
    return target.getvalue()


def _rows(one: RestatedFigure, hidden: bool) -> Iterator[Sequence[str]]:
    figure = (
        f"{one.metric}/{one.facility_id}/{one.month}",
        one.metric,
        one.facility_id,
        str(one.month),
        "yes" if one.was_final else "no",
        str(one.version_then),
        str(one.version_now),
        _number(one.value_then),
        _number(one.value_now),
    )
    for part in one.parts:
        yield (*figure, part.cause, *([WITHHELD] * 4 if hidden else _numbers(part)), " ".join(part.columns))


def _numbers(part: Part) -> list[str]:
    return [str(part.n_cases), _number(part.numerator), _number(part.denominator), _number(part.value)]


def _number(number: float | None) -> str:
    return "" if number is None else repr(round(number, 9))
