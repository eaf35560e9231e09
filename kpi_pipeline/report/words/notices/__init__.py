"""The sentence of each notice of a build: for the report's last page, the command line and the docs alike.

Not here: what is noticed and when (`intake`, `warehouse`), who may be told its counts (`judgement.records`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.notices.arrivals import ARRIVALS
from kpi_pipeline.report.words.notices.codes import CODES, PLANNED_COUNTED_IN, counts_planned_returns
from kpi_pipeline.report.words.notices.department import DEPARTMENT
from kpi_pipeline.report.words.notices.feeds import FEEDS
from kpi_pipeline.report.words.notices.files import FILES
from kpi_pipeline.report.words.notices.identity import IDENTITY
from kpi_pipeline.report.words.notices.patterns import PATTERNS
from kpi_pipeline.report.words.notices.stays import STAYS
from kpi_pipeline.report.words.notices.times import TIMES
from kpi_pipeline.report.words.numbers import capitalised
from kpi_pipeline.warehouse.supply import UNPLANNED_RETURNS

SENTENCES: Mapping[str, Callable[[Notice], str]] = {
    **FILES,
    **ARRIVALS,
    **FEEDS,
    **IDENTITY,
    **PATTERNS,
    **CODES,
    **STAYS,
    **TIMES,
    **DEPARTMENT,
}
"""One sentence for each kind of `core.notices.KINDS`."""


def notice_sentence(notice: Notice) -> str:
    """The notice in a sentence or two: where, what was found, what follows from it, what to do."""
    return SENTENCES[notice.kind](notice)


def caution_words(metric: Metric, notices: Iterable[Notice]) -> str | None:
    """What must stand beside a figure of this measure because of what the build noticed; None where nothing must."""
    if UNPLANNED_RETURNS in metric.needs and any(counts_planned_returns(one) for one in notices):
        return f"{capitalised(PLANNED_COUNTED_IN)}."
    return None
