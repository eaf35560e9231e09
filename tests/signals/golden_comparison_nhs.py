"""Golden cases of the NHS rule sets: NHSRplotthedots in full, and the rule-set profiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from kpi_pipeline.signals import ChartResult, evaluate_chart
from tests.signals.golden_case import (
    BY_DESIGN,
    Case,
    Fields,
    as_list,
    chart_inputs,
    chart_of,
    is_outside,
    options_of,
    per_point,
)

BETTER = {"increase": "higher", "decrease": "lower", "neutral": "neither", None: "higher"}
XMR_OPTIONS = {"improvement_direction", "screen_outliers", "target", "rebase", "fix_after_n_points"}
ICONS = {"neutral_high": "neither_high", "neutral_low": "neither_low"}
ASSURANCE = {
    None: "none",
    "inconsistent": "hit_or_miss",
    "pass": "passing",
    "consistent_pass": "passing",
    "fail": "failing",
    "consistent_fail": "failing",
}
COLLAPSIBLE = {"lcl", "ucl", "outside_limits", "close_to_limits", "special_cause_type", "point_type"}
ICON_FIELDS = {"variation_icon", "assurance_icon", "assurance_type"}
POINT_TYPES = {
    "common_cause": "common_cause",
    "special_cause_improvement": "improvement",
    "special_cause_concern": "concern",
    "special_cause_neutral_high": "neither_high",
    "special_cause_neutral_low": "neither_low",
}


def evaluate_xmr(case: Case, rules: str, *, screen: bool | None) -> ChartResult:
    chart_of(case, {"xmr"})
    options = options_of(case, XMR_OPTIONS)
    return evaluate_chart(
        **chart_inputs(case, "xmr"),
        chart="xmr",
        better=BETTER[options.get("improvement_direction", "increase")],  # type: ignore[arg-type]
        target=options.get("target"),
        phases=as_list(options.get("rebase", [])),
        baseline=options.get("fix_after_n_points"),
        rules=rules,
        screen_moving_ranges=screen,
    )


def compare_plot_the_dots(case: Case) -> Fields:
    result = evaluate_xmr(case, "nhs-classic", screen=case["options"].get("screen_outliers"))
    collapsed = any(phase.screening_fell_back for phase in result.phases)
    if collapsed:
        BY_DESIGN.append(f"{case['id']}: limits, classes and icons (screening would leave no variation)")
    for field, expected in case["expected"].items():
        if collapsed and field in COLLAPSIBLE | ICON_FIELDS:
            continue
        if field in ICON_FIELDS:
            found = result.variation if field == "variation_icon" else result.assurance
            yield field, found, ICONS.get(expected, expected) if field == "variation_icon" else ASSURANCE[expected]
            continue
        wanted = [POINT_TYPES[kind] for kind in expected] if field == "point_type" else expected
        yield from per_point(field, plot_the_dots_column(field, result), wanted)


def plot_the_dots_column(field: str, result: ChartResult) -> list[Any]:
    points = result.points
    columns: dict[str, Callable[[Any], Any]] = {
        "cl": lambda point: point.centre,
        "lcl": lambda point: point.lower,
        "ucl": lambda point: point.upper,
        "phase": lambda point: point.phase,
        "point_type": lambda point: point.point_class,
        "special_cause_type": cause_in_their_words,
        "outside_limits": lambda point: None if no_limits(point) else is_outside(point.value, point.lower, point.upper),
        "close_to_limits": lambda point: None if no_limits(point) else is_close(point),
        "short_group_warning": lambda point: n_rows[point.phase] < result.rule_set.trial_limits_below,
    }
    assert field in columns, f"field {field} is not understood"
    n_rows = Counter(point.phase for point in points)
    return [columns[field](point) for point in points]


def no_limits(point: Any) -> bool:
    return point.value is None or point.lower is None


def is_close(point: Any) -> bool:
    beyond = is_outside(point.value, point.lower_2sigma, point.upper_2sigma)
    return beyond and not is_outside(point.value, point.lower, point.upper)


def cause_in_their_words(point: Any) -> str:
    if point.deciding_hit is None:
        return "Common Cause"
    rule, side = point.deciding_hit
    above = "Above" if side == "high" else "Below"
    return {
        "outside": f"{above} {'UCL' if side == 'high' else 'LCL'}",
        "shift": f"7 Points {above} CL",
        "trend": f"7 Point Trend ({'Increasing' if side == 'high' else 'Decreasing'})",
        "two_of_three": f"2 in 3 {above} CL",
    }[rule]


PROFILES = {"mdc_sql_v2_6": "nhs-2024", "nhsrplotthedots_0_2_2": "nhs-classic"}
FOR_INFORMATION = {"mdc_sql_v2_4", "mdc_tool_v5"}
CLASS_AND_SIDE = {f"{kind}_{side}": kind for kind in ("improvement", "concern") for side in ("high", "low")}


def compare_profiles(case: Case) -> Fields:
    unknown = set(case["expected"]) - set(PROFILES) - FOR_INFORMATION
    assert not unknown, f"{case['id']}: profiles not understood: {sorted(unknown)}"
    for profile, rules in PROFILES.items():
        if profile in case["expected"]:
            yield from compare_profile(case, profile, rules)


def compare_profile(case: Case, profile: str, rules: str) -> Fields:
    expected = case["expected"][profile]
    screen = case["options"].get("screen_outliers", True) if rules == "nhs-classic" else None
    result = evaluate_xmr(case, rules, screen=screen)
    last = result.points[-1]
    yield f"{profile}.cl", last.centre, expected["cl"]
    if any(phase.screening_fell_back for phase in result.phases):
        BY_DESIGN.append(f"{case['id']}, {profile}: limits, classes and icons (screening would leave no variation)")
        return
    for field, found in (("lcl", last.lower), ("ucl", last.upper)):
        yield f"{profile}.{field}", found, expected[field]
    yield f"{profile}.assurance", result.assurance, ASSURANCE[expected["assurance"]]
    if profile.startswith("mdc") and any(value is None for value in case["input"]["y"]):
        BY_DESIGN.append(f"{case['id']}, {profile}: point classes and icon (it bridges the missing value)")
        return
    variation = expected["variation"]
    yield f"{profile}.variation", result.variation, "empty" if variation is None else ICONS.get(variation, variation)
    classes = [CLASS_AND_SIDE.get(kind, ICONS.get(kind, kind)) for kind in expected["point"]]
    yield from per_point(f"{profile}.point", [point.point_class for point in result.points], classes)
