"""How a measure differs between groups of patients: each group against all others, as a difference with its interval.

Observed, not adjusted for how ill patients are: a gap is a question, not its answer. No ranking, no persons. Not here:
which of it may leave the hospital (`judgement.fairness`), words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy import special

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.cases import missing_inputs
from kpi_pipeline.metrics.compute import BEFORE_DATA, value_frame
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.groups import NOT_RECORDED, Span, groupable_by, query_groups

FAIRNESS_DIMENSIONS = ("sex", "age_band", "payer", "language", "race")
"""By what patients are compared."""

MONTHS_COMPARED = 12
"""A whole year, the same for every group, so that no season is taken for a gap."""

OTHER = "Other"
MOST_GROUPS = 6
"""The largest groups of a dimension stand alone; the rest are gathered."""

_SUMMED = (
    "n_cases", "n_excluded", "numerator", "denominator", "sum_nn", "sum_nd", "sum_dd", "log_sum", "log_square_sum",
    "n_logs",
)  # fmt: skip
_PEOPLE = ("n_persons", "n_event_persons")
_NORMAL_95 = float(special.ndtri(0.975))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One group against all others of its dimension, of those whose group is known, over the same months.

    difference: value less others' value, on the measure's scale, with its 95 % interval; None where either side has
    fewer cases than are shown. p_value: of no difference, from that interval. holds: whether it still excludes zero
    after Holm's correction for all comparisons made. is_mirror: the second of two groups, whose gap is the first's with
    the other sign; it is no comparison of its own. n_cases, n_events: of the group. n_persons, n_event_persons: the
    people behind them, missing where cases are not stays.
    """

    metric: str
    dimension: str
    group: str
    n_cases: float
    n_events: float
    n_persons: float
    n_event_persons: float
    value: float | None
    others_value: float | None
    n_others: float
    difference: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    holds: bool = False
    is_mirror: bool = False

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval by itself leaves out zero."""
        return self.lower is not None and self.upper is not None and not self.lower <= 0 <= self.upper


@dataclass(frozen=True, slots=True)
class MetricGaps:
    """A measure's gaps from first_month to last_month. n_cases: all of them; n_not_recorded: dimension → those of
    which the group is not known."""

    metric: str
    first_month: Month
    last_month: Month
    n_cases: float
    n_events: float
    n_not_recorded: Mapping[str, float]
    n_events_not_recorded: Mapping[str, float]
    gaps: tuple[Gap, ...]


def read_gaps(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    *,
    metrics: Mapping[str, Metric],
    names: Iterable[str],
    values: pd.DataFrame,
    settings: Settings,
    facility: str | None = None,
) -> tuple[MetricGaps, ...]:
    """The gaps of these measures over the twelve months that end with each one's last final month, up to `month`.

    A measure is left out whose input was not supplied, that has no interval (a count, a median), or no group known.
    values: as stored; they tell which months are final.
    """
    found = []
    for name in names:
        metric = metrics[name]
        dimensions = [one for one in FAIRNESS_DIMENSIONS if one in groupable_by(metric)]
        span = final_year(values, name, month, facility)
        if not dimensions or span is None or metric.quantile is not None or metric.kind == "count":
            continue
        if missing_inputs(connection, metric) is not None:
            continue
        sums = query_groups(connection, metric, dimensions, [span], facility=facility)
        one = compute_gaps(sums, metric, span, settings=settings)
        if one.gaps:
            found.append(one)
    return with_holm(found)


def final_year(values: pd.DataFrame, name: str, month: Month, facility: str | None) -> Span | None:
    """A measure's twelve months up to its newest final one, no later than `month`, or as many as there are data for.

    At a facility or (None) of the whole system; None without a final month.
    """
    own = _months_with_data(values, name, month, facility)
    final = own[own["maturity"] == "final"]
    return None if final.empty else _year(own, Month.parse(str(final["month"].max())))


def newest_year(values: pd.DataFrame, name: str, month: Month, facility: str | None) -> Span | None:
    """A measure's twelve months up to `month`, final or not, or as many as there are data for; None without data."""
    own = _months_with_data(values, name, month, facility)
    return None if own.empty else _year(own, month)


def _months_with_data(values: pd.DataFrame, name: str, month: Month, facility: str | None) -> pd.DataFrame:
    own = values[(values["metric"] == name) & (values["facility_id"] == (facility or WHOLE_SYSTEM))]
    return own[(own["month"] != "") & (own["month"] <= str(month)) & (own["status"] != BEFORE_DATA)]


def _year(own: pd.DataFrame, last: Month) -> Span:
    first = Month.parse(str(own["month"].min()))
    return Span(min(MONTHS_COMPARED, last.months_since(first) + 1), last)


def compute_gaps(sums: pd.DataFrame, metric: Metric, span: Span, *, settings: Settings) -> MetricGaps:
    """The gaps in the sums of one measure, as `groups.query_groups` gives them for one span."""
    whole = sums[sums["dimension"] == ""]
    gaps: list[Gap] = []
    unknown, unknown_events = {}, {}
    for dimension in dict.fromkeys(sums["dimension"]):
        if not dimension:
            continue
        own = sums[sums["dimension"] == dimension]
        of_none = own[own["group"] == NOT_RECORDED]
        unknown[dimension] = float((of_none["n_cases"] - of_none["n_excluded"]).sum())
        unknown_events[dimension] = float(of_none["numerator"].sum())
        known = _gathered(own[(own["group"] != NOT_RECORDED) & (own["n_cases"] > own["n_excluded"])])
        if len(known) > 1:
            gaps += _gaps_of(known, metric, dimension, settings)
    n_cases = float((whole["n_cases"] - whole["n_excluded"]).sum())
    return MetricGaps(
        metric.name,
        span.first,
        span.last,
        n_cases,
        float(whole["numerator"].sum()),
        unknown,
        unknown_events,
        tuple(gaps),
    )


def _gathered(known: pd.DataFrame) -> pd.DataFrame:
    """The largest groups, and the sum of the others as one."""
    ordered = known.sort_values(["n_cases", "group"], ascending=[False, True]).reset_index(drop=True)
    if len(ordered) <= MOST_GROUPS:
        return ordered.sort_values("group").reset_index(drop=True)
    kept, others = ordered.iloc[: MOST_GROUPS - 1].sort_values("group"), ordered.iloc[MOST_GROUPS - 1 :]
    gathered = _summed(others, np.ones((1, len(others)), dtype=bool), [OTHER])
    return pd.concat([kept, gathered], ignore_index=True)


def _summed(rows: pd.DataFrame, gathers: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Several groups as one, under each of the names; gathers: names × rows, whether the one is made of the other.

    Who is counted in several of them is counted once in none: persons become unknown.
    """

    def each(columns: Sequence[str]) -> np.ndarray:
        return np.where(gathers[:, :, None], rows[list(columns)].to_numpy(float), np.nan)

    found = rows.iloc[gathers.argmax(axis=1)].reset_index(drop=True)
    parts = each(_SUMMED)
    found[list(_SUMMED)] = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
    # Of several groups the number of people is only known to be no less than that of the largest.
    found[list(_PEOPLE)] = np.fmax.reduce(each(_PEOPLE), axis=1)
    found["least"] = np.fmin.reduce(each(["least"]), axis=1)[:, 0]
    found["group"] = list(names)
    return found


def _gaps_of(known: pd.DataFrame, metric: Metric, dimension: str, settings: Settings) -> list[Gap]:
    """Each group against the sum of the others; of two groups, the second one's gap mirrors the first's."""
    others = _summed(known, ~np.eye(len(known), dtype=bool), known["group"].tolist())
    both = value_frame(pd.concat([known, others], ignore_index=True), metric, settings).to_dict("records")
    gaps = [_gap(*sides, metric, dimension) for sides in zip(both[: len(known)], both[len(known) :], strict=True)]
    return gaps if len(gaps) > 2 else [gaps[0], replace(gaps[1], is_mirror=True)]


def _gap(own: Mapping[Any, Any], rest: Mapping[Any, Any], metric: Metric, dimension: str) -> Gap:
    is_known = own["status"] == "ok" and rest["status"] == "ok" and not np.isnan(own["lower"] + rest["lower"])
    difference = lower = upper = p_value = None
    if is_known:
        difference, lower, upper = difference_interval(
            (own["value"], own["lower"], own["upper"]), (rest["value"], rest["lower"], rest["upper"])
        )
        p_value = _p_value(difference, lower, upper)
    return Gap(
        metric=metric.name,
        dimension=dimension,
        group=str(own["group"]),
        n_cases=float(own["n_cases"] - own["n_excluded"]),
        n_events=float(own["numerator"]),
        n_persons=float(own["n_persons"]),
        n_event_persons=float(own["n_event_persons"]),
        value=float(own["value"]) if is_known else None,
        others_value=float(rest["value"]) if is_known else None,
        n_others=float(rest["n_cases"] - rest["n_excluded"]),
        difference=difference,
        lower=lower,
        upper=upper,
        p_value=p_value,
    )


def difference_interval(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float, float]:
    """first − second with a 95 % interval from the (value, lower, upper) of each.

    The method of variance estimates recovery (Zou & Donner, Statistics in Medicine 27, 2008); of two proportions with
    Wilson's intervals it is Newcombe's method 10 (Statistics in Medicine 17, 1998).
    """
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    difference = a - b
    lower = difference - float(np.hypot(a - a_low, b_high - b))
    upper = difference + float(np.hypot(a_high - a, b - b_low))
    return difference, lower, upper


def _p_value(difference: float, lower: float, upper: float) -> float:
    """Two-sided, from the end of the interval that lies towards zero, read as 1.96 standard errors away."""
    half = difference - lower if difference > 0 else upper - difference
    return 1.0 if difference == 0 or half <= 0 else float(2 * special.ndtr(-_NORMAL_95 * abs(difference) / half))


def with_holm(found: Sequence[MetricGaps]) -> tuple[MetricGaps, ...]:
    """The same with `holds` set: what still differs at 5 % when all comparisons are one family (Holm 1979)."""
    p_values = sorted(gap.p_value for one in found for gap in one.gaps if gap.p_value is not None and not gap.is_mirror)
    kept = 0
    for rank, p_value in enumerate(p_values):
        if p_value > 0.05 / (len(p_values) - rank):
            break
        kept = rank + 1
    largest = p_values[kept - 1] if kept else -1.0
    return tuple(
        replace(
            one,
            gaps=tuple(replace(gap, holds=gap.p_value is not None and gap.p_value <= largest) for gap in one.gaps),
        )
        for one in found
    )
