"""Many months' reports side by side: for a backfill, where one process would draw them one after the other.

Each worker loads the libraries, the measures and the renderer once, and makes each report in two copies of itself, one
after the other: the first reads and judges, the second draws. Each begins with all that is loaded and ends with its
work, so that drawing does not pay for what reading took, nor a report for what the one before it left. Not here: one
report (`report`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.forks import end_with_parent, in_a_copy
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import Privacy, ReportForm
from kpi_pipeline.journal import read_report_decisions
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.report import WrittenReport, draw_report, make_report, write_report
from kpi_pipeline.report.forms.renderer import prepare_to_draw

_COPIES = sys.platform == "linux"
"""Elsewhere a process may not be copied once it has loaded what draws text, or not at all."""
_FEWEST_SIDE_BY_SIDE = 3
"""Fewer reports are done sooner than further processes are started."""
_MOST_WORKERS = 8
"""Each takes some 400 MB."""


def write_reports(
    warehouse: Path,
    months: Sequence[Month],
    out: Path,
    *,
    facility: str | None = None,
    privacy: Privacy = "internal",
    settings: Settings = Settings(),
    workers: int | None = None,
    forms: Collection[ReportForm] = (),
) -> Iterator[tuple[Month, WrittenReport]]:
    """Writes the months' reports and gives each as it is due, in the order of the months.

    What is on record is read once, so that all of them rest on the same decisions. The files are those `write_report`
    would write, byte for byte. workers: processes; None is one a core. The first error stops the rest.
    """
    decided = read_report_decisions(warehouse, settings=settings)
    asked: dict[str, Any] = {"facility": facility, "privacy": privacy, "decided": decided, "forms": forms}
    if len(months) < _FEWEST_SIDE_BY_SIDE:
        for month in months:
            yield month, write_report(warehouse, month, out, settings=settings, **asked)
        return
    n_workers = min(workers or os.cpu_count() or 1, _MOST_WORKERS, len(months))
    if n_workers > 1:
        settings = settings.model_copy(update={"threads": 1})  # a core has a worker already
    write = partial(_write_in_copies if _COPIES else write_report, warehouse, out=out, settings=settings, **asked)
    begin = partial(_prepare, settings)
    with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"), initializer=begin) as pool:
        waiting: list[tuple[Month, Future[WrittenReport]]] = [(month, pool.submit(write, month)) for month in months]
        try:
            for month, one in waiting:
                yield month, one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _write_in_copies(warehouse: Path, month: Month, out: Path, *, settings: Settings, **more: Any) -> WrittenReport:
    """`write_report` in two copies of this process."""
    made = in_a_copy(partial(make_report, warehouse, month, settings=settings, **more))
    return in_a_copy(partial(draw_report, made, out, settings=settings))


def _prepare(settings: Settings) -> None:
    """What every report needs, loaded once by a worker. What cannot be loaded is each report's own error."""
    end_with_parent()
    with suppress(KpiError):
        load_metrics()
        prepare_to_draw(settings.report)
