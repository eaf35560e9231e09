"""Invented figures for report tests: a hospital system whose monthly numbers are set by hand or drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.compute import EXCLUSION_COLUMNS, VALUE_COLUMNS
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric
from kpi_pipeline.report.model import ExceptionPage, Report, ScorecardRow, SmallMultiple
from kpi_pipeline.warehouse.facts import (
    BuildFacts,
    FunnelStep,
    LedgerRow,
    QuarantineReason,
    ReferenceUsed,
    Watermark,
)
from tests.support.frozen_metrics import FROZEN_METRICS

LAST = Month(2026, 10)
METRICS = FROZEN_METRICS

LOS, DENIALS, ASSESSMENT = "length_of_stay_days", "denials_per_100_discharges", "initial_assessment_within_24h"
READMISSION, AVOIDABLE = "readmission_30d", "avoidable_days_per_100_discharges"

USUAL_RATIO = {
    "readmission_30d": 0.14,
    "length_of_stay_days": 4.9,
    "length_of_stay_index": 1.02,
    "total_cost_per_case_usd": 14_000.0,
    "case_mix_adjusted_cost_per_case_usd": 9_100.0,
    "case_mix_index": 1.52,
    "discharges": 1.0,
    "avoidable_days_per_100_discharges": 0.18,
    "denials_per_100_discharges": 0.06,
    "initial_assessment_within_24h": 0.90,
    "caseload_per_case_manager": 18.0,
}
"""Numerator ÷ denominator in an ordinary month."""

Ratio = Callable[[int], float]
"""Month's place in the series (0 is the first) → numerator ÷ denominator."""

FACTS = BuildFacts(
    snapshot_id="3fa9c27be1d04455",
    built_at=datetime(2026, 11, 6, 8, 30, tzinfo=UTC),
    source="canonical",
    source_title="Canonical layout",
    caveats=(),
    warnings=(),
    watermarks=(Watermark("A", "Lakeside", date(2026, 10, 31), "declared in landing.yaml"),),
    ledger=(LedgerRow("encounters", 1, 60_120, 60_000, 90, 30, 0),),
    quarantine_reasons=(QuarantineReason("encounters", "missing_admitted_at", "admitted_at is empty.", 90),),
    stays=(FunnelStep("Encounters in use", 60_000), FunnelStep("Acute inpatient stays", 43_200)),
    reference_tables=(ReferenceUsed("drg_weights", "MS-DRG weights", "FY2026", 772, "CMS IPPS Table 5"),),
)


def report_inputs(
    ratios: Mapping[str, Ratio] | None = None,
    *,
    months: int = 36,
    discharges: float | Mapping[str, float] = 1_200.0,
    facilities: Sequence[str] = ("A",),
    seed: int = 7,
    exclusions: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None,
    metrics: Mapping[str, Metric] = METRICS,
    last: Month = LAST,
    **more: Any,
) -> ReportInputs:
    """Inputs in which every metric wobbles about its usual ratio, unless `ratios` says otherwise.

    discharges: a month, or facility → a month. exclusions: metric → facility → reason → cases in each month.
    """
    ratios, exclusions = ratios or {}, exclusions or {}
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for name, metric in metrics.items():
        for at, month in enumerate(month_range(last.plus(1 - months), last)):
            per_facility = []
            for facility in facilities:
                size = discharges[facility] if isinstance(discharges, Mapping) else discharges
                ratio = ratios[name](at) if name in ratios else USUAL_RATIO[name] * (1 + 0.02 * rng.standard_normal())
                reasons = dict(exclusions.get(name, {}).get(facility, {}))
                if metric.matures_after_days == 30 and month == last:
                    reasons[INSUFFICIENT_FOLLOWUP] = round(size * 0.65)
                per_facility.append(_sums(metric, facility, size, ratio, reasons))
            for sums in [*per_facility, _whole(per_facility)]:
                rows.append(_row(metric, month, sums, last))
                left_out += [
                    dict(zip(EXCLUSION_COLUMNS, (name, sums["facility_id"], str(month), reason, n), strict=True))
                    for reason, n in sums["reasons"].items()
                    if n
                ]
    inputs = ReportInputs(
        metrics=metrics,
        values=pd.DataFrame(rows, columns=list(VALUE_COLUMNS)),
        exclusions=pd.DataFrame(left_out, columns=list(EXCLUSION_COLUMNS)),
        facts=FACTS,
        settings=Settings(hospital_name="Example Regional Medical Center"),
        month=last,
    )
    return replace(inputs, **more)


def step(before: float, after: float, months_ago: int, months: int = 36) -> Ratio:
    """A level that changed so many months ago, with an even wobble of 1%."""
    wobble = lambda at: 1.01 if at % 2 else 0.99  # noqa: E731
    return lambda at: (after if at >= months - months_ago else before) * wobble(at)


EVENTFUL: dict[str, Ratio] = {
    LOS: step(5.3, 4.7, 6),
    DENIALS: step(0.050, 0.075, 7),
    ASSESSMENT: step(0.80, 0.80, 0),
    AVOIDABLE: step(0.17, 0.17, 0),
}
"""Length of stay down for six months, denials up for seven, assessments below target throughout."""


def eventful(**more: object) -> ReportInputs:
    return report_inputs(EVENTFUL, **more)


def rows(report: Report) -> dict[str, ScorecardRow]:
    return {row.metric: row for group in report.scorecard.groups for row in group.rows}


def panels(report: Report) -> dict[str, SmallMultiple]:
    assert report.small_multiples is not None
    return {panel.metric: panel for panel in report.small_multiples.panels}


def pages(report: Report) -> dict[str, ExceptionPage]:
    return {page.metric: page for page in report.exceptions}


def not_supplied(inputs: ReportInputs, metric: str, *, status: str, reason: str) -> ReportInputs:
    """The same inputs with one metric that has no values at all."""
    values = inputs.values[inputs.values["metric"] != metric]
    row = dict.fromkeys(VALUE_COLUMNS, float("nan")) | {
        "metric": metric,
        "version": 1,
        "facility_id": "all",
        "month": "",
        "maturity": "final",
        "status": status,
        "status_reason": reason,
        "n_cases": 0,
        "n_excluded": 0,
        "n_immature": 0,
    }
    exclusions = inputs.exclusions[inputs.exclusions["metric"] != metric]
    return replace(inputs, values=pd.concat([values, pd.DataFrame([row])], ignore_index=True), exclusions=exclusions)


def _sums(metric: Metric, facility: str, size: float, ratio: float, reasons: dict[str, int]) -> dict[str, Any]:
    counted = round(size) - sum(reasons.values())
    if metric.kind == "count":
        counted = round(size * ratio)
        numerator, denominator = float(counted), float("nan")
    else:
        denominator = float(counted)
        numerator = ratio * denominator
        if metric.kind in ("proportion", "rate") or metric.name == "length_of_stay_days":
            numerator = float(round(numerator))
    return {
        "facility_id": facility,
        "numerator": numerator,
        "denominator": denominator,
        "counted": counted,
        "reasons": reasons,
    }


def _whole(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for part in parts:
        for reason, n in part["reasons"].items():
            reasons[reason] = reasons.get(reason, 0) + n
    total = {key: sum(part[key] for part in parts) for key in ("numerator", "denominator", "counted")}
    return {"facility_id": "all", **total, "reasons": reasons}


def _row(metric: Metric, month: Month, sums: Mapping[str, Any], last: Month) -> dict[str, Any]:
    counted, excluded = sums["counted"], sum(sums["reasons"].values())
    immature = sums["reasons"].get(INSUFFICIENT_FOLLOWUP, 0)
    is_shown = counted > 0 if metric.kind == "count" else counted >= 25
    value = sums["numerator"] if metric.kind == "count" else metric.scale * sums["numerator"] / (counted or 1)
    final = not (month == last and metric.matures_after_days == 30)
    return {
        "metric": metric.name,
        "version": metric.version,
        "facility_id": sums["facility_id"],
        "month": str(month),
        "numerator": sums["numerator"],
        "denominator": sums["denominator"],
        "value": value if is_shown else float("nan"),
        "lower": float("nan") if not is_shown or metric.kind == "count" else 0.9 * value,
        "upper": float("nan") if not is_shown or metric.kind == "count" else 1.1 * value,
        "maturity": "final" if final else "provisional",
        "status": "ok" if is_shown else "too_few",
        "status_reason": "" if is_shown else "few_cases:25",
        "n_cases": counted + excluded,
        "n_excluded": excluded,
        "n_immature": immature,
        "is_incomplete": False,
    }
