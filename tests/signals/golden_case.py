"""What every comparison with a golden SPC case needs: reading a case strictly, and comparing numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kpi_pipeline.signals import summarise_subgroups

Case = dict[str, Any]
Fields = Iterator[tuple[str, Any, Any]]

CHARTS = {"pp": "p_prime", "up": "u_prime", "ip": "i_prime", "i": "xmr", "xbar.one": "xmr", "S": "s"}
BY_DESIGN: list[str] = []
"""What was not compared because it differs by design, one line a case."""


def same(found: Any, expected: Any, tolerance: float) -> bool:
    """Equal, or numbers within the relative tolerance of the case."""
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or isinstance(expected, str):
        return bool(found == expected)
    if found is None or isinstance(found, str):
        return False
    return math.isclose(found, expected, rel_tol=tolerance, abs_tol=1e-12)


def options_of(case: Case, known: set[str]) -> dict[str, Any]:
    """The options of a case; one this test does not know fails it."""
    unknown = set(case["options"]) - known
    assert not unknown, f"{case['id']}: options not understood: {sorted(unknown)}"
    return dict(case["options"])


def chart_of(case: Case, supported: set[str]) -> str:
    """Our name of the case's chart; an unsupported one fails by name."""
    chart = CHARTS.get(case["chart"], case["chart"])
    assert chart in supported, f"{case['id']}: chart kind {case['chart']!r} is not supported"
    return chart


def per_point(field: str, found: list[Any], expected: Any) -> Fields:
    """A column against a list (or one number that stands for all)."""
    column = expected if isinstance(expected, list) else [expected] * len(found)
    assert len(column) == len(found), f"field {field}: {len(column)} expected for {len(found)} points"
    for i, (ours, theirs) in enumerate(zip(found, column, strict=True)):
        yield f"{field}[{i}]", ours, theirs


def chart_inputs(case: Case, chart: str) -> dict[str, Any]:
    """values, denominators, sizes, sds, ranges and periods of a case."""
    given = case["input"]
    unknown = set(given) - {"x", "y", "n", "obs"}
    assert not unknown, f"{case['id']}: inputs not understood: {sorted(unknown)}"
    if "obs" in given:
        groups = summarise_subgroups(given["obs"])
        return {"values": groups.means, "sizes": groups.sizes, "sds": groups.sds, "ranges": groups.ranges}
    inputs = {"values": given["y"], "periods": given.get("x")}
    if "n" in given and chart in ("p", "p_prime", "u", "u_prime", "i_prime"):
        inputs["denominators"] = given["n"]
    elif "n" in given:
        inputs["values"] = [None if y is None else y / n for y, n in zip(given["y"], given["n"], strict=True)]
    return inputs


def is_outside(value: float | None, lower: float | None, upper: float | None) -> bool:
    return value is not None and lower is not None and upper is not None and not lower <= value <= upper


def as_list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [given]
