"""What the warehouse tells about drivers: waits by reason, days by stay, cost by kind of case, units, occupied beds.

SQL on an open connection, set-based; the one place of this room that reads a warehouse. No row holds a person, a stay
or an encounter by its own id: stays are numbered anew by each query, everything else is summed. The analyses are those
of `pareto`, `excess_days`, `decomposition` and `opportunity`; `drivers` puts the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.metrics.cases import cases_sql
from kpi_pipeline.metrics.declaration import Metric

_COUNTED_DAYS = """
    SELECT
        waits.stay_id,
        {by}
        SUM(
            GREATEST(DATE_DIFF('day', GREATEST(waits.starts_on, COALESCE(covered_before, starts_on)), ends_before), 0)
        ) AS n_days
    FROM (
        SELECT
            *,
            MAX(ends_before) OVER (
                PARTITION BY stay_id{partition} ORDER BY starts_on, ends_before
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered_before
        FROM avoidable_days
        WHERE stay_id IS NOT NULL{only}
    ) AS waits
    GROUP BY waits.stay_id{group}
"""
"""Overlapping waits of one kind count once, as those of all kinds do in waiting_days."""

_DAYS_BY_STAY = "SELECT stay_id, n_days FROM waiting_days"
_DOCUMENTED_DAYS_BY_STAY = _COUNTED_DAYS.format(
    by="", partition="", group="", only=" AND reason_code IS NOT NULL AND responsible_party IS NOT NULL"
)
_DAYS_BY_STAY_AND_REASON = _COUNTED_DAYS.format(
    by="COALESCE(waits.reason_code, '') AS reason_code,",
    partition=", COALESCE(reason_code, '')",
    group=", COALESCE(waits.reason_code, '')",
    only="",
)
_DAYS_BY_STAY_REASON_AND_PARTY = _COUNTED_DAYS.format(
    by="COALESCE(waits.reason_code, '') AS reason_code, COALESCE(waits.responsible_party, '') AS responsible_party,",
    partition=", COALESCE(reason_code, ''), COALESCE(responsible_party, '')",
    group=", COALESCE(waits.reason_code, ''), COALESCE(waits.responsible_party, '')",
    only="",
)


@dataclass(frozen=True, slots=True)
class Window:
    """The discharges looked at: from first_day to the day before end, at one facility or (None) at all."""

    first_day: date
    end: date
    facility_id: str | None = None

    def condition(self, rows: str = "stays", on: str = "discharged_on") -> str:
        """The window as an SQL condition on a table with facility_id and a date column."""
        at = "" if self.facility_id is None else f" AND {rows}.facility_id = $facility_id"
        return f"{rows}.{on} >= $first_day AND {rows}.{on} < $end{at}"

    @property
    def values(self) -> dict[str, Any]:
        """The named values of the condition."""
        at = {} if self.facility_id is None else {"facility_id": self.facility_id}
        return {"first_day": self.first_day, "end": self.end} | at


def query_supply(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What was not supplied or cannot be computed: item → reason (`core.reasons`). Items not in it are there."""
    rows = connection.execute("SELECT item, reason FROM supply WHERE NOT is_supplied").fetchall()
    return {str(item): str(reason) for item, reason in rows}


def query_waits(connection: duckdb.DuckDBPyConnection, window: Window) -> pd.DataFrame:
    """Avoidable days by reason_code ('' not recorded): responsible_party ('' not recorded, None: several), n_stays,
    n_persons, days.

    Days on which a stay waited for two reasons count under each; overlapping waits for one reason count once.
    """
    return connection.execute(
        f"""
        WITH days_by_reason AS ({_DAYS_BY_STAY_AND_REASON}),
        days_by_party AS ({_DAYS_BY_STAY_REASON_AND_PARTY}),
        discharged AS (
            SELECT stay_id, person_id
            FROM stays
            WHERE NOT is_in_house AND {window.condition()}
        ),
        parties AS (
            SELECT
                days_by_party.reason_code,
                CASE
                    WHEN COUNT(DISTINCT days_by_party.responsible_party) = 1 THEN MIN(days_by_party.responsible_party)
                END AS responsible_party
            FROM days_by_party
            INNER JOIN discharged ON days_by_party.stay_id = discharged.stay_id
            WHERE days_by_party.n_days > 0
            GROUP BY days_by_party.reason_code
        )
        SELECT
            days_by_reason.reason_code,
            parties.responsible_party,
            COUNT(*) AS n_stays,
            COUNT(DISTINCT discharged.person_id) AS n_persons,
            CAST(SUM(days_by_reason.n_days) AS DOUBLE) AS days
        FROM days_by_reason
        INNER JOIN discharged ON days_by_reason.stay_id = discharged.stay_id
        INNER JOIN parties ON days_by_reason.reason_code = parties.reason_code
        WHERE days_by_reason.n_days > 0
        GROUP BY days_by_reason.reason_code, parties.responsible_party
        ORDER BY days_by_reason.reason_code
        """,
        window.values,
    ).df()


def query_wait_parties(connection: duckdb.DuckDBPyConnection, window: Window) -> pd.DataFrame:
    """Avoidable days by reason_code and responsible_party ('' not recorded): n_stays, n_persons, days.

    Days on which a stay waited for one reason because of two parties count under each.
    """
    return connection.execute(
        f"""
        WITH days_by_party AS ({_DAYS_BY_STAY_REASON_AND_PARTY})
        SELECT
            days_by_party.reason_code,
            days_by_party.responsible_party,
            COUNT(*) AS n_stays,
            COUNT(DISTINCT stays.person_id) AS n_persons,
            CAST(SUM(days_by_party.n_days) AS DOUBLE) AS days
        FROM days_by_party
        INNER JOIN stays ON days_by_party.stay_id = stays.stay_id
        WHERE NOT stays.is_in_house AND {window.condition()} AND days_by_party.n_days > 0
        GROUP BY days_by_party.reason_code, days_by_party.responsible_party
        ORDER BY ALL
        """,
        window.values,
    ).df()


def query_stays(connection: duckdb.DuckDBPyConnection, window: Window) -> pd.DataFrame:
    """One row a discharged stay, under a number of this query's own, with what `excess_days` and `opportunity` need.

    stay_id (1, 2, …), length_of_stay_days, drg_geometric_mean_days, drg_arithmetic_mean_days, drg_code, service_line,
    variable_direct_cost, avoidable_days; documented_days are those of them with a reason and a party. A cost below
    zero is an error of the source and counts as not costed.
    """
    return connection.execute(
        f"""
        WITH days_by_stay AS ({_DAYS_BY_STAY}),
        documented_by_stay AS ({_DOCUMENTED_DAYS_BY_STAY})
        SELECT
            ROW_NUMBER() OVER (ORDER BY stays.discharged_on, stays.stay_id) AS stay_id,
            CAST(stays.length_of_stay_days AS DOUBLE) AS length_of_stay_days,
            stays.drg_geometric_mean_days,
            stays.drg_arithmetic_mean_days,
            stays.drg_code,
            stays.service_line,
            CASE WHEN stays.variable_direct_cost >= 0 THEN stays.variable_direct_cost END AS variable_direct_cost,
            CAST(COALESCE(days_by_stay.n_days, 0) AS DOUBLE) AS avoidable_days,
            CAST(COALESCE(documented_by_stay.n_days, 0) AS DOUBLE) AS documented_days
        FROM stays
        LEFT JOIN days_by_stay ON stays.stay_id = days_by_stay.stay_id
        LEFT JOIN documented_by_stay ON stays.stay_id = documented_by_stay.stay_id
        WHERE NOT stays.is_in_house AND {window.condition()}
        ORDER BY 1
        """,
        window.values,
    ).df()


def query_amounts(connection: duckdb.DuckDBPyConnection, metric: Metric, window: Window, *, by: str) -> pd.DataFrame:
    """A metric's cases summed by drg_code or service_line: category ('' not recorded), n_cases, numerator and the
    sum of its squares."""
    return connection.execute(
        f"""
        WITH cases AS ({cases_sql(metric)})
        SELECT
            COALESCE(stays.{by}, '') AS category,
            COUNT(*) AS n_cases,
            CAST(SUM(CAST(cases.numerator AS DECIMAL(38, 9))) AS DOUBLE) AS numerator,
            CAST(SUM(CAST(CAST(cases.numerator AS DOUBLE) * cases.numerator AS DECIMAL(38, 4))) AS DOUBLE) AS squares
        FROM cases
        INNER JOIN stays ON cases.case_id = stays.stay_id
        WHERE {window.condition()} AND cases.exclusion_reason IS NULL
        GROUP BY COALESCE(stays.{by}, '')
        ORDER BY 1
        """,
        window.values,
    ).df()


def query_known_by_month(
    connection: duckdb.DuckDBPyConnection, metric: Metric, window: Window, *, by: str
) -> list[tuple[str, int, int]]:
    """For each month `YYYY-MM` with discharges, newest first: a metric's due cases, and of them those counted whose
    drg_code or service_line is known. Due: counted, or left out only because their data have not come yet."""
    return connection.execute(
        f"""
        WITH cases AS ({cases_sql(metric)})
        SELECT
            STRFTIME(stays.discharged_on, '%Y-%m') AS month,
            COUNT(*) AS n_due,
            COUNT(*) FILTER (WHERE cases.exclusion_reason IS NULL AND stays.{by} IS NOT NULL) AS n_known
        FROM cases
        INNER JOIN stays ON cases.case_id = stays.stay_id
        WHERE
            {window.condition()}
            AND (cases.exclusion_reason IS NULL OR LIST_CONTAINS($late, cases.exclusion_reason))
        GROUP BY month
        ORDER BY month DESC
        """,
        window.values | {"late": list(metric.late_data_exclusions)},
    ).fetchall()


def query_drg_titles(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """MS-DRG → its title as published, from the newest table that has it."""
    rows = connection.execute(
        "SELECT ms_drg, ARG_MAX(title, fiscal_year) FROM reference_ms_drg GROUP BY ms_drg ORDER BY ms_drg"
    ).fetchall()
    return {str(code): str(title) for code, title in rows}


def query_occupancy_pct(connection: duckdb.DuckDBPyConnection, window: Window) -> float | None:
    """Patients counted at the census over licensed beds, in percent; None without a census or without beds."""
    share: float | None = connection.execute(
        f"""
        WITH days AS (
            SELECT
                facility_id,
                census_on,
                -- A row without a unit is the whole house; the units' own rows are then part of it.
                COALESCE(SUM(CASE WHEN unit_id IS NULL THEN patients END), SUM(patients)) AS patients
            FROM census
            WHERE {window.condition("census", "census_on")}
            GROUP BY facility_id, census_on
        )
        SELECT CAST(100.0 * SUM(days.patients) / SUM(facilities.licensed_beds) AS DOUBLE)
        FROM days
        INNER JOIN facilities ON days.facility_id = facilities.facility_id AND facilities.licensed_beds > 0
        """,
        window.values,
    ).fetchall()[0][0]
    return share
