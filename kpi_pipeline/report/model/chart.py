"""The words and points a chart, a sparkline or an icon is made of: the smaller half of the report model.

Lives here: chart points, icons, sparklines. Text types are `core.texts`.
Not here: pages (`page`), positions on paper (`drawing`), how signals are found (`signals/`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kpi_pipeline.core.text import texts
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Better
from kpi_pipeline.report.model.texts import Label, Words

MetricId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
FacilityId = texts.Label
"""As the hospital writes it, with blanks and accents; intake refuses what cannot be printed."""
MonthKey = Annotated[str, Field(pattern=r"^[12]\d{3}-(0[1-9]|1[0-2])$")]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
"""A number a chart can place: never NaN or infinite, and bounded so that no sum of two overflows."""

PointClass = Literal["common_cause", "improvement", "concern", "neither"]
VariationIcon = Literal[
    "common_cause",
    "improvement_high",
    "improvement_low",
    "concern_high",
    "concern_low",
    "neither_high",
    "neither_low",
    "empty",
]
AssuranceIcon = Literal["passing", "failing", "hit_or_miss", "none"]


class Frozen(BaseModel):
    """The base of every part of the report model: nothing unknown gets in, nothing changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class VariationMark(Frozen):
    """The variation icon and the word printed beside it: `concern, high`."""

    icon: VariationIcon
    word: Words


class AssuranceMark(Frozen):
    """The assurance icon and the word printed beside it: `hit or miss`."""

    icon: AssuranceIcon
    word: Words


class ChartPoint(Frozen):
    """One month of a series. `value` None is a missing month: the line breaks there, it is never 0.

    hollow: the month is not final yet; ghosted: a person has taken the point out of the calculation.
    target is the one valid in that month. in_baseline: one of the months the limits were computed from.
    """

    month: MonthKey
    value: Finite | None = None
    centre: Finite | None = None
    lower: Finite | None = None
    upper: Finite | None = None
    target: Finite | None = None
    point_class: PointClass = "common_cause"
    hollow: bool = False
    ghosted: bool = False
    in_baseline: bool = False


class Annotation(Frozen):
    """Something that happened: a lettered flag above its month."""

    month: MonthKey
    letter: Annotated[str, Field(pattern=r"^[A-Z]$")]
    text: Words


class Sparkline(Frozen):
    """A small trend without axes. `alt` says in words what it shows."""

    points: tuple[ChartPoint, ...]
    alt: Words
    empty_words: Words = "No values yet"

    @model_validator(mode="after")
    def _months_follow_each_other(self) -> Self:
        _check_months(self.points)
        return self


class Chart(Frozen):
    """One control chart: points, phases and the words in its right gutter.

    phase_starts: first month of each later phase (the first phase needs none). The labels are printed as
    they are, at the height of the last point that has that line; None prints no label. `alt` is the finding.
    tick_prefix, tick_suffix and decimals shape the axis numbers, which geometry chooses. is_straight: centre, limits
    and target run straight from month to month (a fitted line) instead of in steps.
    """

    metric: MetricId
    facility_id: FacilityId = WHOLE_SYSTEM
    better: Better
    unit: Label
    decimals: Annotated[int, Field(ge=0, le=4)] = 1
    tick_prefix: Literal["", "$"] = ""
    tick_suffix: Literal["", "%"] = ""
    points: tuple[ChartPoint, ...]
    phase_starts: tuple[MonthKey, ...] = ()
    is_straight: bool = False
    annotations: Annotated[tuple[Annotation, ...], Field(max_length=6)] = ()
    upper_label: Words | None = None
    centre_label: Words | None = None
    lower_label: Words | None = None
    target_label: Words | None = None
    latest_label: Words | None = None
    alt: Words
    empty_words: Words = "No values yet"

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        _check_months(self.points)
        months = [point.month for point in self.points]
        if list(self.phase_starts) != sorted(set(self.phase_starts)) or not set(self.phase_starts) <= set(months[1:]):
            raise ValueError("phase_starts must be months of the chart after the first, each once, in order")
        if not {annotation.month for annotation in self.annotations} <= set(months):
            raise ValueError("annotations must lie in months of the chart")
        return self


class FunnelMark(Frozen):
    """One unit of a funnel: its size, its value, and its name only where it lies outside the outer limits."""

    size: Annotated[float, Field(gt=0, le=1e12)]
    value: Finite
    point_class: PointClass = "common_cause"
    label: Label | None = None


class FunnelCurve(Frozen):
    """The limits at one size."""

    size: Annotated[float, Field(gt=0, le=1e12)]
    lower_95: Finite
    upper_95: Finite
    lower_998: Finite
    upper_998: Finite


class Funnel(Frozen):
    """Units by size, between limits that narrow with size. No ranks: the order of the marks is that of the sizes."""

    alt: Words
    size_heading: Words
    unit: Label
    decimals: Annotated[int, Field(ge=0, le=4)] = 1
    tick_suffix: Literal["", "%"] = ""
    centre: Finite
    centre_label: Words
    marks: Annotated[tuple[FunnelMark, ...], Field(min_length=1)]
    curve: Annotated[tuple[FunnelCurve, ...], Field(min_length=2)]


def _check_months(points: tuple[ChartPoint, ...]) -> None:
    indices = [int(point.month[:4]) * 12 + int(point.month[5:]) for point in points]
    if any(later - earlier != 1 for earlier, later in pairwise(indices)):
        raise ValueError("points must be consecutive months; a missing month is a point without a value")
