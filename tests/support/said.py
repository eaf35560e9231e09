"""What a reader is told: the sentences of a build's notices, as the command line and the report print them."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.core.notices import KINDS, Notice
from kpi_pipeline.report.words.charts.chart_warnings import chart_warning_sentence, laney_sentence
from kpi_pipeline.report.words.notices import notice_sentence
from kpi_pipeline.signals import ChartResult


def said(notices: Iterable[Notice]) -> tuple[str, ...]:
    return tuple(notice_sentence(one) for one in notices)


def example(kind: str, count: int = 12) -> Notice:
    """A notice of a kind with everything it may hold."""
    shape = KINDS[kind]
    texts = {name: f"the {name}" for name in ("file", "table", "facility_id") if name in shape.fields.split()}
    columns = ("first", "second") if "columns" in shape.fields.split() else ()
    numbers = {"unit": "rows", "files": "2", "header_row": "3", "ignored": "7", "month": "2026-05"}
    numbers |= {"months": "3", "year": "2026", "first_month": "2026-05", "last_month": "2026-06"}
    details = {name: numbers.get(name, "2026-10-31") for name in shape.details.split()}
    return Notice(kind, **texts, columns=columns, counts=dict.fromkeys(shape.counts.split(), count), details=details)


def drawn(result: ChartResult) -> str:
    """How a p′ or u′ chart was drawn, in words; empty for others."""
    return "" if result.laney is None else laney_sentence(result.laney)


def warned(result: ChartResult) -> tuple[str, ...]:
    """The sentences of a chart's warnings, as a reader meets them."""
    return tuple(chart_warning_sentence(one) for one in result.warnings)
