"""One series, read and checked: arrays the calculations work on. No limits, no rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.lines.moving_ranges import Floats, Whole
from kpi_pipeline.signals.periods import month_numbers, months_missing_before, order_faults, read_labels
from kpi_pipeline.signals.types import Chart, Estimator, Laney, Scale

Flags = NDArray[np.bool_]
Reference = int | str

RATIO_CHARTS = frozenset({"p", "p_prime", "u", "u_prime", "i_prime"})
SUBGROUP_CHARTS = frozenset({"xbar", "s"})
EVENT_CHARTS = frozenset({"g", "t"})
NEVER_NEGATIVE = frozenset({"p", "p_prime", "u", "u_prime", "c", "g", "t"})


@dataclass(frozen=True, slots=True)
class Method:
    """How the limits are computed, beyond the kind of chart."""

    sigma_factor: float
    screen: bool
    laney: Laney
    estimator: Estimator
    ewma_weight: float = 0.2
    ewma_width: float = 3.0


@dataclass(frozen=True, slots=True)
class Series:
    """The series as arrays, one entry a point; NaN is missing.

    value: the statistic before `value_scale` (numerator / denominator for the ratio charts), divided by the index, as
    is the target: limits, rules and icons know ordinary points only. drawn: as given.
    size: denominators or subgroup sizes as the limits see them (times the index on u charts), denominator: as given.
    segment: rises at every missing point and every gap between months, so
    two points that count are neighbours only within one segment. in_baseline: may take part in the limits.
    """

    chart: Chart
    better: Better
    scale: Scale
    labels: tuple[str, ...]
    value: Floats
    size: Floats
    denominator: Floats
    sds: Floats
    ranges: Floats
    target: Floats
    value_scale: float
    is_missing: Flags
    is_ghosted: Flags
    is_immature: Flags
    phase: Whole
    segment: Whole
    in_baseline: Flags
    frozen_points: int | None
    index: Floats
    drawn: Floats
    n_months_absent: int

    @property
    def counts(self) -> Flags:
        """The points that count: with a value, neither ghosted nor immature."""
        return ~(np.isnan(self.value) | self.is_ghosted | self.is_immature)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The arguments of `evaluate_chart` as given."""

    values: Sequence[float | None]
    chart: Chart
    better: Better
    denominators: Sequence[float | None] | None
    sizes: Sequence[float | None] | None
    sds: Sequence[float | None] | None
    ranges: Sequence[float | None] | None
    periods: Sequence[object] | None
    target: float | Sequence[float | None] | None
    phases: Sequence[Reference]
    baseline: int | tuple[Reference, Reference] | None
    frozen_points: int | None
    index: Sequence[float] | None
    ghosted: Sequence[Reference]
    immature: Sequence[Reference]
    scale: Scale
    value_scale: float


def read_series(inputs: Inputs) -> Series:
    """Reads and checks the arguments. Raises InputError with every fault found."""
    faults = _shape_faults(inputs)
    if faults:
        raise InputError(faults)
    n = len(inputs.values)
    labels = read_labels(inputs.periods, n)
    months = month_numbers(labels)
    faults = order_faults(labels, months)
    find = _finder(labels, faults)
    starts = sorted(find(phase, "phases") for phase in inputs.phases)
    numbers, size = _floats(inputs.values, n), _floats(inputs.denominators or inputs.sizes, n)
    faults += _number_faults(inputs, numbers, size)
    is_ghosted, is_immature = _marked(inputs.ghosted, "ghosted", find, n), _marked(inputs.immature, "immature", find, n)
    phase = _phase_numbers(starts, n)
    in_baseline = _baseline(inputs.baseline, phase, find, faults)
    if inputs.frozen_points is not None and inputs.frozen_points < 2:
        faults.append(Fault("frozen_points", f"needs at least 2 points, got {inputs.frozen_points}."))
    if faults:
        raise InputError(faults)
    sds = _floats(inputs.sds, n)
    value = _statistic(inputs.chart, sds if inputs.chart == "s" else numbers, size)
    index = np.ones(n) if inputs.index is None else _floats(inputs.index, n)
    denominator = size
    if inputs.chart in ("u", "u_prime"):
        size = size * index  # events of an index-sized exposure are Poisson, too
    absent = months_missing_before(months) if months and inputs.chart not in EVENT_CHARTS else [0] * n
    segment = np.cumsum(np.isnan(value) | (np.array(absent) > 0)).astype(np.int64)
    series = Series(
        chart=inputs.chart,
        better=inputs.better,
        scale=inputs.scale,
        labels=labels,
        value=value / index,
        size=size,
        denominator=denominator,
        sds=sds,
        ranges=_floats(inputs.ranges, n),
        target=_targets(inputs.target, n) / index,
        value_scale=inputs.value_scale,
        is_missing=np.isnan(value),
        is_ghosted=is_ghosted,
        is_immature=is_immature,
        phase=phase,
        segment=segment,
        in_baseline=in_baseline,
        frozen_points=inputs.frozen_points,
        index=index,
        drawn=value * inputs.value_scale,
        n_months_absent=sum(absent),
    )
    if inputs.chart == "mr":
        series = _as_moving_ranges(series)
    return series if inputs.frozen_points is None else _frozen(series, inputs.frozen_points)


def _shape_faults(inputs: Inputs) -> list[Fault]:
    faults = []
    n = len(inputs.values)
    if inputs.chart not in get_args(Chart):
        return [Fault("chart", f"{inputs.chart!r} is not a chart.", f"Use one of {', '.join(get_args(Chart))}.")]
    if inputs.better not in get_args(Better):
        faults.append(Fault("better", f"must be lower, higher or neither, got {inputs.better!r}."))
    for name in ("denominators", "sizes", "sds", "ranges", "periods", "target"):
        given = getattr(inputs, name)
        if given is not None and not isinstance(given, (int, float)) and len(given) != n:
            faults.append(Fault(name, f"has {len(given)} entries for {n} values.", "Give one per value."))
    if inputs.index is not None and (
        len(inputs.index) != n or not all(isinstance(one, (int, float)) and 0 < one < math.inf for one in inputs.index)
    ):
        faults.append(Fault("index", "needs a number above 0 for each value.", "1 is an ordinary point."))
    if inputs.chart in RATIO_CHARTS and inputs.denominators is None:
        faults.append(Fault("denominators", f"chart {inputs.chart} needs them.", "Give one denominator per value."))
    if inputs.chart in SUBGROUP_CHARTS and (inputs.sizes is None or inputs.sds is None):
        faults.append(Fault("sizes, sds", f"chart {inputs.chart} needs both.", "See `summarise_subgroups`."))
    if inputs.scale == "log" and inputs.chart != "xmr":
        faults.append(Fault("scale", f"'log' belongs to chart xmr, got {inputs.chart}.", "Use scale='linear'."))
    if inputs.value_scale <= 0 or (inputs.value_scale != 1 and inputs.chart not in RATIO_CHARTS):
        cure = "Leave it out; scale the values before."
        faults.append(Fault("value_scale", f"{inputs.value_scale} does not go with chart {inputs.chart}.", cure))
    return faults


def _floats(numbers: Sequence[float | None] | None, n: int) -> Floats:
    if numbers is None:
        return np.full(n, math.nan)
    return np.array([math.nan if number is None else number for number in numbers], dtype=np.float64)


def _targets(target: float | Sequence[float | None] | None, n: int) -> Floats:
    if target is None or isinstance(target, (int, float)):
        return np.full(n, math.nan if target is None else target, dtype=np.float64)
    return _floats(target, n)


def _number_faults(inputs: Inputs, numbers: Floats, size: Floats) -> list[Fault]:
    faults = []
    if np.isinf(numbers).any() or np.isinf(size).any():
        faults.append(Fault("values", "hold an infinite number.", "Give None for a missing point."))
    if inputs.chart in NEVER_NEGATIVE and (numbers < 0).any():
        found = f"{numbers[numbers < 0][0]:g}"
        faults.append(Fault("values", f"chart {inputs.chart} cannot hold negative values; found {found}."))
    if (size < 0).any():
        faults.append(Fault("denominators", f"must not be negative; found {size[size < 0][0]:g}."))
    if inputs.scale == "log" and (numbers <= 0).any():
        faults.append(Fault("values", "a log scale needs values above 0.", "Give None where there is no value."))
    if inputs.chart in ("p", "p_prime") and (numbers > size).any():
        i = int(np.argmax(numbers > size))
        found = f"{numbers[i]:g} of {size[i]:g} at position {i}"
        faults.append(Fault("values", f"a proportion cannot exceed 1; found {found}.", "Use chart u for rates."))
    highest = float(np.nanmax(_targets(inputs.target, numbers.size), initial=-math.inf))
    if inputs.chart in ("p", "p_prime") and highest > inputs.value_scale:
        what = f"{highest:g} lies above {inputs.value_scale:g}, the most the drawn proportion can be."
        faults.append(Fault("target", what, "Give it on the drawn scale: 0.75 for 75 percent."))
    return faults


def _finder(labels: tuple[str, ...], faults: list[Fault]) -> Callable[[Reference, str], int]:
    positions = {label: i for i, label in reversed(list(enumerate(labels)))}
    months = month_numbers(labels)

    def find(reference: Reference, where: str) -> int:
        if isinstance(reference, int) and not isinstance(reference, bool):
            if 0 <= reference < len(labels):
                return reference
            among = f"among {len(labels)} points (the first is 0)"
            faults.append(Fault(where, f"there is no position {reference} {among}."))
            return 0
        label = str(reference)
        later = [i for i, found in enumerate(labels) if found >= label] if where == "phases" and months else []
        position = positions.get(label, later[0] if later else None)
        if position is None:
            what = f"there is no period {label!r} among the points."
            faults.append(Fault(where, what, "Give a period of the series."))
        return position or 0

    return find


def _marked(references: Sequence[Reference], where: str, find: Callable[[Reference, str], int], n: int) -> Flags:
    marked = np.zeros(n, dtype=bool)
    for reference in references:
        marked[find(reference, where)] = True
    return marked


def _phase_numbers(starts: Sequence[int], n: int) -> Whole:
    begins = np.zeros(n, dtype=np.int64)
    for start in starts:
        begins[start] = 1 if start else 0
    return np.cumsum(begins)


def _baseline(
    baseline: int | tuple[Reference, Reference] | None,
    phase: Whole,
    find: Callable[[Reference, str], int],
    faults: list[Fault],
) -> Flags:
    """The first n points of each phase (rows, as charts are frozen elsewhere), or one stretch inside one phase."""
    n = phase.size
    if baseline is None:
        return np.ones(n, dtype=bool)
    if isinstance(baseline, int):
        if baseline < 2:
            faults.append(Fault("baseline", f"needs at least 2 points, got {baseline}."))
        within = np.arange(n) - np.searchsorted(phase, phase, side="left")
        return np.asarray(within < baseline)
    first, last = find(baseline[0], "baseline"), find(baseline[1], "baseline")
    if last < first or phase[first] != phase[last]:
        what = f"{baseline} is not a stretch inside one phase."
        faults.append(Fault("baseline", what, "Give its first and last point."))
    frozen = np.zeros(n, dtype=bool)
    frozen[first : last + 1] = True
    return np.asarray(frozen | (phase != phase[first]))


def _frozen(series: Series, n_points: int) -> Series:
    """The series with limits from the first n points that count of each phase, and no later ones."""
    eligible = series.counts & series.in_baseline
    before_phase = np.concatenate(([0], np.cumsum(eligible)))[np.searchsorted(series.phase, series.phase, side="left")]
    return replace(series, in_baseline=eligible & (np.cumsum(eligible) - before_phase <= n_points))


def _statistic(chart: Chart, numbers: Floats, size: Floats) -> Floats:
    """What is plotted: ratios of the numbers, else the numbers; missing where a ratio or subgroup has no cases."""
    usable = size > 0
    if chart in SUBGROUP_CHARTS:
        return np.where(usable, numbers, math.nan)
    return np.where(usable, numbers / np.where(usable, size, 1.0), math.nan) if chart in RATIO_CHARTS else numbers


def _as_moving_ranges(series: Series) -> Series:
    """The series of moving ranges, each at its later point, within phases and segments only."""
    ranges = np.full(series.value.size, math.nan)
    at = np.flatnonzero(series.counts)
    joined = (series.segment[at[1:]] == series.segment[at[:-1]]) & (series.phase[at[1:]] == series.phase[at[:-1]])
    ranges[at[1:][joined]] = np.abs(np.diff(series.value[at]))[joined]
    return replace(series, value=ranges, drawn=ranges)
