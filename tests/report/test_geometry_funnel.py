"""Funnels: marks and limits lie inside the paper, only named units have a name, and names keep apart."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.report.drawing.charts import draw_control_chart
from kpi_pipeline.report.drawing.funnel import FunnelDrawing, draw_funnel
from kpi_pipeline.report.drawing.geometry import text_width
from kpi_pipeline.report.model import Chart, ChartPoint, Funnel, FunnelCurve, FunnelMark
from kpi_pipeline.signals import evaluate_funnel, funnel_limits


def funnel_of(units: list[tuple[float, float]], *, labels: dict[int, str] | None = None) -> Funnel:
    """Units of (numerator, denominator), in percent; labels by place."""
    result = evaluate_funnel([y for y, _ in units], [n for _, n in units], value_scale=100.0)
    sizes = [min(n for _, n in units) * 0.8, max(n for _, n in units) * 1.1]
    limits = funnel_limits(result, sizes)
    return Funnel(
        alt="A finding",
        size_heading="Discharges",
        unit="%",
        tick_suffix="%",
        centre=result.target,
        centre_label=f"Overall {result.target:.1f}%",
        marks=tuple(
            FunnelMark(size=point.denominator, value=point.value, label=(labels or {}).get(place))
            for place, point in enumerate(result.points)
        ),
        curve=tuple(
            FunnelCurve(
                size=size, lower_95=at.lower_95, upper_95=at.upper_95, lower_998=at.lower_998, upper_998=at.upper_998
            )
            for size, at in zip(sizes, limits, strict=True)
        ),
    )


def corners(drawing: FunnelDrawing) -> list[tuple[float, float]]:
    texts = [drawing.band, *drawing.outer, *(f"{mark.x},{mark.y}" for mark in drawing.marks)]
    return [(float(x), float(y)) for text in texts for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", text)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(500, 5000)), min_size=3, max_size=20))
def test_everything_lies_on_the_paper(units: list[tuple[float, float]]) -> None:
    drawing = draw_funnel(funnel_of([(y, n) for y, n in units] + [(10.0, 600.0)]))
    right, bottom = float(drawing.right), float(drawing.bottom)
    assert all(float(drawing.left) <= x <= right and 0 <= y <= bottom for x, y in corners(drawing))


def test_a_larger_unit_stands_further_right_and_a_higher_value_higher() -> None:
    small, large = draw_funnel(funnel_of([(50, 500), (300, 2000), (100, 1000)])).marks[:2]
    assert float(small.x) < float(large.x)
    assert float(small.y) > float(large.y)  # 10% below 15%


def test_only_named_units_have_a_name_beside_their_mark() -> None:
    drawing = draw_funnel(funnel_of([(50, 500), (600, 2000), (100, 1000)], labels={0: "Left", 1: "Right"}))
    assert [(name.text, name.anchor) for name in drawing.names] == [("Left", "start"), ("Right", "end")]
    assert float(drawing.names[0].x) > float(drawing.marks[0].x)
    assert float(drawing.names[1].x) < float(drawing.marks[1].x)


def test_names_of_neighbours_keep_apart() -> None:
    labels = {place: f"Unit {place}" for place in range(3)}
    drawing = draw_funnel(funnel_of([(100, 1000), (101, 1000), (102, 1000), (10, 5000)], labels=labels))
    heights = sorted(float(name.y) for name in drawing.names)
    assert [later - earlier for earlier, later in itertools.pairwise(heights)] == pytest.approx([12.6] * 2, abs=0.2)


def test_labels_of_the_limits_fit_the_gutter() -> None:
    drawing = draw_funnel(funnel_of([(50, 500), (300, 2000), (100, 1000)]))
    widest = max(text_width(label.text, 10.4) for label in drawing.labels)
    assert float(drawing.gutter) + widest <= float(drawing.width)


def test_straight_lines_run_from_month_to_month() -> None:
    points = tuple(
        ChartPoint(month=f"2026-0{at}", value=5.0, centre=4.0 + at, lower=3.0 + at, upper=5.0 + at) for at in (1, 2, 3)
    )
    chart = Chart(metric="any_metric", better="lower", unit="days", points=points, alt="A finding", is_straight=True)
    drawing = draw_control_chart(chart)
    assert [len(line.split()) for line in drawing.centres] == [3]
    xs = [corner.split(",")[0] for corner in drawing.centres[0].split()]
    assert xs == [mark.x for mark in drawing.marks]
