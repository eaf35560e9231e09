"""How one golden SPC case is compared: the case's inputs through our functions, field by field.

Which comparison a case needs is read from the case itself, not from its file's name. An option, chart, input or
expected field that is not understood fails the case by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.signals import (
    Chart,
    ChartResult,
    evaluate_chart,
    evaluate_funnel,
    nelson_flags,
    rephase_runs,
    tabular_cusum,
    western_electric_flags,
)
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
from tests.signals.golden_comparison_nhs import PROFILES, compare_plot_the_dots, compare_profiles

R_FACTOR = 3 / 1.128
"""R packages use 3/1.128 for XmR limits where NHS files use 2.66."""


def compare_case(case: Case) -> Fields:
    """(field, ours, expected) for every value of a case."""
    expected, options = case["expected"], case["options"]
    if case["chart"] == "funnel":
        return compare_funnel(case)
    if case["chart"] == "cusum":
        return compare_cusum(case)
    if "runlength" in options:
        return compare_rephased(case)
    if set(expected) & set(PROFILES):
        return compare_profiles(case)
    if "special_cause_type" in expected or "variation_icon" in expected:
        return compare_plot_the_dots(case)
    return compare_qicharts(case) if "screened" in options or "n_useful" in expected else compare_qcc(case)


# --- qicharts2 -------------------------------------------------------------------------------------------------------

LINES = {"value": "value", "cl": "centre", "lcl": "lower", "ucl": "upper", "lwl": "lower_2sigma", "uwl": "upper_2sigma"}
RUNS = ("n_useful", "longest_run", "longest_run_max", "n_crossings", "n_crossings_min")
BROKEN_BY_GAPS = {"longest_run", "n_crossings", "n_crossings_min", "runs_signal"}


def compare_qicharts(case: Case) -> Fields:
    chart = chart_of(case, set(get_args(Chart)))
    options = options_of(case, {"screened", "part", "freeze", "exclude"})
    part = options.get("part", [])
    ghosted = [i - 1 for i in as_list(options.get("exclude", []))]
    result = evaluate_chart(
        **chart_inputs(case, chart),
        chart=chart,  # type: ignore[arg-type]
        phases=as_list(part),
        baseline=options.get("freeze"),
        ghosted=ghosted,
        rules="anhoej",
        laney="always",
        screen_moving_ranges=options["screened"],
        sigma_factor=R_FACTOR,
    )
    has_gap = any(point.is_missing for point in result.points)
    if has_gap:
        BY_DESIGN.append(f"{case['id']}: runs and crossings (a missing value ends a run)")
    for field in case["expected"]:
        if not (has_gap and field in BROKEN_BY_GAPS):
            yield from per_point(field, qicharts_column(field, result, ghosted), qicharts_expected(field, case))


def qicharts_column(field: str, result: ChartResult, ghosted: list[int]) -> list[Any]:
    points, phases = result.points, result.phases
    if field in LINES:
        return [getattr(point, LINES[field]) for point in points]
    if field in RUNS:
        return [getattr(phases[point.phase], field) for point in points]
    if field == "phase":
        return [point.phase + 1 for point in points]
    if field == "included":
        return [i not in ghosted for i in range(len(points))]
    if field == "baseline":  # there: the rows of the freeze; here: the points that count among them
        return [point.in_baseline if point.value is not None and not point.is_ghosted else None for point in points]
    if field == "sigma_signal":
        return [is_outside(point.value, point.lower, point.upper) for point in points]
    if field == "runs_signal":
        runs = [signal for signal in result.signals if signal.rule in ("long_run", "few_crossings")]
        fired = {points[signal.first].phase for signal in runs}
        return [point.phase in fired for point in points]
    if field == "subgroup_n":
        return [point.denominator if result.chart in ("xbar", "s") else 1 for point in points]
    raise AssertionError(f"field {field} is not understood")


def qicharts_expected(field: str, case: Case) -> list[Any]:
    column = case["expected"][field]
    if field != "baseline":
        return list(column)
    kept = zip(column, case["expected"]["included"], case["expected"]["value"], strict=True)
    return [base if included and value is not None else None for base, included, value in kept]


# --- qcc -------------------------------------------------------------------------------------------------------------

FLAGS: dict[str, tuple[Callable[..., list[int]], tuple[int, ...]]] = {
    **{f"we_{k}": (western_electric_flags, (k,)) for k in range(1, 5)},
    "we_1_4": (western_electric_flags, (1, 4)),
    "we_all": (western_electric_flags, (1, 2, 3, 4)),
    **{f"nelson_{k}": (nelson_flags, (k,)) for k in range(1, 9)},
    "nelson_all": (nelson_flags, tuple(range(1, 9))),
}


QCC_DEFAULT = {"xbar": "UWAVE-R", "s": "UWAVE-SD"}


def compare_qcc(case: Case) -> Fields:
    chart = chart_of(case, {"xmr", "p", "u", "c", "xbar", "s"})
    options = options_of(case, {"std.dev"})
    result = evaluate_chart(
        **chart_inputs(case, chart),
        chart=chart,  # type: ignore[arg-type]
        sigma_factor=R_FACTOR,
        estimator=options.get("std.dev", QCC_DEFAULT.get(chart, "default")),
    )
    sigma = result.phases[0].sigma or math.nan
    sizes = [point.denominator or 1 for point in result.points]
    spread = [sigma / math.sqrt(size) for size in sizes] if chart in ("p", "u", "xbar") else [sigma] * len(sizes)
    for field, expected in case["expected"].items():
        if field == "std_dev":
            per_size = isinstance(expected, list)
            yield from per_point(field, spread, expected) if per_size else iter([(field, sigma, expected)])
        elif field in FLAGS:
            flags, rules = FLAGS[field]
            centres = [point.centre for point in result.points]
            values = [point.value for point in result.points]
            yield from per_point(field, flags(values, centre=centres, sigma=spread, rules=rules), expected)
        else:
            assert field in LINES, f"{case['id']}: field {field} is not understood"
            yield from per_point(field, [getattr(point, LINES[field]) for point in result.points], expected)


def compare_cusum(case: Case) -> Fields:
    options = options_of(case, {"phase1", "decision.interval", "se.shift", "head.start"})
    result = tabular_cusum(
        case["input"]["y"],
        baseline=options.get("phase1"),
        reference=options.get("se.shift", 1) / 2,
        decision_interval=options.get("decision.interval", 5),
        head_start=options.get("head.start", 0.0),
    )
    ours = {"center": result.centre, "std_dev": result.sigma, "pos": list(result.above), "neg": list(result.below)}
    for field, expected in case["expected"].items():
        assert field in ours, f"{case['id']}: field {field} is not understood"
        found = ours[field]
        yield from per_point(field, found, expected) if isinstance(found, list) else iter([(field, found, expected)])


# --- funnels and re-phased run charts ------------------------------------------------------------------------------

FUNNEL_LIMITS = {"LCL95": "lower_95", "UCL95": "upper_95", "LCL998": "lower_998", "UCL998": "upper_998"}


def compare_funnel(case: Case) -> Fields:
    options = options_of(case, {"data_type", "sr_method", "overdispersion_adjusted", "trim_by"})
    assert options["data_type"] in ("PR", "SR"), f"{case['id']}: funnel of {options['data_type']!r} is not supported"
    is_proportion = options["data_type"] == "PR"
    result = evaluate_funnel(
        case["input"]["num"],
        case["input"]["den"],
        names=case["input"]["unit"],
        kind="proportion" if is_proportion else "observed_expected",
        transform=None if is_proportion else {"CQC": "sqrt", "SHMI": "log"}[options["sr_method"]],  # type: ignore[arg-type]
        adjust=options["overdispersion_adjusted"],
        trim=options["trim_by"],
    )
    single = {"phi": result.phi or 0.0, "tau2": result.tau2, "target": result.target}
    for field, expected in case["expected"].items():
        if field in single:
            yield field, single[field], expected
        elif field == "outliers":
            yield field, str([point.name for point in result.points if point.is_outside]), str(list(expected))
        else:
            yield from per_point(field, funnel_column(field, result), expected)


def funnel_column(field: str, result: Any) -> list[Any]:
    if field == "value":
        return [point.value for point in result.points]
    if field == "outlier":
        return [int(point.is_outside) for point in result.points]
    name = FUNNEL_LIMITS[field.removeprefix("OD_")]
    which = "adjusted_limits" if field.startswith("OD_") else "limits"
    return [getattr(getattr(point, which), name) for point in result.points]


def compare_rephased(case: Case) -> Fields:
    options = options_of(case, {"med_rows", "runlength", "direction"})
    arguments: dict[str, Any] = {
        "baseline": options["med_rows"],
        "run_length": options["runlength"],
        "direction": options["direction"],
        "periods": case["input"]["x"],
    }
    if "error" in case["expected"]:
        with pytest.raises(InputError):
            rephase_runs(case["input"]["y"], **arguments)
        yield "error", True, True
        return
    phases = rephase_runs(case["input"]["y"], **arguments)
    names = {"median": "median", "start": "first_period", "end": "last_period", "run_type": "kind"}
    for field, expected in case["expected"].items():
        yield from per_point(field, [getattr(phase, names[field]) for phase in phases], expected)
