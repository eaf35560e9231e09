"""Invented monthly series for the sample report: November 2024 to October 2026, every state a chart can show.

The classes and limits stand here as a reader of the chart would expect them; they are not computed by `signals`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from kpi_pipeline.core.periods import Month
from kpi_pipeline.report.model import Annotation, Better, Chart, ChartPoint, Sparkline, VariationIcon

LAST_MONTH = Month(2026, 10)


@dataclass(frozen=True)
class Series:
    """One measure's numbers. `classes` and `hollow` are by index; `steps` splits phases; None is a missing month."""

    metric: str
    title: str
    unit: str
    decimals: int
    better: Better
    values: tuple[float | None, ...]
    target: float | None = None
    target_from: int = 0
    earlier_target: float | None = None
    steps: tuple[int, ...] = ()
    classes: dict[int, Literal["improvement", "concern", "neither"]] = field(default_factory=dict)
    hollow: frozenset[int] = frozenset()
    ghosted: frozenset[int] = frozenset()
    wobble: float = 0.0
    annotations: tuple[Annotation, ...] = ()
    prefix: Literal["", "$"] = ""
    suffix: Literal["", "%"] = ""
    icon: VariationIcon = "common_cause"

    def months(self) -> list[str]:
        return [str(LAST_MONTH.plus(index + 1 - len(self.values))) for index in range(len(self.values))]

    def text(self, value: float) -> str:
        return f"{self.prefix}{value:,.{self.decimals}f}{self.suffix}"

    def points(self) -> tuple[ChartPoint, ...]:
        return tuple(
            self._point(index, month, value)
            for index, (month, value) in enumerate(zip(self.months(), self.values, strict=True))
        )

    def _point(self, index: int, month: str, value: float | None) -> ChartPoint:
        first = max((step for step in (0, *self.steps) if step <= index), default=0)
        end = min((step for step in self.steps if step > index), default=len(self.values))
        known = [
            number
            for place, number in enumerate(self.values[first:end], start=first)
            if number is not None and place not in self.hollow | self.ghosted
        ]
        centre = sum(known) / len(known) if known else None
        ranges = [abs(b - a) for a, b in pairwise(known)]
        half = 2.66 * sum(ranges) / len(ranges) if ranges else 0.0
        half *= 1 + self.wobble * ((index * 7) % 5 - 2) / 10
        target = self.target if index >= self.target_from else self.earlier_target
        if centre is None or (value is None and self.wobble):
            return ChartPoint(month=month, value=value, target=target)
        return ChartPoint(
            month=month,
            value=value,
            centre=centre,
            lower=max(0.0, centre - half),
            upper=centre + half,
            target=target,
            point_class=self.classes.get(index, "common_cause"),
            hollow=index in self.hollow,
            ghosted=index in self.ghosted,
        )

    def sparkline(self) -> Sparkline:
        return Sparkline(points=self.points(), alt=f"{self.title}, 24 months to October 2026")

    def chart(self, alt: str) -> Chart:
        points = self.points()
        last = next((point for point in reversed(points) if point.value is not None), None)
        limits = next((point for point in reversed(points) if point.centre is not None), None)
        sign = {"lower": "≤ ", "higher": "≥ ", "neither": ""}[self.better]
        return Chart(
            metric=self.metric,
            better=self.better,
            unit=self.unit,
            decimals=self.decimals,
            tick_prefix=self.prefix,
            tick_suffix=self.suffix,
            points=points,
            phase_starts=tuple(self.months()[step] for step in self.steps),
            annotations=self.annotations,
            upper_label=f"Upper limit {self.text(limits.upper or 0)}" if limits else None,
            centre_label=f"Mean {self.text(limits.centre or 0)}" if limits else None,
            lower_label=f"Lower limit {self.text(limits.lower or 0)}" if limits and limits.lower else None,
            target_label=f"Target {sign}{self.text(self.target)}" if self.target is not None else None,
            latest_label=f"Latest {self.text(last.value or 0)}" if last else None,
            alt=alt,
        )


LENGTH_OF_STAY = Series(
    "length_of_stay_days", "Average length of stay", "days", 2, "lower",
    (5.26, 5.48, 5.23, 5.41, 5.35, 5.43, 5.29, 5.28, 5.36, 5.12, 5.33, 5.19,
     5.32, 5.36, 4.81, 4.84, 5.04, 4.81, 4.78, 4.96, 4.94, 4.92, 4.79, 4.78),
    target=4.8, target_from=9, earlier_target=5.0, steps=(14,), icon="improvement_low",
    classes=dict.fromkeys(range(14, 24), "improvement"),
    annotations=(
        Annotation(month="2026-01", letter="A", text="Daily multidisciplinary rounds, all medical units"),
        Annotation(month="2026-03", letter="B", text="Discharge lounge opens"),
    ),
)  # fmt: skip
READMISSION = Series(
    "readmission_30d", "30-day unplanned readmissions", "%", 1, "lower",
    (14.8, 15.6, 15.3, 16.0, 14.9, 15.8, 13.6, 15.4, 13.7, 15.6, 14.9, 15.2,
     14.4, 15.1, 14.4, 14.6, None, 14.0, 13.8, 14.4, 13.9, 13.5, 14.0, 12.9),
    target=14.0, wobble=1.0, suffix="%", hollow=frozenset({23}), icon="improvement_low",
    classes=dict.fromkeys((17, 18, 20, 21, 22), "improvement"),
)  # fmt: skip
AVOIDABLE_DAYS = Series(
    "avoidable_days_per_100_discharges", "Avoidable days per 100 discharges", "per 100", 1, "lower",
    (20.9, 20.6, 21.0, 20.3, 20.5, 20.1, 21.2, 19.7, 22.1, 19.2, 19.3, 22.0,
     20.4, 21.4, 19.9, 19.7, 20.2, 24.2, 23.6, 23.5, 26.2, 25.8, 23.6, 25.4),
    target=18.0, wobble=0.6, icon="concern_high",
    classes=dict.fromkeys(range(17, 24), "concern"),
    annotations=(Annotation(month="2026-04", letter="A", text="Two skilled-nursing partners close admissions"),),
)  # fmt: skip
DENIALS = Series(
    "denials_per_100_discharges", "Denials per 100 discharges", "per 100", 1, "lower",
    (6.7, 6.9, 6.8, 6.1, 7.2, 7.6, 7.3, 7.1, 6.6, 7.5, 7.2, 6.5,
     7.0, 6.6, 7.4, 6.7, 7.1, 7.6, 6.9, 6.8, 7.4, 7.5, 7.0, 7.0),
    target=6.0, wobble=0.8,
)  # fmt: skip
ASSESSMENT = Series(
    "initial_assessment_within_24h", "Initial assessment within 24 hours", "%", 1, "higher",
    (91.2, 92.0, 90.8, 91.7, 92.4, 91.1, 90.6, 92.2, 91.9, 91.0, 92.6, 91.4,
     90.9, 92.1, 91.6, 92.3, 91.2, 92.8, 91.5, 92.0, 91.8, 92.5, 91.3, 92.2),
    target=90.0, wobble=0.5, suffix="%",
)  # fmt: skip
COST = Series(
    "case_mix_adjusted_cost_per_case_usd", "Cost per case, case mix adjusted", "USD", 0, "lower",
    (9120, 9240, 9075, 9310, 9180, 9060, 9225, 9150, 9290, 9105, 9170, 9245,
     9080, 9195, 9260, 9040, 9155, 9235, 9110, 9205, 9290, 9150, 9085, 9210),
    target=9000.0, prefix="$", ghosted=frozenset({8}),
)  # fmt: skip
CASE_MIX = Series(
    "case_mix_index", "Case mix index", "index", 3, "neither",
    (1.612, 1.598, 1.621, 1.605, 1.633, 1.617, 1.609, 1.628, 1.602, 1.619, 1.611, 1.624,
     1.607, 1.615, 1.630, 1.622, 1.641, 1.648, 1.655, 1.662, 1.659, 1.668, 1.673, 1.681),
    classes=dict.fromkeys(range(18, 24), "neither"), icon="neither_high",
)  # fmt: skip
DISCHARGES = Series(
    "discharges", "Discharges", "discharges", 0, "neither",
    (1588, 1641, 1672, 1519, 1660, 1604, 1633, 1587, 1615, 1649, 1571, 1622,
     1596, 1655, 1680, 1532, 1668, 1611, 1640, 1594, 1627, 1658, 1580, 1612),
)  # fmt: skip
CASELOAD = Series(
    "caseload_per_case_manager", "Patients per case manager on shift", "cases", 1, "lower",
    (None,) * 19 + (21.4, 22.0, 20.8, 21.7, 22.3), icon="empty",
)  # fmt: skip
LENGTH_OF_STAY_INDEX = Series(
    "length_of_stay_index",
    "Length of stay index, observed to expected",
    "index",
    2,
    "lower",
    (None,) * 24,
    icon="empty",
)
TOTAL_COST = Series(
    "total_cost_per_case_usd", "Total cost per case", "USD", 0, "lower",
    (14710, 14770, 14730, 14890, 15010, 14660, 14820, 14900, 14880, 14730, 14760, 15040,
     14590, 14850, 15080, 14660, 15020, 15230, 15070, 15310, 15400, 15260, 15190, 15480),
    prefix="$", classes=dict.fromkeys(range(18, 24), "concern"), icon="concern_high",
)  # fmt: skip

ALL_SERIES = (
    LENGTH_OF_STAY, LENGTH_OF_STAY_INDEX, AVOIDABLE_DAYS, DISCHARGES, READMISSION, COST, TOTAL_COST, CASE_MIX,
    DENIALS, ASSESSMENT, CASELOAD,
)  # fmt: skip
