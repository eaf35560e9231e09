"""Fits a risk model to a warehouse: the cases of one measure over a baseline, judged on the months after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import statsmodels  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.risk.checking import check_model
from kpi_pipeline.improvement.risk.fitting import Link, fit_terms
from kpi_pipeline.metrics.cases import cases_sql, find_metric
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.reference.risk_model_file import RiskCheck, RiskModel, RiskTerm
from kpi_pipeline.report.drawing.calibration import CalibrationGroup, draw_calibration
from kpi_pipeline.report.forms.chart_files import render_calibration_svg
from kpi_pipeline.report.words.reasons import reason_words
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.supply import ITEMS_OF_FACTOR, RISK_MODELS
from kpi_pipeline.warehouse.tables import load_tables

MOST_STAYS = 300_000
"""A larger baseline is thinned to about so many stays, the same ones each time."""
_LINKS: dict[str, Link] = {"proportion": "logit", "mean": "log"}
_WELL_CODED = 0.95
"""The DRG is looked at where so large a share of the baseline's stays has one; elsewhere the principal diagnosis."""


@dataclass(frozen=True, slots=True)
class Span:
    """Months from first to last, both included."""

    first: Month
    last: Month

    @classmethod
    def parse(cls, text: str) -> Span:
        """Reads `2024-01:2025-06`."""
        first, separator, last = text.partition(":")
        if not separator:
            raise InputError(Fault("months", f"must look like 2024-01:2025-06, got {text!r}."))
        span = cls(Month.parse(first.strip()), Month.parse(last.strip()))
        if span.last < span.first:
            raise InputError(Fault("months", f"end before they begin: {text!r}."))
        return span


def fit_risk_model(warehouse: Path, metric_name: str, baseline: Span, *, factors: Sequence[str] = ()) -> RiskModel:
    """A model of a measure's outcome, fitted to its final cases of the baseline; all later final months judge it.

    factors: of supply.ITEMS_OF_FACTOR; none: all that were supplied. Raises InputError for a measure, month or factor
    that does not do, and where stays are too few.
    """
    metric = find_metric(metric_name)
    if metric.name not in RISK_MODELS.values():
        raise InputError(
            Fault("metric", f"{metric.name} has no risk index.", f"Use {', '.join(RISK_MODELS.values())}.")
        )
    link = _LINKS[metric.kind]
    last_final = _last_final_month(warehouse, metric, baseline)
    with open_warehouse(warehouse) as connection:
        looked_at = _usable_factors(connection, factors)
        outcomes = _outcomes(connection, metric, last_final)
        of_baseline = outcomes[outcomes["month"].between(str(baseline.first), str(baseline.last))]
        if of_baseline.empty:
            raise InputError(Fault("baseline", f"{metric.name} has no cases in {baseline.first} to {baseline.last}."))
        read = _factors(connection, looked_at)
        if not factors:
            looked_at = _drg_or_diagnosis(looked_at, read, of_baseline)
            read = read[read["factor"].isin(looked_at)]
        coded = of_baseline[~of_baseline["stay_id"].isin(read.loc[read["level"] == "missing", "stay_id"])]
        terms = fit_terms(_thinned(coded), read, link=link)
        expected = _expected(connection, metric, link, terms)
    judged = outcomes.merge(expected, on="stay_id").dropna(subset=["expected"])
    later = Span(baseline.last.plus(1), last_final)
    in_baseline = judged[judged["month"].between(str(baseline.first), str(baseline.last))]
    after = judged[judged["month"] >= str(later.first)]
    return RiskModel(
        metric=metric.name,
        metric_version=metric.version,
        link=link,
        fitted_by=f"statsmodels {statsmodels.__version__}",
        factors=tuple(sorted({term.factor for term in terms} - {"intercept"})),
        baseline=_check(in_baseline, link, baseline),
        later=_check(after, link, later) if len(after) else None,
        notes=_notes(len(of_baseline), len(coded)),
        terms=terms,
    )


def _check(stays: pd.DataFrame, link: Link, span: Span) -> RiskCheck:
    return check_model(stays, link=link, first_month=str(span.first), last_month=str(span.last))


def _notes(n_stays: int, n_coded: int) -> tuple[str, ...]:
    notes = []
    if n_coded < n_stays:
        notes.append(f"{n_stays - n_coded:,} stays of the baseline are left out: not coded.")
    if n_coded > MOST_STAYS:
        notes.append(f"Fitted to about {MOST_STAYS:,} of {n_coded:,} stays, chosen by their hash.")
    return tuple(notes)


def _last_final_month(warehouse: Path, metric: Metric, baseline: Span) -> Month:
    values = read_values(warehouse, [metric.name]).values
    own = values[(values["facility_id"] == WHOLE_SYSTEM) & (values["month"] != "")]
    if own.empty:
        reason = reason_words(str(values["status_reason"].iloc[0])) if len(values) else "no cases"
        raise InputError(Fault("metric", f"{metric.name} has no figures: {reason}."))
    final = own.loc[own["maturity"] == "final", "month"]
    last = Month.parse(max(final)) if len(final) else None
    if last is None or last < baseline.last:
        what = f"{metric.name} is not final in {baseline.last}; its last final month is {last or 'not there yet'}."
        raise InputError(Fault("baseline", what, "End the baseline earlier."))
    return last


def _usable_factors(connection: duckdb.DuckDBPyConnection, asked: Sequence[str]) -> list[str]:
    unknown = [factor for factor in asked if factor not in ITEMS_OF_FACTOR]
    if unknown:
        raise InputError(Fault("factor", f"{unknown[0]!r} is not known.", f"Use {', '.join(ITEMS_OF_FACTOR)}."))
    supply = {
        item: (is_supplied, reason)
        for item, is_supplied, reason in connection.execute("SELECT item, is_supplied, reason FROM supply").fetchall()
    }
    missing = {
        factor: supply[item][1]
        for factor, items in ITEMS_OF_FACTOR.items()
        for item in items
        if not supply.get(item, (False, ""))[0]
    }
    faults = [
        Fault("factor", f"{factor} cannot be used: {reason_words(missing[factor])} not supplied.")
        for factor in asked
        if factor in missing
    ]
    if faults:
        raise InputError(faults)
    usable = [factor for factor in (asked or ITEMS_OF_FACTOR) if factor not in missing]
    if not usable:
        raise InputError(Fault("factor", "nothing was supplied that a risk model could look at."))
    return usable


def _drg_or_diagnosis(factors: list[str], read: pd.DataFrame, baseline: pd.DataFrame) -> list[str]:
    """Both say the same thing; the DRG says it better where stays have one."""
    if "drg" not in factors or "diagnosis" not in factors:
        return factors
    of_drg = read[(read["factor"] == "drg") & read["stay_id"].isin(baseline["stay_id"])]
    is_well_coded = (of_drg["level"] != "missing").mean() >= _WELL_CODED
    return [factor for factor in factors if factor != ("diagnosis" if is_well_coded else "drg")]


def _thinned(stays: pd.DataFrame) -> pd.DataFrame:
    if len(stays) <= MOST_STAYS:
        return stays
    hashes = pd.util.hash_pandas_object(stays["stay_id"], index=False).to_numpy()
    return stays[hashes % 10_000 < 10_000 * MOST_STAYS / len(stays)]


def _outcomes(connection: duckdb.DuckDBPyConnection, metric: Metric, last: Month) -> pd.DataFrame:
    """stay_id, month, outcome of the cases that count, up to the last final month."""
    return connection.execute(
        f"""
        SELECT case_id AS stay_id, STRFTIME(event_date, '%Y-%m') AS month, CAST(numerator AS DOUBLE) AS outcome
        FROM ({cases_sql(metric)}) AS cases
        WHERE exclusion_reason IS NULL AND event_date <= ?
        ORDER BY stay_id
        """,
        [last.last_day],
    ).df()


def _sql_of(*names: str) -> str:
    """The SELECTs of tables that are computed where they are read, as the beginning of a WITH."""
    found = {table.name: table.sql for table in load_tables()}
    return ", ".join(f"{name} AS ({found[name]})" for name in names)


def _factors(connection: duckdb.DuckDBPyConnection, factors: Sequence[str]) -> pd.DataFrame:
    asked = ", ".join(literal(factor) for factor in factors)
    return connection.execute(
        f"WITH {_sql_of('stay_comorbidities', 'stay_risk_factors')} "
        f"SELECT stay_id, factor, level, wider FROM stay_risk_factors WHERE factor IN ({asked})"
    ).df()


def _expected(
    connection: duckdb.DuckDBPyConnection, metric: Metric, link: Link, terms: Sequence[RiskTerm]
) -> pd.DataFrame:
    """What the build will expect of each stay once the model is loaded: the same SQL, the terms in its place."""
    fitted = pd.DataFrame([(metric.name, link, term.factor, term.level, term.coefficient) for term in terms])
    fitted.columns = pd.Index(["model", "link", "factor", "level", "coefficient"])
    connection.register("fitted_terms", fitted)
    try:
        return connection.execute(
            "WITH reference_risk_terms AS (SELECT * FROM fitted_terms), "
            f"{_sql_of('stay_comorbidities', 'stay_risk_factors', 'expected_outcomes')} "
            "SELECT stay_id, expected FROM expected_outcomes"
        ).df()
    finally:
        connection.unregister("fitted_terms")


def checks_frame(model: RiskModel) -> pd.DataFrame:
    """One row for the baseline and one for the months after it: O/E, calibration, discrimination."""
    discrimination = "c_statistic" if model.link == "logit" else "r_squared"
    checks = [("baseline", model.baseline), ("later", model.later)]
    return pd.DataFrame(
        [
            {
                "months": name,
                "first": check.first_month,
                "last": check.last_month,
                "stays": check.n_stays,
                "observed": round(check.observed),
                "expected": round(check.expected),
                "o_over_e": round(check.observed_over_expected, 3),
                "intercept": round(check.intercept, 3) + 0.0,
                "slope": round(check.slope, 3),
                discrimination: round(check.discrimination, 3),
            }
            for name, check in checks
            if check is not None
        ]
    )


def terms_frame(model: RiskModel) -> pd.DataFrame:
    """Every term: factor, level, coefficient, standard error, stays, and what it multiplies the odds or the mean by."""
    return pd.DataFrame(
        [
            {
                "factor": term.factor,
                "level": term.level,
                "coefficient": round(term.coefficient, 3),
                "standard_error": round(term.standard_error, 3),
                "odds_ratio" if model.link == "logit" else "ratio": round(math.exp(term.coefficient), 2),
                "stays": term.n_stays,
            }
            for term in model.terms
        ]
    )


def plot_calibration(model: RiskModel) -> str:
    """The calibration plot as SVG: tenths of the stays, the baseline hollow, the later months solid."""
    scale = 100.0 if model.link == "logit" else 1.0
    groups = tuple(
        CalibrationGroup(scale * group.expected / group.n_stays, scale * group.observed / group.n_stays, is_baseline)
        for check, is_baseline in ((model.baseline, True), (model.later, False))
        if check is not None
        for group in check.groups
    )
    metric = find_metric(model.metric)
    unit = "%" if model.link == "logit" else metric.unit.replace("usd", "dollars")
    later = model.later
    drawing = draw_calibration(
        groups,
        alt=f"Calibration of the risk model of {model.metric}: observed against expected, in tenths of the stays.",
        headings=(f"Expected, {unit}", f"Observed, {unit}"),
        key=(
            f"Baseline, {model.baseline.first_month} to {model.baseline.last_month}",
            f"Later, {later.first_month} to {later.last_month}" if later is not None else "",
        ),
        decimals=metric.decimals,
    )
    return render_calibration_svg(drawing)
