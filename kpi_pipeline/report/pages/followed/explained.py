"""How the newest figure of each measure was counted, in lines: for those who may see every count, inside the house.

Not here: cases (`kpi explain --cases`, which writes down who asked), what moved a figure since it was shown.
"""

from __future__ import annotations

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model.chart import Frozen, MetricId
from kpi_pipeline.report.model.texts import Label, Words
from kpi_pipeline.report.words.followed.explained import figure_lines


class ExplainedFigure(Frozen):
    """One figure: its id as `kpi explain` takes it, and what it was counted from."""

    metric: MetricId
    figure_id: Label
    title: Words
    lines: tuple[Words, ...]


def build_explained(judged: Judged) -> tuple[ExplainedFigure, ...]:
    """The newest figure of each measure; none where small numbers are withheld: a waterfall holds many of them."""
    if judged.scope.withholds:
        return ()
    found = []
    for measure in judged.system.values():
        figure = measure.headline
        if figure is None:
            continue
        place = "all hospitals" if figure.facility_id == WHOLE_SYSTEM else figure.facility_id
        title, *lines = [line for line in figure_lines(figure, measure.metric, place=place) if line]
        found.append(ExplainedFigure(metric=measure.metric.name, figure_id=figure.id, title=title, lines=tuple(lines)))
    return tuple(found)
