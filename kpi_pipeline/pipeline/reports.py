"""Many months' reports side by side: for a backfill, where one process would draw them one after the other.

Each worker is a fresh process with one renderer that lives as long as it does. Not here: one report (`report`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import Privacy, ReportForm
from kpi_pipeline.journal import read_report_decisions
from kpi_pipeline.pipeline.report import WrittenReport, write_report

_FEWEST_SIDE_BY_SIDE = 3
"""Fewer reports are done sooner than further processes are started."""
_MOST_WORKERS = 8
"""Each takes some 500 MB."""


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
    write = partial(
        write_report,
        warehouse,
        out=out,
        facility=facility,
        privacy=privacy,
        settings=settings,
        decided=decided,
        forms=forms,
    )
    n_workers = min(workers or os.cpu_count() or 1, _MOST_WORKERS, len(months))
    if n_workers < 2 or len(months) < _FEWEST_SIDE_BY_SIDE:
        for month in months:
            yield month, write(month)
        return
    write = partial(write, settings=settings.model_copy(update={"threads": 1}))  # a core has a worker already
    with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn")) as pool:
        waiting: list[tuple[Month, Future[WrittenReport]]] = [(month, pool.submit(write, month)) for month in months]
        try:
            for month, one in waiting:
                yield month, one.result()
        finally:
            pool.shutdown(cancel_futures=True)
