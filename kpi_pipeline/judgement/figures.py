"""The figures a report may print: one record per metric, facility and month, with what must be withheld taken out.

Everything the report says is built from these records, so a number withheld here is nowhere: not in a sentence,
a chart, an alternative text or the attached table. Not here: words (`words.sentences`), signals (`measures`), which
numbers
are withheld (`small_numbers`), the attached table itself (`figures_csv`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure import Number
from kpi_pipeline.metrics.compute import BEFORE_DATA
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric

Maturity = Literal["open", "provisional", "final"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric at one facility in one month, as far as the reader may know it.

    value, lower and upper are on the printed scale. n_listed: cases the metric lists; exclusions: reason → cases
    left out, the cases without full follow-up among them; n_counted: the rest. is_incomplete: fewer of its cases
    than usual have their data (see `metrics.completeness`). plotted_numerator and plotted_denominator are for computing
    limits only; they are None when the value may not be known. n_event_patients: patients behind the events
    of the numerator, for protecting them only; None where it is not known.
    """

    metric: str
    version: int
    facility_id: str
    month: Month
    numerator: Number
    denominator: Number
    value: Number
    lower: float | None
    upper: float | None
    maturity: Maturity
    status: str
    status_reason: str
    n_listed: Number
    n_counted: Number
    exclusions: Mapping[str, Number] = field(default_factory=dict)
    plotted_numerator: float | None = None
    plotted_denominator: float | None = None
    is_incomplete: bool = False
    n_event_patients: float | None = None

    @property
    def id(self) -> str:
        """`measure/place/month`: what figures.csv, the report and `kpi explain` call it."""
        return f"{self.metric}/{self.facility_id}/{self.month}"

    @property
    def number(self) -> float | None:
        """The value when there is one to print."""
        return self.value if isinstance(self.value, float) else None

    @property
    def n_immature(self) -> Number:
        """Cases left out because their follow-up is not complete."""
        return self.exclusions.get(INSUFFICIENT_FOLLOWUP, 0.0)

    @property
    def is_final(self) -> bool:
        """Whether every case of the month has its full follow-up."""
        return self.maturity == "final"


def read_figures(
    values: pd.DataFrame, exclusions: pd.DataFrame, metrics: Mapping[str, Metric], months: Collection[Month]
) -> list[Figure]:
    """The records of those months, nothing withheld.

    Rows of metrics that could not be computed are left out, and so are months from before the data began.
    """
    wanted = {str(month) for month in months}
    left_out: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for row in exclusions.to_dict("records"):
        if row["month"] in wanted:
            key = (row["metric"], row["facility_id"], row["month"])
            left_out[key][row["exclusion_reason"]] = float(row["n_cases"])
    return [
        _figure(row, left_out.get((row["metric"], row["facility_id"], row["month"]), {}), metrics[row["metric"]])
        for row in values.to_dict("records")
        if row["metric"] in metrics and row["month"] in wanted and row["status"] != BEFORE_DATA
    ]


def _figure(row: Mapping[Hashable, Any], left_out: Mapping[str, float], metric: Metric) -> Figure:
    reasons = {reason: left_out.get(reason, 0.0) for reason in metric.exclusions} | dict(left_out)
    if metric.matures_after_days and INSUFFICIENT_FOLLOWUP not in reasons:
        reasons[INSUFFICIENT_FOLLOWUP] = float(row["n_immature"])
    numerator, denominator = _number(row["numerator"]), _number(row["denominator"])
    value = _number(row["value"])
    return Figure(
        metric=metric.name,
        version=int(row["version"]),
        facility_id=str(row["facility_id"]),
        month=Month.parse(row["month"]),
        numerator=numerator,
        denominator=denominator,
        value=value,
        lower=_number(row["lower"]),
        upper=_number(row["upper"]),
        maturity=row["maturity"],
        status=row["status"],
        status_reason=row["status_reason"],
        n_listed=float(row["n_cases"]),
        n_counted=float(row["n_cases"]) - sum(reasons.values()),
        exclusions=reasons,
        plotted_numerator=numerator if value is not None else None,
        plotted_denominator=denominator if value is not None else None,
        is_incomplete=bool(row["is_incomplete"]),
        n_event_patients=_number(row.get("n_event_patients")),
    )


def _number(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
