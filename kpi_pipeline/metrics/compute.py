"""The one aggregation: cases → values by facility and month, and for the whole system. Ratios are ratios of sums.

Also decides what each value is worth: its maturity, its 95 % interval, and whether it may be shown at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import numpy as np
import pandas as pd

from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.cases import missing_inputs, read_supply
from kpi_pipeline.metrics.completeness import mark_incomplete_months
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.intervals import gamma_interval, log_delta_interval, log_normal_interval, wilson_interval
from kpi_pipeline.metrics.sums.lists import OF_EVENTS, has_stays
from kpi_pipeline.metrics.sums.summing import forget_sums, has_large_sums, sum_cases
from kpi_pipeline.metrics.totals import exclusions_sql, totals_sql
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine

VALUE_COLUMNS = (
    "metric", "version", "facility_id", "month", "numerator", "denominator", "value", "lower", "upper",
    "maturity", "status", "status_reason", "n_cases", "n_excluded", "n_immature", "is_incomplete",
    "n_event_patients",
)  # fmt: skip
EXCLUSION_COLUMNS = ("metric", "facility_id", "month", "exclusion_reason", "n_cases")


BEFORE_DATA = "before_data"
"""The status of a month before the first discharge of the data: a part of its cases alone is known, and which part."""
_OF_DEPARTMENT = frozenset(
    {"budget", "case_managers", "census", "licences", "staffing", "survey_answers", "training", "watermarks"}
)
_WHY_NO_VALUE = {
    "geometric_mean": "not_above_zero",
    "survival_median": "few_ended",
}
"""Why enough cases give no value, where it is not that the denominator is zero."""


def compute_values(
    connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], *, settings: Settings, engine: Engine = DUCKDB
) -> Iterator[tuple[Metric, pd.DataFrame, pd.DataFrame]]:
    """Of each metric, in the order given, its values and the counts of its exclusions over the whole history.

    Gives (metric, VALUE_COLUMNS frame, EXCLUSION_COLUMNS frame). A metric whose inputs are missing gives one row with
    month '' and the reason; months without any case do not appear.
    """
    chosen, supply = list(metrics), read_supply(connection)
    missing = {metric.name: missing_inputs(connection, metric, supply) for metric in chosen}
    of_stays = has_stays(connection)
    first_months = _first_months(connection) if of_stays else {}
    all_sums, all_exclusions = _sums_of(connection, [one for one in chosen if missing[one.name] is None], engine)
    for metric in chosen:
        reason = missing[metric.name]
        if reason is not None:
            yield metric, _unavailable(metric, *reason), pd.DataFrame(columns=list(EXCLUSION_COLUMNS))
            continue
        sums, exclusions = (frames.get(metric.name, frames[""]) for frames in (all_sums, all_exclusions))
        sums["is_before_data"] = _is_before_data(metric, sums, first_months)
        counts_events = of_stays and metric.kind in OF_EVENTS
        sums["n_event_patients"] = _event_patients(sums) if counts_events else np.nan
        values = mark_incomplete_months(value_frame(sums, metric, settings), exclusions, metric)
        yield metric, values[list(VALUE_COLUMNS)], exclusions[list(EXCLUSION_COLUMNS)]


def _sums_of(
    connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], engine: Engine
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The sums and the exclusions of each metric by facility and month, and for the whole system."""
    if not metrics:
        return {}, {}
    sum_cases(connection, metrics, engine)
    sums = _by_metric(connection, totals_sql(metrics, has_large=has_large_sums(connection)))
    exclusions = _by_metric(connection, exclusions_sql(metrics))
    forget_sums(connection)
    return sums, exclusions


def _by_metric(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, pd.DataFrame]:
    """The rows of each metric that has some, numbered from 0; under '' the columns without a row."""
    frame = connection.execute(sql).df()
    return {"": frame.iloc[:0]} | {
        str(name): rows.reset_index(drop=True) for name, rows in frame.groupby("metric", sort=False)
    }


def _first_months(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The month of the first discharge of each facility, and (under WHOLE_SYSTEM) of all."""
    return dict(
        connection.execute(
            f"""SELECT CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END,
                STRFTIME(MIN(discharged_on), '%Y-%m')
            FROM stays WHERE discharged_on IS NOT NULL GROUP BY GROUPING SETS ((facility_id), ())"""
        ).fetchall()
    )


def _is_before_data(metric: Metric, sums: pd.DataFrame, first_months: dict[str, str]) -> pd.Series:
    """Which rows of the sums lie before the first month with a discharge, in the facility or (system) in any.

    An extract holds the stays that ended since some day. Of what began or stood open earlier it shows those alone that
    lasted until then: long ones. Department tables (shifts, census, budget, courses) have their own history.
    """
    if metric.tables <= _OF_DEPARTMENT:
        return pd.Series(False, index=sums.index)
    places = zip(sums["facility_id"], sums["month"], strict=True)
    return pd.Series([month < (first_months.get(place) or "") for place, month in places], index=sums.index, dtype=bool)


def _event_patients(sums: pd.DataFrame) -> pd.Series:
    """How many patients are behind the numerator, for each row of the sums; missing where cases are no stays."""
    found = sums["n_event_patients"].astype(float)
    return found.mask(found.isna() & (sums["numerator"].fillna(0) == 0), 0.0)


def value_frame(sums: pd.DataFrame, metric: Metric, settings: Settings) -> pd.DataFrame:
    """Sums of cases, one row for each cut → value, 95 % interval, status and its reason: the one place of the formulas.

    sums: n_cases, n_excluded, quantile, and the columns of `cases.sum_columns_sql`.
    """
    frame = sums.copy()
    fewest = metric.fewest_cases(settings)
    counted = frame["n_cases"] - frame["n_excluded"]
    for column in ("numerator", "denominator"):
        frame[column] = frame[column].astype(float)
    if metric.kind == "count":
        frame["value"] = frame["numerator"]
        frame["denominator"] = np.nan
        frame["lower"] = frame["upper"] = np.nan
        is_shown = counted > 0
    else:
        denominator = frame["denominator"].where(frame["denominator"] > 0)
        if metric.quantile is not None:
            frame["value"] = frame["quantile"]
        elif metric.kind == "geometric_mean":
            frame["value"] = np.exp(frame["log_sum"] / frame["n_logs"].where(frame["n_logs"] == counted))
        else:
            frame["value"] = metric.scale * frame["numerator"] / denominator
        frame["lower"], frame["upper"] = _interval(frame, metric, counted)
        is_shown = (counted >= fewest) & denominator.notna() & frame["value"].notna()
    is_shown &= ~frame["is_before_data"]
    frame["status"] = np.select([is_shown, frame["is_before_data"]], ["ok", BEFORE_DATA], "too_few")
    frame["status_reason"] = np.select(
        [is_shown, frame["is_before_data"], counted == 0, counted < fewest],
        ["", str(Reason("before_data")), str(Reason("no_cases")), str(Reason("few_cases", str(fewest)))],
        str(Reason(_WHY_NO_VALUE.get(metric.kind, "zero_denominator"))),
    )
    frame.loc[~is_shown, ["value", "lower", "upper"]] = np.nan
    frame["metric"], frame["version"] = metric.name, metric.version
    return frame


def _interval(frame: pd.DataFrame, metric: Metric, counted: pd.Series) -> tuple[pd.Series, pd.Series]:
    """95 % interval: Wilson for proportions, gamma for rates, the ratio estimator on the log scale for means and
    ratios.

    The ratio variance (Cochran, Sampling Techniques, 3rd ed., section 6.4) uses the spread of the cases themselves, so
    that skewed costs widen it, where a normal or Poisson assumption would be too narrow.
    """
    if metric.quantile is not None or not metric.is_sample:
        return pd.Series(np.nan, index=frame.index), pd.Series(np.nan, index=frame.index)
    n = counted.where(counted > 1).astype(float)
    if metric.kind == "proportion":
        lower, upper = wilson_interval(frame["numerator"], n)
    elif metric.kind == "rate":
        events = float(frame["numerator"].sum())
        usual = float(frame["sum_nn"].sum()) / events if events > 0 else 1.0
        lower, upper = gamma_interval(frame["numerator"], frame["sum_nn"], frame["denominator"], usual_weight=usual)
    elif metric.kind == "geometric_mean":
        lower, upper = log_normal_interval(frame["log_sum"], frame["log_square_sum"], n)
    else:
        ratio = frame["numerator"] / frame["denominator"]
        squares = (frame["sum_nn"] - 2 * ratio * frame["sum_nd"] + ratio**2 * frame["sum_dd"]).clip(lower=0)
        standard_error = np.sqrt(squares / (n - 1) / n) / (frame["denominator"] / n)
        lower, upper = log_delta_interval(ratio, standard_error, n, never_negative=frame["least"] >= 0)
    ends = (pd.Series(end, index=frame.index) for end in (metric.scale * lower, metric.scale * upper))
    return tuple(ends)  # type: ignore[return-value]


def _unavailable(metric: Metric, status: str, reason: str) -> pd.DataFrame:
    row = dict.fromkeys(VALUE_COLUMNS, np.nan) | {
        "metric": metric.name,
        "version": metric.version,
        "facility_id": WHOLE_SYSTEM,
        "month": "",
        "maturity": "final",
        "status": status,
        "status_reason": reason,
        "n_cases": 0,
        "n_excluded": 0,
        "n_immature": 0,
        "is_incomplete": False,
    }
    return pd.DataFrame([row], columns=list(VALUE_COLUMNS))
