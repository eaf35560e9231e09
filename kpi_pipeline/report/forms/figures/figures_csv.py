"""figures.csv: every figure the report prints, one row each, for whoever wants to check it. RFC 4180, UTF-8.

A withheld number is the word `withheld`, a missing one is empty; never 0.
"""

from __future__ import annotations

import csv
import io

from kpi_pipeline.core.text.spreadsheets import guarded
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.forms.figures.page_figure import PageFigure
from kpi_pipeline.report.forms.figures.page_figures import page_figures
from kpi_pipeline.report.words.phrases import WITHHELD
from kpi_pipeline.report.words.reasons import missing_words

COLUMNS = (
    "figure_id",
    "metric",
    "version",
    "facility_id",
    "month",
    "numerator",
    "denominator",
    "value",
    "unit",
    "maturity",
    "status",
    "target",
    "variation",
    "assurance",
    "snapshot",
    "lower",
    "upper",
    "first_month",
    "last_month",
)


def write_figures_csv(judged: Judged) -> str:
    """The text of figures.csv: the charted months of the chosen facility, then the facilities of the same month.

    variation and assurance stand in the row of the month the icons were taken from. Then, without a metric, the figures
    of the pages on drivers and the programme, with their 95 % intervals.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for measure in judged.system.values():
        printed = _printed(judged, measure)
        rows = [_row(judged, measure, figure) for figure in printed] or [_empty_row(judged, measure)]
        writer.writerows([guarded(cell) for cell in row] for row in rows)
    for figure in page_figures(judged):
        writer.writerow([guarded(cell) for cell in _page_row(judged, figure)])
    return target.getvalue()


def _printed(judged: Judged, measure: Measure) -> list[Figure]:
    charted = [figure for month in measure.months if (figure := measure.figures.get(month)) is not None]
    headline = measure.headline
    if not judged.scope.is_system or headline is None:
        return charted
    place = (measure.metric.name, headline.month)
    return charted + [
        one for one in judged.figures if (one.metric, one.month) == place and one.facility_id != WHOLE_SYSTEM
    ]


def _empty_row(judged: Judged, measure: Measure) -> list[str]:
    """A measure without figures: its name and why."""
    known = {
        "figure_id": f"{measure.metric.name}/{judged.scope.facility_id}",
        "metric": measure.metric.name,
        "version": str(measure.metric.version),
        "facility_id": judged.scope.facility_id,
        "unit": measure.metric.unit,
        "status": missing_words(measure.metric, measure.missing),
        "snapshot": judged.snapshot_id,
    }
    return [known.get(column, "") for column in COLUMNS]


def _row(judged: Judged, measure: Measure, figure: Figure) -> list[str]:
    metric, result = measure.metric, measure.result
    is_own = figure.facility_id == judged.scope.facility_id
    has_icons = result is not None and is_own and figure.month == measure.decided_month
    goal = judged.targets.target_of(metric, figure.month, facility_id=figure.facility_id)
    return [
        figure.id,
        metric.name,
        str(figure.version),
        figure.facility_id,
        str(figure.month),
        _cell(figure.numerator),
        _cell(figure.denominator),
        _cell(figure.value),
        metric.unit,
        figure.maturity,
        "withheld" if isinstance(figure.value, Withheld) else figure.status,
        "" if goal is None or metric.better == "neither" else repr(goal.value),
        result.variation if has_icons and result is not None else "",
        result.assurance if has_icons and result is not None else "",
        judged.snapshot_id,
        *[""] * 4,
    ]


def _page_row(judged: Judged, figure: PageFigure) -> list[str]:
    """A figure of the pages on drivers and the programme: of no measure's month, so `metric` is empty."""
    first, last = figure.months or ("", "")
    known = {
        "figure_id": figure.figure_id,
        "facility_id": judged.scope.facility_id,
        "month": str(judged.scope.month),
        "value": _cell(figure.value),
        "unit": figure.unit,
        "status": "withheld" if isinstance(figure.value, Withheld) else "computed",
        "snapshot": judged.snapshot_id,
        "lower": _cell(figure.lower),
        "upper": _cell(figure.upper),
        "first_month": str(first),
        "last_month": str(last),
    }
    return [known.get(column, "") for column in COLUMNS]


def _cell(number: Number) -> str:
    if number is None:
        return ""
    if isinstance(number, Withheld):
        return WITHHELD
    return str(int(number)) if number == int(number) else repr(round(number, 9))
