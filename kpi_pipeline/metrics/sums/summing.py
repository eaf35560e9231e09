"""Lists the cases of every measure once, and keeps what figures and checks need of them.

All of it lies in an in-memory database beside the warehouse until the figures are made (`compute`). Not here: the cases
themselves (`cases`), what is asked of each list besides its sums (`lists`), and what a sum is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.metrics.cases import (
    describe_faults,
    feeds_of,
    is_immature_sql,
    missing_inputs,
    read_supply,
    sum_columns_sql,
    watermarks_sql,
)
from kpi_pipeline.metrics.declaration import CASE_COLUMNS, Metric
from kpi_pipeline.metrics.sums.lists import (
    DATABASE,
    OF_EVENTS,
    count_event_patients,
    count_repeated,
    find_quantiles,
    has_stays,
    in_batches,
)
from kpi_pipeline.warehouse.engines.engine import DUCKDB, Engine

_LARGEST_EXACT = 1e9
"""Up to here the squares of a hundred million cases fit into a decimal of 38 digits, ten of them after the point."""
_MOST_LISTED = 5_000_000
"""So many cases wait at most, some 40 MB, until their lists are looked at together: a look has a price of its own."""
_KEY = "fingerprint VARCHAR, facility_id VARCHAR, month_starts_on DATE, listed_reason VARCHAR, is_immature BOOLEAN"


def _sum_columns(number: str, logarithm: str) -> str:
    return f"""
        {_KEY}, n_cases BIGINT, numerator {number}, denominator {number},
        sum_nn {number}, sum_nd {number}, sum_dd {number}, least DOUBLE,
        log_sum {logarithm}, log_square_sum {logarithm}, n_logs BIGINT, largest DOUBLE, n_without_number BIGINT"""


_EXACT, _LARGE = _sum_columns("DECIMAL(38, 10)", "DECIMAL(38, 18)"), _sum_columns("DOUBLE", "DOUBLE")
_LISTS = "hash_sum HUGEINT, hash_xor UBIGINT, n_unnamed BIGINT, case_hashes UBIGINT[], is_event BOOLEAN, \
numerators DOUBLE[], denominators DOUBLE[]"


def case_faults(
    connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], engine: Engine = DUCKDB
) -> list[Fault]:
    """What is wrong with the cases of metrics: missing columns, undeclared exclusions, no number where one must be.

    Leaves the sums for `compute_values`, so that the cases are listed only once. A metric whose inputs were not
    supplied has no cases to look at.
    """
    supply = read_supply(connection)
    faults, sound = [], []
    for metric in metrics:
        columns = [row[0] for row in connection.execute(f"DESCRIBE {metric.sql}").fetchall()]
        if tuple(columns[: len(CASE_COLUMNS)]) != CASE_COLUMNS:
            what = f"must select {', '.join(CASE_COLUMNS)} first; got {', '.join(columns[:7])}."
            faults.append(Fault(metric.where, what))
        elif missing_inputs(connection, metric, supply) is None:
            sound.append(metric)
    sum_cases(connection, sound, engine)
    found = {
        str(fingerprint): rest
        for fingerprint, *rest in connection.execute(
            f"""
            SELECT
                fingerprint,
                LIST(DISTINCT listed_reason) FILTER (WHERE listed_reason IS NOT NULL),
                SUM(CASE WHEN month_starts_on IS NULL THEN n_cases ELSE n_without_number END)
                    FILTER (WHERE listed_reason IS NULL)
            FROM (
                SELECT fingerprint, listed_reason, month_starts_on, n_cases, n_without_number
                FROM {DATABASE}.case_sums
                UNION ALL
                SELECT fingerprint, listed_reason, month_starts_on, n_cases, n_without_number
                FROM {DATABASE}.large_sums
            ) AS sums
            GROUP BY fingerprint
            """
        ).fetchall()
    }
    repeated = dict(connection.execute(f"SELECT fingerprint, n_repeated FROM {DATABASE}.lists").fetchall())
    for metric in sound:
        reasons, n_empty = found.get(metric.fingerprint, (None, None))
        words = describe_faults(metric, set(reasons or ()), repeated[metric.fingerprint], n_empty)
        faults += [Fault(metric.where, what) for what in words]
    return faults


def sum_cases(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], engine: Engine = DUCKDB) -> None:
    """Sums the cases of metrics into the tables of DATABASE, those that are not there already.

    The only pass over the cases: one row per fingerprint, facility_id, month_starts_on, listed_reason (the metric's own
    exclusion_reason), is_immature (follow-up not over) and whether it is an event, with counts, sums, and what the
    checks need. Beside the sums wait lists of the cases, as hashes, until there are _MOST_LISTED of them.
    """
    chosen = {metric.fingerprint: metric for metric in metrics}
    _create_tables(connection)
    for (known,) in connection.execute(f"SELECT fingerprint FROM {DATABASE}.lists").fetchall():
        chosen.pop(known, None)
    _find_watermarks(connection, chosen.values())
    waiting: list[Metric] = []
    for alike in _summed_alike(chosen.values(), engine.at_once):
        rows = engine.result(connection, _sums_sql(alike, exact=True, with_lists=engine.holds_lists))
        connection.execute(f"INSERT INTO listed_sums BY NAME {rows}")
        waiting += alike
        n_listed = connection.execute("SELECT SUM(n_cases) FROM listed_sums").fetchall()[0][0]
        if (n_listed or 0) > _MOST_LISTED:
            _keep(connection, waiting, engine)
            waiting = []
    if waiting:
        _keep(connection, waiting, engine)


def forget_sums(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives back the memory of what `sum_cases` keeps."""
    connection.execute(f"DETACH DATABASE IF EXISTS {DATABASE}")


def has_large_sums(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the numbers of some metric are too large for exact sums."""
    return bool(connection.execute(f"SELECT 1 FROM {DATABASE}.large_sums LIMIT 1").fetchall())


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"""
        ATTACH IF NOT EXISTS ':memory:' AS {DATABASE};
        CREATE TABLE IF NOT EXISTS {DATABASE}.case_sums ({_EXACT});
        CREATE TABLE IF NOT EXISTS {DATABASE}.large_sums ({_LARGE});
        CREATE TABLE IF NOT EXISTS {DATABASE}.lists (
            fingerprint VARCHAR, n_repeated BIGINT, n_cases HUGEINT, hash_sum HUGEINT, hash_xor UBIGINT);
        CREATE TABLE IF NOT EXISTS {DATABASE}.event_patients (
            fingerprint VARCHAR, facility_id VARCHAR, month VARCHAR, n_event_patients BIGINT);
        CREATE TABLE IF NOT EXISTS {DATABASE}.quantiles (
            fingerprint VARCHAR, facility_id VARCHAR, month VARCHAR, quantile DOUBLE);
        CREATE TABLE IF NOT EXISTS {DATABASE}.watermarks (
            feeds VARCHAR, facility_id VARCHAR, is_material BOOLEAN, complete_through DATE, is_held_back BOOLEAN);
        CREATE OR REPLACE TEMPORARY TABLE listed_sums ({_EXACT}, {_LISTS})
    """)


def feeds_key(metric: Metric) -> str:
    """Metrics that rest on the same tables have the same watermarks."""
    return " ".join(feeds_of(metric))


def _find_watermarks(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric]) -> None:
    by_feeds = {feeds_key(metric): metric for metric in metrics}
    for (known,) in connection.execute(f"SELECT DISTINCT feeds FROM {DATABASE}.watermarks").fetchall():
        by_feeds.pop(known, None)
    if by_feeds:
        found = " UNION ALL ".join(
            f"SELECT {literal(feeds)} AS feeds, marks.* FROM ({watermarks_sql(metric)}) AS marks"
            for feeds, metric in by_feeds.items()
        )
        connection.execute(f"INSERT INTO {DATABASE}.watermarks BY NAME {found}")


def _summed_alike(metrics: Iterable[Metric], most: int) -> Iterator[list[Metric]]:
    """Metrics whose sums have the same columns, which one statement can therefore make; at most so many."""
    groups: dict[str, list[Metric]] = {}
    for metric in metrics:
        groups.setdefault(_sum_columns_sql(metric, exact=True, with_lists=True), []).append(metric)
    for group in groups.values():
        yield from in_batches(group, most)


def _sum_columns_sql(metric: Metric, *, exact: bool, with_lists: bool) -> str:
    lists = ""
    if with_lists:
        lists = "LIST(case_hash) AS case_hashes,"
        if metric.quantile is not None:
            lists += " LIST(numerator) AS numerators, LIST(denominator) AS denominators,"
    return f"""
        COUNT(*) AS n_cases,
        {sum_columns_sql(metric, exact=exact)},
        COUNT(*) FILTER (WHERE numerator IS NULL OR denominator IS NULL) AS n_without_number,
        {lists}
        COUNT(*) FILTER (WHERE is_unnamed) AS n_unnamed,
        SUM(case_hash) AS hash_sum,
        BIT_XOR(case_hash) AS hash_xor"""


def _sums_sql(alike: Sequence[Metric], *, exact: bool, with_lists: bool) -> str:
    """The sums of the cases of metrics that are summed alike, by decimals where `exact`.

    with_lists: and the lists that are looked at later.
    """
    return f"""
    SELECT
        fingerprint,
        facility_id,
        month_starts_on,
        listed_reason,
        is_immature,
        is_event,
        {_sum_columns_sql(alike[0], exact=exact, with_lists=with_lists)}
    FROM ({" UNION ALL ".join(_counted_sql(metric, with_lists=with_lists) for metric in alike)}) AS counted_cases
    GROUP BY fingerprint, facility_id, month_starts_on, listed_reason, is_immature, is_event
    """


def _counted_sql(metric: Metric, *, with_lists: bool) -> str:
    """The cases of a metric as they are summed."""
    is_event = "FALSE"
    if with_lists and metric.kind in OF_EVENTS:
        is_event = "COALESCE(numerator <> 0 AND listed_reason IS NULL AND NOT is_immature, FALSE)"
    return f"""
    SELECT *, {is_event} AS is_event
    FROM (
        WITH watermarks AS (
            SELECT facility_id, complete_through FROM {DATABASE}.watermarks WHERE feeds = {literal(feeds_key(metric))}
        ),
        listed_cases AS ({metric.sql})
        SELECT
            {literal(metric.fingerprint)} AS fingerprint,
            HASH(listed_cases.case_id) AS case_hash,
            listed_cases.case_id IS NULL AS is_unnamed,
            listed_cases.facility_id,
            CAST(DATE_TRUNC('month', listed_cases.event_date) AS DATE) AS month_starts_on,
            listed_cases.exclusion_reason AS listed_reason,
            CAST(listed_cases.numerator AS DOUBLE) AS numerator,
            CAST(listed_cases.denominator AS DOUBLE) AS denominator,
            {is_immature_sql(metric)} AS is_immature
        FROM listed_cases
        LEFT JOIN watermarks ON listed_cases.facility_id = watermarks.facility_id
    ) AS listed
    """


def _keep(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], engine: Engine) -> None:
    """Takes what is needed of the listed sums of some metrics, then empties them."""
    count_repeated(connection, metrics, engine)
    of_events = [metric for metric in metrics if metric.kind in OF_EVENTS]
    if of_events and has_stays(connection):
        count_event_patients(connection, of_events, engine)
    for metric in metrics:
        if metric.quantile is not None:
            find_quantiles(connection, metric, engine)
    large = connection.execute(
        f"SELECT fingerprint FROM listed_sums GROUP BY fingerprint HAVING MAX(largest) > {_LARGEST_EXACT}"
    ).fetchall()
    too_large = {str(fingerprint) for (fingerprint,) in large}
    for metric in metrics:
        if metric.fingerprint in too_large:
            rows = engine.result(connection, _sums_sql([metric], exact=False, with_lists=False))
            columns = "* EXCLUDE (is_event, n_unnamed, hash_sum, hash_xor)"
            connection.execute(f"INSERT INTO {DATABASE}.large_sums BY NAME SELECT {columns} FROM ({rows}) AS sums")
            connection.execute("DELETE FROM listed_sums WHERE fingerprint = ?", [metric.fingerprint])
    without = "hash_sum, hash_xor, n_unnamed, case_hashes, is_event, numerators, denominators"
    connection.execute(f"INSERT INTO {DATABASE}.case_sums BY NAME SELECT * EXCLUDE ({without}) FROM listed_sums")
    connection.execute("TRUNCATE listed_sums")
