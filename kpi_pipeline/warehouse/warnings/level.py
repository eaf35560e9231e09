"""What a build notices of how many rows a table has month by month: a thin month, a drop or rise that lasts though what
the rows rest on does neither. Figures over them can be computed, and would mislead. No patient's data.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import list_literal, literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.warehouse.supply import WORDED_ROWS
from kpi_pipeline.warehouse.warnings.row import ENCOUNTER_TYPES

_FEWEST_MONTHS = 6
"""Months needed before a number of rows can be called usual."""

_MONTHS_PER_FILLED = 4
"""A table with rows in fewer than one of so many months has no usual number: an empty month is its usual one."""

_ONCE_IN = 10_000
"""A month is thin where chance alone gives so few rows less than once in so many (Chernoff's bound for a Poisson
count), and where it has no more than half of what is usual."""

_QUIET_DAYS = 7
"""A hospital with so many days without an encounter at the end of a month was open all the same."""

_LONGEST_MONTHS = 6
_LEAST_DROP, _LEAST_RISE = 0.65, 1.6
_STRETCH_ONCE_IN = 1_000_000
"""How rarely chance alone, over the scatter of the other months, gives a stretch so far from usual; a year and a half
has thousands."""
_NEWEST_MONTHS, _NEWEST_ONCE_IN = 3, 1_000
"""Of a loss in so many of the newest months or more, which the report is about; there are few such stretches."""


def find_levels(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Thin months by table and facility, then months in a row that are low or high; needs the warehouse tables."""
    connection.execute(_COUNTED_MONTHS)
    notices = [*_thin_months(connection), *_lasting_changes(connection)]
    connection.execute("DROP TABLE rows_by_month")
    return notices


def _thin_months(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months with far fewer rows than the median month of the same table and facility, or of the table as a whole; and
    with far fewer of one kind that a measure counts (observation stays, say) though the table has its rows. Months in
    a row are one notice, with the rows of all of them and those usual in one.

    Looked at are whole months from the first that is not thin itself up to the claimed watermark, but not after a
    facility's last encounters: that a feed of encounters stops is `feed_ends`'s matter.
    """
    notices = []
    thin = connection.execute(_THIN_MONTHS).fetchall()
    for (table, kind, place, _), group in groupby(thin, key=itemgetter(0, 1, 2, 3)):
        months = list(group)
        (_, _, _, _, first, _, usual), last = months[0], months[-1][4]
        columns, counts = (kind,) if kind else (), {"rows": sum(month[5] for month in months), "usual": usual}
        if len(months) > 1:
            span = {"first_month": first, "last_month": last}
            one = Notice("months_thin", table=table, facility_id=place, columns=columns, counts=counts, details=span)
        elif kind:
            details = {"month": first}
            one = Notice("kind_thin", table=table, facility_id=place, columns=columns, counts=counts, details=details)
        else:
            one = Notice("month_thin", table=table, facility_id=place, counts=counts, details={"month": first})
        notices.append(one)
    return notices


def _lasting_changes(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Two to six months in a row with far fewer or far more rows than the others, for each encounter of the place."""
    notices = []
    for table, kind, place, first, last, n, usual in connection.execute(_LASTING_CHANGES).fetchall():
        columns, counts = (kind,) if kind else (), {"rows": n, "usual": usual}
        months = {"first_month": first, "last_month": last}
        if n < usual:
            one = Notice("months_low", table=table, facility_id=place, columns=columns, counts=counts, details=months)
        else:
            one = Notice("months_high", table=table, facility_id=place, columns=columns, counts=counts, details=months)
        notices.append(one)
    return notices


_KINDS = (
    "SELECT facility_id, 'encounters' AS table_name, encounter_type AS kind, admitted_on AS happened_on "
    f"FROM encounters WHERE encounter_type IN ({', '.join(literal(one) for one in ENCOUNTER_TYPES)})",
    "SELECT facility_id, 'encounters' AS table_name, 'stays of Medicare' AS kind, discharged_on AS happened_on "
    f"FROM stays WHERE NOT is_in_house AND {WORDED_ROWS['medicare_payers'][1]}",
    "SELECT facility_id, 'cm_tasks' AS table_name, 'post-discharge contacts' AS kind, done_on AS happened_on "
    f"FROM cm_tasks WHERE {WORDED_ROWS['contact_tasks'][1]}",
    "SELECT facility_id, 'notices' AS table_name, UPPER(notice_type) AS kind, delivered_on AS happened_on "
    "FROM notices WHERE notice_type IN ('im', 'moon')",
    "SELECT facility_id, 'diagnoses' AS table_name, 'of discharged encounters' AS kind, discharged_on AS happened_on "
    "FROM staged_diagnoses INNER JOIN encounters USING (encounter_id)",
    "SELECT facility_id, 'procedures' AS table_name, '' AS kind, performed_on AS happened_on "
    "FROM staged_procedures INNER JOIN encounters USING (encounter_id)",
)
"""Of the rows of a table those that a measure counts, or that come as a feed of their own; procedures by their day."""
_MONTH = "CAST(DATE_TRUNC('month', happened_on) AS DATE)"
_OF_KINDS = " UNION ALL ".join(
    f"SELECT facility_id, table_name, kind, {_MONTH} AS month, COUNT(*) AS n_rows FROM ({one}) "
    "WHERE happened_on IS NOT NULL GROUP BY ALL"
    for one in _KINDS
)

_COUNTED_MONTHS = f"""
    CREATE OR REPLACE TEMPORARY TABLE rows_by_month AS
    WITH ends AS (
        SELECT
            facility_id,
            CAST(DATE_TRUNC('month', LEAST(
                MAX(claimed.complete_through) + INTERVAL 1 DAY,
                MAX(rows.happened_on) + INTERVAL {_QUIET_DAYS} DAY
            )) AS DATE) AS before_month
        FROM claimed_watermarks AS claimed
        INNER JOIN feed_days AS rows USING (facility_id)
        WHERE rows.table_name = 'encounters'
        GROUP BY facility_id
    ),
    counted AS (
        SELECT facility_id, table_name, '' AS kind, {_MONTH} AS month, SUM(n_rows) AS n_rows FROM feed_days GROUP BY ALL
        UNION ALL
        {_OF_KINDS}
    )
    SELECT
        CASE GROUPING(counted.facility_id)
            WHEN 1 THEN {literal(WHOLE_SYSTEM)} ELSE counted.facility_id END AS place,
        counted.table_name, counted.kind, counted.month,
        SUM(counted.n_rows) AS n_rows,
        MAX(ends.before_month) AS before_month
    FROM counted
    INNER JOIN ends ON counted.facility_id = ends.facility_id AND counted.month < ends.before_month
    GROUP BY GROUPING SETS (
        (counted.facility_id, counted.table_name, counted.kind, counted.month),
        (counted.table_name, counted.kind, counted.month)
    )
"""

_USUAL_MONTHS = f"""
    usual AS (
        SELECT place, table_name, kind, MEDIAN(n_rows) AS usual, MAX(before_month) AS before_month
        FROM rows_by_month GROUP BY place, table_name, kind
        HAVING COUNT(*) >= {_FEWEST_MONTHS}
            AND COUNT(*) * {_MONTHS_PER_FILLED} >= DATE_DIFF('month', MIN(month), MAX(before_month))
    ),
    first_months AS (
        SELECT counted.place, counted.table_name, counted.kind, MIN(counted.month) AS month
        FROM rows_by_month AS counted INNER JOIN usual USING (place, table_name, kind)
        WHERE counted.n_rows > usual.usual / 2
        GROUP BY counted.place, counted.table_name, counted.kind
    ),
    months AS (
        SELECT
            usual.place, usual.table_name, usual.kind, usual.usual,
            CAST(UNNEST(GENERATE_SERIES(
                first_months.month, usual.before_month - INTERVAL 1 MONTH, INTERVAL 1 MONTH
            )) AS DATE) AS month
        FROM usual INNER JOIN first_months USING (place, table_name, kind)
    ),
    filled AS (
        SELECT
            months.table_name, months.kind, months.place, months.month, months.usual,
            COALESCE(counted.n_rows, 0) AS n_rows
        FROM months LEFT JOIN rows_by_month AS counted USING (place, table_name, kind, month)
    )
"""
"""`filled`: every month of a table, kind and place since it began, also those without a row."""

_THIN = f"""
    {_USUAL_MONTHS},
    thin AS (
        SELECT * FROM filled
        WHERE n_rows <= usual / 2
            AND usual - n_rows + CASE WHEN n_rows > 0 THEN n_rows * LN(n_rows / usual) ELSE 0 END >= LN({_ONCE_IN})
    )
"""

_THIN_MONTHS = f"""
    WITH {_THIN}
    SELECT
        table_name,
        kind,
        place,
        -- The same for months in a row.
        DATEDIFF('month', DATE '2000-01-01', month)
        - ROW_NUMBER() OVER (PARTITION BY table_name, kind, place ORDER BY month) AS stretch,
        STRFTIME(month, '%Y-%m'),
        CAST(n_rows AS BIGINT),
        CAST(usual AS BIGINT)
    FROM thin
    -- The whole is told where no single place is, and a kind where the table is not.
    WHERE NOT EXISTS (
        SELECT 1 FROM thin AS other
        WHERE other.table_name = thin.table_name AND other.month = thin.month
            AND (
                thin.place = {literal(WHOLE_SYSTEM)} AND other.place <> thin.place AND other.kind IN ('', thin.kind)
                OR thin.kind <> '' AND other.kind = '' AND other.place IN (thin.place, {literal(WHOLE_SYSTEM)})
            )
    )
    ORDER BY ALL
"""

_RESTS_ON_TIME = list_literal(["encounters", "staffing", "census"])

_LASTING_CHANGES = f"""
    WITH {_THIN},
    exposed AS (
        -- What a table's rows rest on: the acute stays of its place; encounters, shifts and counts rest on time alone.
        SELECT
            filled.place, filled.table_name, filled.kind, filled.month, filled.n_rows,
            CASE
                WHEN filled.table_name IN (SELECT UNNEST({_RESTS_ON_TIME})) THEN 1
                ELSE COALESCE(stays.n_rows, 0)
            END AS exposure
        FROM filled
        LEFT JOIN filled AS stays
            ON filled.place = stays.place AND filled.month = stays.month
            AND stays.table_name = 'encounters' AND stays.kind = 'acute inpatient'
        -- A thin month is told by itself.
        ANTI JOIN thin
            ON filled.place = thin.place AND filled.month = thin.month AND filled.table_name = thin.table_name
            AND thin.kind IN ('', filled.kind)
    ),
    stretches AS (
        SELECT
            place, table_name, kind, month AS first_month, n_months,
            CAST(month + n_months * INTERVAL 1 MONTH AS DATE) AS before_month
        FROM (SELECT *, UNNEST(RANGE(2, {_LONGEST_MONTHS + 1})) AS n_months FROM exposed)
    ),
    runs AS (
        SELECT
            stretches.*,
            COUNT(*) FILTER (WHERE one.month >= first_month AND one.month < before_month) AS months_in,
            SUM(one.n_rows) FILTER (WHERE one.month >= first_month AND one.month < before_month) AS n_rows,
            SUM(one.exposure) FILTER (WHERE one.month >= first_month AND one.month < before_month) AS exposure,
            SUM(one.n_rows) AS all_rows, SUM(one.exposure) AS all_exposure, COUNT(*) AS all_months,
            MAX(one.month) AS newest_month
        FROM stretches INNER JOIN exposed AS one USING (place, table_name, kind)
        GROUP BY ALL
    ),
    expected AS (
        SELECT
            *,
            newest_month < before_month AS is_newest,
            exposure * (all_rows - n_rows) / NULLIF(all_exposure - exposure, 0) AS usual,
            months_in * (all_rows - n_rows) / (all_months - months_in) AS usual_of_time
        FROM runs
        WHERE months_in = n_months AND all_months - months_in >= {_FEWEST_MONTHS}
    ),
    far AS (
        SELECT expected.*
        FROM expected
        WHERE usual > 0
            AND (
                n_rows <= {_LEAST_DROP} * LEAST(usual, usual_of_time)
                OR n_rows >= {_LEAST_RISE} * GREATEST(usual, usual_of_time)
            )
            AND usual - n_rows + CASE WHEN n_rows > 0 THEN n_rows * LN(n_rows / usual) ELSE 0 END
                >= LN({_NEWEST_ONCE_IN})
    ),
    scattered AS (
        SELECT
            far.place, far.table_name, far.kind, far.first_month, far.n_months, far.n_rows, far.usual,
            far.is_newest,
            (
                far.usual - far.n_rows
                + CASE WHEN far.n_rows > 0 THEN far.n_rows * LN(far.n_rows / far.usual) ELSE 0 END
            ) / (1 + far.exposure / (far.all_exposure - far.exposure)) / GREATEST(
                1,
                SUM(POWER(other.n_rows - other.exposure * rate, 2) / NULLIF(other.exposure * rate, 0))
                    / (COUNT(*) - 1)
            ) AS distance
        FROM (SELECT *, (all_rows - n_rows) / (all_exposure - exposure) AS rate FROM far) AS far
        INNER JOIN exposed AS other USING (place, table_name, kind)
        WHERE other.month < far.first_month
            OR other.month >= far.first_month + far.n_months * INTERVAL 1 MONTH
        GROUP BY
            far.place, far.table_name, far.kind, far.first_month, far.n_months, far.n_rows, far.usual, far.exposure,
            far.all_exposure, far.is_newest
    ),
    told AS (
        SELECT * FROM scattered WHERE distance >= LN(CASE
            WHEN is_newest AND n_rows < usual AND n_months >= {_NEWEST_MONTHS} THEN {_NEWEST_ONCE_IN}
            ELSE {_STRETCH_ONCE_IN}
        END)
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY place, table_name, kind ORDER BY distance DESC, first_month, n_months
        ) = 1
    )
    SELECT
        table_name, kind, place, STRFTIME(first_month, '%Y-%m'),
        STRFTIME(first_month + (n_months - 1) * INTERVAL 1 MONTH, '%Y-%m'),
        CAST(n_rows AS BIGINT), CAST(ROUND(usual) AS BIGINT)
    FROM told
    WHERE NOT EXISTS (
        SELECT 1 FROM told AS other
        WHERE other.table_name = told.table_name
            AND (
                told.place = {literal(WHOLE_SYSTEM)} AND other.place <> told.place AND other.kind IN ('', told.kind)
                OR told.kind <> '' AND other.kind = '' AND other.place IN (told.place, {literal(WHOLE_SYSTEM)})
            )
    )
    ORDER BY ALL
"""
