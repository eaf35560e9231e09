"""`evaluate_chart`: one series in, everything a reader may be told about it out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.chance.onset import find_onset
from kpi_pipeline.signals.chance.target_share import expected_target_share
from kpi_pipeline.signals.lines.constants import (
    MOVING_RANGE_D2,
    MOVING_RANGE_UPPER,
    T_CHART_POWER,
    XMR_FACTOR,
    constant,
)
from kpi_pipeline.signals.lines.ewma import count_steps, smoothed
from kpi_pipeline.signals.lines.limits import Lines, PhaseLimits, compute_lines
from kpi_pipeline.signals.lines.moving_ranges import Floats
from kpi_pipeline.signals.reading.rule_sets import ANHOEJ, find_rule_set
from kpi_pipeline.signals.reading.rules import find_signals, read_points
from kpi_pipeline.signals.reading.runs import RunsAnalysis
from kpi_pipeline.signals.reading.verdict import assurance_icon, class_of_side, deciding_signal, hit_of, variation_icon
from kpi_pipeline.signals.reading.warnings import collect_warnings
from kpi_pipeline.signals.series import Inputs, Method, Reference, Series, read_series
from kpi_pipeline.signals.types import (
    Chart,
    ChartResult,
    Constant,
    Estimator,
    Laney,
    LimitsKind,
    NotJudged,
    Phase,
    Point,
    RuleHit,
    RuleSet,
    Scale,
    Signal,
)

FEWEST_EVENTS = 1
"""With fewer expected events a point there is no icon: at 0.1, a run of zeros is an improvement in 52 % of charts."""

MOST_ZEROS = math.exp(-FEWEST_EVENTS)
"""The share of empty months where so many events are expected (Poisson). Of a plotted value (dollars denied, observed
over expected) the events are not known: more zeros than these say that there are fewer of them."""

NO_HITS: frozenset[RuleHit] = frozenset()


def evaluate_chart(
    values: Sequence[float | None],
    *,
    chart: Chart,
    better: Better = "neither",
    denominators: Sequence[float | None] | None = None,
    sizes: Sequence[float | None] | None = None,
    sds: Sequence[float | None] | None = None,
    ranges: Sequence[float | None] | None = None,
    periods: Sequence[object] | None = None,
    target: float | Sequence[float | None] | None = None,
    phases: Sequence[Reference] = (),
    baseline: int | tuple[Reference, Reference] | None = None,
    frozen_points: int | None = None,
    index: Sequence[float] | None = None,
    ghosted: Sequence[Reference] = (),
    immature: Sequence[Reference] = (),
    rules: str | RuleSet = "nhs-2024",
    scale: Scale = "linear",
    screen_moving_ranges: bool | None = None,
    sigma_factor: float = XMR_FACTOR,
    laney: Laney = "floored",
    estimator: Estimator = "default",
    ewma_weight: float = 0.2,
    ewma_width: float = 3.0,
    value_scale: float = 1.0,
) -> ChartResult:
    """Limits, rule hits and icons of one series; the words for them are made in `report.words`.

    values: for p, p_prime, u, u_prime and i_prime the numerators (counts; for i_prime the totals), drawn as
    value_scale * values / denominators; for xbar and s the subgroup means (with sizes and sds, see
    `summarise_subgroups`; ranges only for the estimators from ranges); otherwise the plotted values.
    None or NaN is a missing point: it breaks runs and makes no moving range; a month absent from `periods` likewise.
    periods: labels in time order ('2026-03' or '2026-03-01' are months); default 1, 2, 3 ...
    target: on the plotted scale; a number, or one per point where it changed over time.
    phases: first point of each further phase. ghosted, immature: points shown but left out of limits, rules, icons.
    A point is named by its position (int, from 0) or its period (str).
    baseline: limits from the first n points of each phase, or from the points first..last inclusive.
    frozen_points: of these, limits from the first n that count of each phase (missing, ghosted and immature points are
    passed over), continued to its end: a frozen baseline.
    index: the size each point would have if nothing changed, 1 for an ordinary one (season, days of the month): values
    are judged divided by it, and lines drawn times it.
    scale 'log' (xmr only): limits on ln(value), transformed back. screen_moving_ranges: None takes the rule set's.
    sigma_factor: half width of xmr and t limits in mean moving ranges. laney: p_prime and u_prime are widened by
    sigma_z, and 'floored' (default) never narrowed by one below 1. Where less than about one event a point is expected
    (xmr, ewma: more than 37 % of the baseline are 0) there is no icon. ewma_weight, ewma_width: λ and L of an ewma
    chart, whose points are the moving averages. A run chart is read by the Anhøj rules whatever `rules` says. Raises
    InputError with every fault of the arguments.
    """
    rule_set = find_rule_set(rules)
    if chart == "run" and not rule_set.runs_analysis:
        rule_set = ANHOEJ
    series = read_series(
        Inputs(
            values, chart, better, denominators, sizes, sds, ranges, periods, target, phases, baseline,
            frozen_points, index, ghosted, immature, scale, value_scale,
        )
    )  # fmt: skip
    screen = rule_set.screen_moving_ranges if screen_moving_ranges is None else screen_moving_ranges
    _check_ewma(ewma_weight, ewma_width)
    return _result(series, Method(sigma_factor, screen, laney, estimator, ewma_weight, ewma_width), rule_set)


def _check_ewma(weight: float, width: float) -> None:
    if not (0 < weight <= 1 and width > 0):
        what = f"{weight:g} and {width:g}: the weight lies above 0 and not above 1, the width above 0."
        raise InputError(Fault("ewma_weight, ewma_width", what))


def _result(series: Series, method: Method, rule_set: RuleSet) -> ChartResult:
    raw = count_steps(series) if series.chart == "ewma" else series
    lines = compute_lines(raw, method)
    series = smoothed(raw, lines.centre, method.ewma_weight) if series.chart == "ewma" else series
    drawn = series.value * series.value_scale
    readings = read_points(series, drawn, lines)
    signals, analyses = find_signals(readings, rule_set, lines.chart)
    runs = dict(zip(sorted(set(readings.phase)), analyses, strict=True))
    phases = tuple(_phase(series, k, limits, runs.get(k), rule_set) for k, limits in enumerate(lines.phases))
    on_point: dict[int, list[Signal]] = {}
    for signal in signals:
        for position in signal.positions:
            on_point.setdefault(position, []).append(signal)
    decided_at = readings.at[-1] if readings.at else None
    not_judged = _why_not_judged(series, lines, decided_at, len(readings.at), rule_set)
    enough = not_judged is None
    deciding = None
    if decided_at is not None and enough:
        deciding = deciding_signal(on_point.get(decided_at, []), series.better, rule_set)
    onset = find_onset(raw, lines, deciding)
    return ChartResult(
        chart=lines.chart,
        requested_chart=series.chart,
        laney=lines.laney,
        better=series.better,
        scale=series.scale,
        points=_points(series, lines, on_point, rule_set),
        phases=phases,
        variation=variation_icon(deciding, series.better) if enough else "empty",
        assurance=assurance_icon(series, lines, decided_at, rule_set) if enough else "none",
        limits_kind=phases[-1].limits_kind if phases else "none",
        n_points=len(readings.at),
        frozen_points=series.frozen_points,
        sigma_z=phases[-1].sigma_z if phases else None,
        moving_ranges_screened=method.screen,
        constants=_constants(lines.chart, method),
        warnings=collect_warnings(series, lines, phases),
        not_judged=not_judged,
        decided_at=decided_at if enough else None,
        deciding_signal=deciding,
        onset=onset,
        target_share=expected_target_share(series, lines, decided_at, onset) if enough else None,
        signals=tuple(signals),
        rule_set=rule_set,
    )


def _why_not_judged(series: Series, lines: Lines, at: int | None, n_points: int, rule_set: RuleSet) -> NotJudged | None:
    if at is None or n_points < max(rule_set.fewest_points_for_icons, 1):
        return "few_points"
    same_phase = series.counts & series.in_baseline & (series.phase == series.phase[at])
    if lines.chart in ("xmr", "ewma"):
        return "few_events" if float((series.value[same_phase] == 0).mean()) > MOST_ZEROS else None
    if lines.chart not in ("p", "p_prime", "u", "u_prime", "c"):
        return None
    centre = float(lines.centre[at]) / series.value_scale
    size = 1.0 if lines.chart == "c" else float(series.size[same_phase].mean())
    likelier = 1 - centre if lines.chart in ("p", "p_prime") else math.inf
    return "few_events" if size * min(centre, likelier) < FEWEST_EVENTS else None


def _phase(series: Series, k: int, limits: PhaseLimits, runs: RunsAnalysis | None, rule_set: RuleSet) -> Phase:
    spread = limits.spread
    sigma = _or_none(spread.sigma) if spread else None
    kind: LimitsKind = "trial" if limits.n_baseline < rule_set.trial_limits_below else "fixed"
    first, last = int(limits.rows[0]), int(limits.rows[-1])
    baseline = limits.rows[(series.counts & series.in_baseline)[limits.rows]]
    return Phase(
        index=k,
        first=first,
        last=last,
        first_period=series.labels[first],
        last_period=series.labels[last],
        n_points=limits.n_points,
        n_baseline=limits.n_baseline,
        baseline_first=int(baseline[0]) if baseline.size else None,
        baseline_last=int(baseline[-1]) if baseline.size else None,
        limits_kind="none" if sigma is None else kind,
        centre=_or_none(spread.centre) if spread else None,
        sigma=sigma,
        sigma_z=spread.sigma_z if spread else None,
        mean_moving_range=spread.mean_range.mean if spread else None,
        n_screened=spread.mean_range.n_screened if spread else 0,
        screening_fell_back=spread.mean_range.fell_back if spread else False,
        n_useful=runs.n_useful if runs else 0,
        longest_run=runs.longest_run if runs else 0,
        longest_run_max=runs.longest_run_max if runs else None,
        n_crossings=runs.n_crossings if runs else 0,
        n_crossings_min=runs.n_crossings_min if runs else None,
    )


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _listed(numbers: Floats) -> list[float | None]:
    """A column of points: floats, None for NaN."""
    return [None if number != number else number for number in numbers.tolist()]


def _points(series: Series, lines: Lines, on_point: dict[int, list[Signal]], rule_set: RuleSet) -> tuple[Point, ...]:
    deciding = {at: deciding_signal(signals, series.better, rule_set) for at, signals in on_point.items()}
    hits = {at: frozenset(hit for signal in signals if (hit := hit_of(signal))) for at, signals in on_point.items()}
    judged = (lines.centre, lines.lower, lines.upper, lines.lower_2sigma, lines.upper_2sigma, series.target)
    ceiling = series.value_scale if series.chart in ("p", "p_prime") else math.inf
    columns = [_listed(series.drawn), _listed(series.denominator)]
    columns += [_listed(np.minimum(line * series.index, ceiling)) for line in judged] + [series.index.tolist()]
    used = series.counts & series.in_baseline
    marks = [flags.tolist() for flags in (series.is_ghosted, series.is_immature, series.is_missing, used)]
    points = []
    for at, row in enumerate(zip(series.labels, series.phase.tolist(), *columns, *marks, strict=True)):
        period, phase, value, size, centre, lower, upper, lower_2sigma, upper_2sigma, target, index, *flags = row
        signal = deciding.get(at)
        points.append(
            Point(
                period=period,
                value=value,
                denominator=size,
                centre=centre,
                lower=lower,
                upper=upper,
                lower_2sigma=lower_2sigma,
                upper_2sigma=upper_2sigma,
                target=target,
                index=index,
                phase=phase,
                is_ghosted=flags[0],
                is_immature=flags[1],
                is_missing=flags[2],
                in_baseline=flags[3],
                rules=hits.get(at, NO_HITS),
                deciding_hit=hit_of(signal),
                point_class=class_of_side(signal.side, series.better) if signal else "common_cause",
            )
        )
    return tuple(points)


def _constants(chart: Chart, method: Method) -> tuple[Constant, ...]:
    used = []
    if chart in ("xmr", "t"):
        used.append(constant("XmR factor", method.sigma_factor))
    if chart == "ewma":
        used += [constant("EWMA weight", method.ewma_weight), constant("EWMA width", method.ewma_width)]
    if chart in ("p", "p_prime", "u", "u_prime", "ewma"):
        used.append(constant("d2 of moving ranges", MOVING_RANGE_D2))
    if chart == "mr" or (method.screen and chart in ("xmr", "t", "p_prime", "u_prime", "i_prime")):
        used.append(constant("moving-range limit", MOVING_RANGE_UPPER))
    if chart == "t":
        used.append(constant("t chart power", T_CHART_POWER))
    return tuple(used)
