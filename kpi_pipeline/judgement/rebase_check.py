"""Tests recorded rebases against the stored values: those behind a report, and a new one before it is recorded.

The test itself is `signals.rebase`; here its series is found. Pure: no file, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.rebases import Rebase, rebases_of
from kpi_pipeline.judgement.figures import Figure, read_figures
from kpi_pipeline.judgement.series import judge_rebases
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.signals.rebase import RebaseCheck


def check_rebases(
    rebases: Iterable[Rebase],
    *,
    values: pd.DataFrame,
    exclusions: pd.DataFrame,
    metrics: Mapping[str, Metric],
    facility_id: str,
    rules: str,
    frozen_months: int | None,
) -> tuple[list[Fault], list[RebaseCheck]]:
    """Why recorded rebases of one facility's charts may not stand, and the checks of those that may.

    Each is tested on the whole history known when it was decided, whatever part of it a chart shows.
    """
    recorded = tuple(rebases)
    rebased = {one.metric for one in recorded if one.facility_id == facility_id}
    chosen = {name: metric for name, metric in metrics.items() if name in rebased}
    faults: list[Fault] = []
    allowed: list[RebaseCheck] = []
    for name, figures in _histories(values, exclusions, chosen, facility_id).items():
        own = rebases_of(recorded, name, facility_id)
        refused, checked = judge_rebases(chosen[name], figures, own, rules=rules, frozen_months=frozen_months)
        faults += refused
        allowed += checked
    return faults, allowed


def _histories(
    values: pd.DataFrame, exclusions: pd.DataFrame, metrics: Mapping[str, Metric], facility_id: str
) -> dict[str, dict[Month, Figure]]:
    months = [Month.parse(text) for text in sorted(set(values["month"]) - {""})]
    histories: dict[str, dict[Month, Figure]] = {name: {} for name in metrics}
    for figure in read_figures(values, exclusions, metrics, months):
        if figure.facility_id == facility_id:
            histories[figure.metric][figure.month] = figure
    return histories
