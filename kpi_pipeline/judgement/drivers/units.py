"""The units of the hospital on a funnel: which may be shown, and which lie outside. No ranks."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from kpi_pipeline.core.text.texts import unmistakable_name
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.drivers.collect import FEWEST_KNOWN, Drivers
from kpi_pipeline.judgement.disclosure import Sum, Withheld, withhold_table
from kpi_pipeline.judgement.disclosure.tables import total_last
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.signals import FunnelPoint, FunnelResult, evaluate_funnel

_FEWEST_UNITS = 3
_ALL = "All"


@dataclass(frozen=True, slots=True)
class JudgedUnits:
    """One proportion by unit, standardised for diagnosis group and age.

    n_left_out: units not shown for too few cases. n_not_known: not shown because they cannot be adjusted: diagnosis
    group or age of too many of their cases is not known. Such a unit would be its own yardstick and never stand out.
    """

    metric: Metric
    result: FunnelResult
    n_left_out: int
    n_not_known: int = 0

    @property
    def outside(self) -> tuple[FunnelPoint, ...]:
        """The units outside the outer limits, by name."""
        return tuple(sorted((point for point in self.result.points if point.is_outside), key=lambda point: point.name))


def judge_units(inputs: ReportInputs, drivers: Drivers) -> JudgedUnits | None:
    """The funnel; None with fewer than three units to show."""
    if drivers.units is None:
        return None
    metric = inputs.metrics[drivers.units.metric]
    rows = [row for row in drivers.units.units.to_dict("records") if row["denominator"] > 0]
    hidden = _withheld(inputs, rows)
    large = [
        row
        for place, row in enumerate(rows)
        if row["unit_id"] != "" and row["denominator"] >= inputs.settings.min_denominator and place not in hidden
    ]
    shown = [row for row in large if row["share_known"] >= FEWEST_KNOWN]
    if len(shown) < _FEWEST_UNITS:
        return None
    n_units = sum(1 for row in rows if row["unit_id"] != "")
    overall = sum(row["numerator"] for row in rows) / sum(row["denominator"] for row in rows)
    result = evaluate_funnel(
        [_standardised(row, overall) for row in shown],
        [row["denominator"] for row in shown],
        names=[_unit_name(inputs, row) for row in shown],
        better=metric.better,
        value_scale=metric.scale,
    )
    return JudgedUnits(metric, result, n_units - len(large), len(large) - len(shown))


def _standardised(row: dict[Hashable, Any], overall: float) -> float:
    """Observed over expected, times the overall rate, of the unit's cases: what it would have with everybody's
    patients."""
    if not row["expected"] > 0:
        return float(row["numerator"])
    ratio = float(row["numerator"]) / float(row["expected"])
    return min(ratio * overall, 1.0) * float(row["denominator"])


def _unit_name(inputs: ReportInputs, row: dict[Hashable, Any]) -> str:
    if inputs.facility_id != WHOLE_SYSTEM:
        return unmistakable_name(str(row["unit_name"]))
    return unmistakable_name(f"{row['unit_name']}, {row['facility_name']}")


def _withheld(inputs: ReportInputs, rows: Sequence[dict[Hashable, Any]]) -> dict[Hashable, Withheld]:
    """The units (by place) whose counts may not be known: a small numerator, remainder or size, and their complement.

    The total is taken to be known, because monthly figures of the whole are printed elsewhere.
    """
    if not inputs.withholds:
        return {}
    kinds: list[dict[Hashable, float]] = [
        {_ALL: float(sum(count))} | dict(enumerate(count))
        for count in (
            [row["denominator"] for row in rows],
            [row["numerator"] for row in rows],
            [row["denominator"] - row["numerator"] for row in rows],
        )
    ]
    return withhold_table(
        kinds,
        [Sum(_ALL, tuple(range(len(rows))))],
        threshold=inputs.settings.small_number_threshold,
        reluctance=total_last(_ALL),
    )
