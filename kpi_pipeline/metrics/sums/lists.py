"""What is asked of the lists of cases besides their sums: how many are listed twice, how many patients are behind the
events, and the quantiles.

Where the engine keeps the lists beside the sums (`summing`), they are looked at there; else the cases are listed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.cases import cases_sql, quantile_sql
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.survival import survival_medians_sql
from kpi_pipeline.warehouse.engines.engine import Engine

DATABASE = "summed"
"""What is made of the cases: `case_sums` and `large_sums`, `event_patients`, `quantiles`, `watermarks`, `lists`."""
OF_EVENTS = ("proportion", "rate")
"""Kinds whose numerator counts what happened to patients; one patient may be behind many events."""


def has_stays(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse holds stays: a hand-made one may not."""
    return bool(connection.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'stays'").fetchall())


def count_repeated(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], engine: Engine) -> None:
    """Notes how many cases of each metric are listed more than once. Many list the same cases: they are looked at once.

    Lists that agree in number, sum and exclusive or of their ids' hashes are the same list; that two others agree by
    chance is less likely than one in 2^64. Different hashes are different cases; equal ones are looked at again.
    """
    looks = {
        str(fingerprint): (look, n_unnamed)
        for fingerprint, *look, n_unnamed in connection.execute(
            "SELECT fingerprint, SUM(n_cases), SUM(hash_sum), BIT_XOR(hash_xor), SUM(n_unnamed) "
            "FROM listed_sums GROUP BY fingerprint"
        ).fetchall()
    }
    of_none: tuple[list[int], int] = ([0, 0, 0], 0)
    known = {
        tuple(look): n_repeated
        for n_repeated, *look in connection.execute(
            f"SELECT n_repeated, n_cases, hash_sum, hash_xor FROM {DATABASE}.lists WHERE n_repeated = 0"
        ).fetchall()
    }
    known[0, 0, 0] = 0
    first = {tuple(looks.get(one.fingerprint, of_none)[0]): one for one in reversed(metrics)}
    unknown = {look: metric for look, metric in first.items() if look not in known}
    suspicious = set(unknown)
    if engine.holds_lists and unknown:
        names = ", ".join(literal(metric.fingerprint) for metric in unknown.values())
        same_hash = connection.execute(
            f"""
            SELECT fingerprint
            FROM (SELECT fingerprint, UNNEST(case_hashes) AS case_hash FROM listed_sums WHERE fingerprint IN ({names}))
            GROUP BY fingerprint
            HAVING COUNT(*) > COUNT(DISTINCT case_hash)
            """
        ).fetchall()
        doubtful = {str(fingerprint) for (fingerprint,) in same_hash}
        suspicious = {
            look
            for look, metric in unknown.items()
            if metric.fingerprint in doubtful or looks[metric.fingerprint][1] > 0
        }
    counted = _repeated(connection, [unknown[look] for look in unknown if look in suspicious], engine)
    known |= {look: counted[unknown[look].fingerprint] for look in suspicious}
    looked = {metric.fingerprint: tuple(looks.get(metric.fingerprint, of_none)[0]) for metric in metrics}
    # Lists that agree with one that repeats cases are looked at each by itself: one of them is to be mended.
    alike = [
        metric for metric in metrics if known.get(looked[metric.fingerprint]) and metric.fingerprint not in counted
    ]
    counted |= _repeated(connection, alike, engine)
    rows = [[name, counted.get(name, known.get(look, 0)), *look] for name, look in looked.items()]
    values = ", ".join(f"({literal(name)}, {', '.join(map(str, numbers))})" for name, *numbers in rows)
    connection.execute(f"INSERT INTO {DATABASE}.lists VALUES {values}")


def in_batches(metrics: Sequence[Metric], most: int) -> Iterator[list[Metric]]:
    """The metrics in their order, so many at once."""
    for start in range(0, len(metrics), most):
        yield list(metrics[start : start + most])


def _repeated(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], engine: Engine) -> dict[str, int]:
    """Fingerprint → how many cases the metric lists more than once; of every metric given."""
    found = dict.fromkeys((metric.fingerprint for metric in metrics), 0)
    for batch in in_batches(metrics, engine.at_once):
        listed = " UNION ALL ".join(
            f"SELECT {literal(metric.fingerprint)} AS fingerprint, case_id FROM ({metric.sql}) AS cases"
            for metric in batch
        )
        sql = (
            "SELECT fingerprint, COUNT(*) - COUNT(DISTINCT case_id) AS n_repeated "
            f"FROM ({listed}) AS listed GROUP BY fingerprint"
        )
        found |= dict(connection.execute(engine.result(connection, sql)).fetchall())
    return found


def count_event_patients(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], engine: Engine) -> None:
    """Notes how many patients are behind the events of each metric, place and month; NULL where cases are no stays.

    Stays and persons are told apart by their hashes: that two of five million are alike is less likely than one in a
    million.
    """
    into = f"INSERT INTO {DATABASE}.event_patients"
    if engine.holds_lists:
        connection.execute(f"""
            CREATE TABLE IF NOT EXISTS {DATABASE}.stay_people AS
            SELECT HASH(stay_id) AS case_hash, CASE WHEN person_id IS NOT NULL THEN HASH(person_id) END AS person_hash
            FROM stays""")
        connection.execute(f"""{into}
            WITH event_cases AS (
                SELECT
                    fingerprint,
                    facility_id,
                    STRFTIME(month_starts_on, '%Y-%m') AS month,
                    UNNEST(case_hashes) AS case_hash
                FROM listed_sums
                WHERE is_event AND month_starts_on IS NOT NULL
            )
            SELECT
                fingerprint,
                CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END AS facility_id,
                month,
                CASE WHEN COUNT(person_hash) = COUNT(*) THEN COUNT(DISTINCT person_hash) END AS n_event_patients
            FROM event_cases
            LEFT JOIN {DATABASE}.stay_people AS people ON event_cases.case_hash = people.case_hash
            GROUP BY GROUPING SETS ((fingerprint, facility_id, month), (fingerprint, month))""")
        return
    for batch in in_batches(metrics, engine.at_once):
        connection.execute(f"{into} {engine.result(connection, _event_patients_sql(batch))}")


def _event_patients_sql(metrics: Sequence[Metric]) -> str:
    """The same for some metrics, from their cases."""
    events = " UNION ALL ".join(
        f"""
        SELECT
            {literal(metric.fingerprint)} AS fingerprint, facility_id, STRFTIME(event_date, '%Y-%m') AS month, case_id
        FROM ({cases_sql(metric)}) AS cases
        WHERE exclusion_reason IS NULL AND event_date IS NOT NULL AND numerator <> 0
        """
        for metric in metrics
    )
    return f"""
        WITH event_cases AS ({events})
        SELECT
            event_cases.fingerprint,
            CASE GROUPING(event_cases.facility_id)
                WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE event_cases.facility_id END AS facility_id,
            event_cases.month,
            CASE WHEN COUNT(stays.person_id) = COUNT(*) THEN COUNT(DISTINCT stays.person_id) END AS n_event_patients
        FROM event_cases
        LEFT JOIN stays ON event_cases.case_id = stays.stay_id
        GROUP BY GROUPING SETS (
            (event_cases.fingerprint, event_cases.facility_id, event_cases.month),
            (event_cases.fingerprint, event_cases.month)
        )
        """


def find_quantiles(connection: duckdb.DuckDBPyConnection, metric: Metric, engine: Engine) -> None:
    """Notes the median or percentile of the counted cases of each place and month; the cases of a cut are pooled."""
    counted = f"""
        SELECT
            facility_id,
            STRFTIME(month_starts_on, '%Y-%m') AS month,
            UNNEST(numerators) AS numerator,
            UNNEST(denominators) AS denominator
        FROM listed_sums
        WHERE
            fingerprint = {literal(metric.fingerprint)} AND month_starts_on IS NOT NULL
            AND listed_reason IS NULL AND NOT is_immature
    """
    if not engine.holds_lists:
        counted = f"""
            SELECT
                facility_id,
                STRFTIME(event_date, '%Y-%m') AS month,
                CAST(numerator AS DOUBLE) AS numerator,
                CAST(denominator AS DOUBLE) AS denominator
            FROM ({cases_sql(metric)}) AS cases
            WHERE exclusion_reason IS NULL AND event_date IS NOT NULL
        """
    sql = survival_medians_sql(counted) if metric.kind == "survival_median" else _pooled_sql(counted, metric)
    rows = engine.result(connection, sql)
    connection.execute(
        f"INSERT INTO {DATABASE}.quantiles SELECT {literal(metric.fingerprint)}, rows.* FROM ({rows}) AS rows"
    )


def _pooled_sql(counted: str, metric: Metric) -> str:
    """SQL: facility_id, month, quantile of the numerators of `counted`."""
    return f"""
    SELECT
        CASE GROUPING(facility_id) WHEN 1 THEN '{WHOLE_SYSTEM}' ELSE facility_id END AS facility_id,
        month,
        {quantile_sql(metric)} AS quantile
    FROM ({counted}) AS counted_cases
    GROUP BY GROUPING SETS ((facility_id, month), (month))
    """
