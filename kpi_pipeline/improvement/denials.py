"""Denials in dollars by payer and by reason, with what became of them: twelve months received, and matured cohorts.

The sums are those of the measures of denials (`metrics.groups`), so that a page of them agrees with the monthly
figures. Which of it is printed is the report's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics.cases import missing_inputs
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import final_year, newest_year
from kpi_pipeline.metrics.groups import Span, groupable_by, query_groups

RECEIVED = "denied_usd_received"
OUTCOMES = ("denials_appealed", "appeals_overturned", "denied_usd_not_recovered")
"""What became of denials, each a cohort whose time is over."""

BY = ("payer", "reason_code")


@dataclass(frozen=True, slots=True)
class DenialSums:
    """One measure's sums by payer and reason over up to twelve months, as `groups.query_groups` gives them."""

    metric: str
    span: Span
    sums: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Denials:
    """Dollars denied in the twelve months up to the report's, and the newest year of each outcome that is final."""

    received: DenialSums
    outcomes: tuple[DenialSums, ...]


def read_denials(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    *,
    metrics: Mapping[str, Metric],
    values: pd.DataFrame,
    facility: str | None = None,
) -> Denials | None:
    """The denials of one scope; None where none were supplied, or a hospital's own measures have no dollars received.

    values: as stored; they tell which months are final.
    """
    received = metrics.get(RECEIVED)
    if received is None or missing_inputs(connection, received) is not None:
        return None
    span = newest_year(values, RECEIVED, month, facility)
    sums = None if span is None else _sums(connection, received, span, facility)
    if span is None or sums is None or not sums["n_cases"].sum():
        return None
    outcomes = []
    for name in OUTCOMES:
        metric, cohort = metrics.get(name), final_year(values, name, month, facility)
        if metric is None or cohort is None or missing_inputs(connection, metric) is not None:
            continue
        own = _sums(connection, metric, cohort, facility)
        if own is not None:
            outcomes.append(DenialSums(name, cohort, own))
    return Denials(DenialSums(RECEIVED, span, sums), tuple(outcomes))


def _sums(
    connection: duckdb.DuckDBPyConnection, metric: Metric, span: Span, facility: str | None
) -> pd.DataFrame | None:
    """The sums by payer and reason; None for a measure that lists neither."""
    by = [name for name in BY if name in groupable_by(metric)]
    return query_groups(connection, metric, by, [span], facility=facility) if list(BY) == by else None
