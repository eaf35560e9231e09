"""Published figures laid beside ours: CMS's readmissions program (HRRP) by condition.

Comes only where a measure declares itself comparable, the file was imported, and the facility's CMS certification
number is declared. Nothing is computed from the two together. Not here: words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.project import SETTINGS_FILE
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import missing_inputs
from kpi_pipeline.metrics.compute import value_frame
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import final_year
from kpi_pipeline.metrics.groups import Span, query_groups

HRRP = "benchmarks-hrrp"
CONDITIONS: Mapping[str, str] = {
    "READM-30-AMI-HRRP": "Heart attack",
    "READM-30-HF-HRRP": "Heart failure",
    "READM-30-PN-HRRP": "Pneumonia",
    "READM-30-COPD-HRRP": "COPD",
    "READM-30-HIP-KNEE-HRRP": "Hip or knee replacement",
    "READM-30-CABG-HRRP": "Coronary bypass",
}
"""CMS's name of a measure → our condition, in the order printed."""

NOT_PUBLISHED = "N/A"
"""How CMS writes a figure it does not give."""

_MONTHS_AHEAD = 3
"""A fiscal year begins three months before the year it is named after."""

RATIO_DECIMALS = 4
"""As CMS publishes its ratio."""


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """One condition. n_cases: ours, None without a final month; value: in percent, None where cases are too few.

    The others are CMS's, None where it gives no number. readmissions_text: its words instead of the readmissions.
    """

    condition: str
    n_cases: float | None
    value: float | None
    published_discharges: int | None
    published_readmissions: int | None
    readmissions_text: str
    predicted_pct: float | None
    expected_pct: float | None
    excess_ratio: float | None
    footnote: str


@dataclass(frozen=True, slots=True)
class FacilityBenchmark:
    """One facility. span: the months of ours, None without a final one. rows: none where CMS's file lacks it."""

    facility_id: str
    certification_number: str
    published_name: str
    span: Span | None
    rows: tuple[BenchmarkRow, ...]


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """A measure beside a published file. starts_on, ends_on: the discharges that CMS counted."""

    metric: Metric
    fiscal_year: int
    starts_on: date
    ends_on: date
    facilities: tuple[FacilityBenchmark, ...]


def read_benchmarks(
    connection: duckdb.DuckDBPyConnection,
    month: Month,
    *,
    metrics: Mapping[str, Metric],
    values: pd.DataFrame,
    settings: Settings,
    facility: str | None = None,
) -> Benchmarks | None:
    """CMS's newest figures that were out in that month, beside the newest twelve final months of ours.

    values: as stored; they tell which months are final. None where nobody declared a number, no measure declares itself
    comparable or has its inputs, or no file of that year or before it was imported. Raises DefinitionError for a
    declared facility that the data do not have.
    """
    declared = _declared(connection, settings, facility)
    metric = next((one for one in metrics.values() if one.benchmark and one.benchmark.published == HRRP), None)
    if not declared or metric is None or missing_inputs(connection, metric) is not None:
        return None
    published = _published(connection, month)
    if published.empty:
        return None
    return Benchmarks(
        metric,
        int(published["fiscal_year"].iloc[0]),
        published["starts_on"].min().date(),
        published["ends_on"].max().date(),
        tuple(
            _facility(
                connection,
                metric,
                (name, number),
                published=published[published["cms_certification_number"] == number],
                span=final_year(values, metric.name, month, name),
                settings=settings,
            )
            for name, number in sorted(declared.items())
        ),
    )


def _declared(connection: duckdb.DuckDBPyConnection, settings: Settings, facility: str | None) -> dict[str, str]:
    declared = settings.cms_certification_numbers
    known = {str(name) for (name,) in connection.execute("SELECT facility_id FROM facilities").fetchall()}
    if strangers := sorted(set(declared) - known):
        what = f"cms_certification_numbers names {', '.join(strangers[:3])}, which the data do not have."
        raise DefinitionError(Fault(SETTINGS_FILE, what, f"Use the ids of the data: {', '.join(sorted(known)[:12])}."))
    return {name: number for name, number in declared.items() if facility in (None, name)}


def _published(connection: duckdb.DuckDBPyConnection, month: Month) -> pd.DataFrame:
    """The rows of the newest fiscal year, no later than the month's own."""
    own_year = month.plus(_MONTHS_AHEAD).year
    return connection.execute(
        """
        SELECT
            *
        FROM reference_benchmarks_hrrp
        WHERE fiscal_year = (
            SELECT MAX(fiscal_year) FROM reference_benchmarks_hrrp WHERE fiscal_year <= $own_year
        )
        ORDER BY cms_certification_number, measure
        """,
        {"own_year": own_year},
    ).df()


def _facility(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    who: tuple[str, str],
    *,
    published: pd.DataFrame,
    span: Span | None,
    settings: Settings,
) -> FacilityBenchmark:
    facility, number = who
    ours = _ours(connection, metric, facility, span, settings) if span is not None else {}
    nobody = _Ours(None if span is None else 0.0, None)
    of_measure = {str(row["measure"]): row for row in published.to_dict("records")}
    rows = tuple(
        BenchmarkRow(
            condition,
            ours.get(condition, nobody).n_cases,
            ours.get(condition, nobody).value,
            _whole(row["n_discharges"]),
            _whole(row["n_readmissions"]),
            "" if pd.isna(row["n_readmissions_text"]) else str(row["n_readmissions_text"]),
            _number(row["predicted_readmission_pct"]),
            _number(row["expected_readmission_pct"]),
            _number(row["excess_readmission_ratio"]),
            "" if pd.isna(row["footnote"]) else str(row["footnote"]),
        )
        for measure, condition in CONDITIONS.items()
        if (row := of_measure.get(measure)) is not None
    )
    name = str(published["hospital_name"].iloc[0]) if len(published) else ""
    return FacilityBenchmark(facility, number, name, span, rows)


class _Ours(NamedTuple):
    n_cases: float | None
    value: float | None


def _ours(
    connection: duckdb.DuckDBPyConnection, metric: Metric, facility: str, span: Span, settings: Settings
) -> dict[str, _Ours]:
    """Condition → cases and value; no value where they are too few."""
    sums = query_groups(connection, metric, ["condition"], [span], facility=facility)
    judged = value_frame(sums[sums["dimension"] == "condition"], metric, settings)
    return {
        str(row["group"]): _Ours(
            float(row["n_cases"] - row["n_excluded"]),
            float(row["value"]) if row["status"] == "ok" else None,
        )
        for _, row in judged.iterrows()
    }


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
