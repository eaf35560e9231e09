/*---
title: What each day usually brings
means: >-
  Per facility, table and day up to the claimed watermark the rows there are and what the same weekday usually brings,
  how many days usually and at the longest lie between rows, and how many usual rows must not come (`n_telling`) so that
  chance makes such a silence anywhere, of all days looked at here, in no more than one build of a hundred. Rows come in
  bundles, as two of one stay: n_telling is so many times as large as neighbouring weeks differ more than single rows
  would let them (and a standard error), and at least twice for encounters of which less than a row a day comes. Weeks of
  a long silence or of closed days say nothing of that. On days on which a facility is declared closed nothing is usual.
  Admissions and discharges are looked at by themselves, too: of a file that holds the discharges of a week the admissions
  stand in others. Less than eight weeks, than sixty rows, or than a row a week are not judged.
key: [facility_id, table_name, happened_on]
stored: temporary
---*/
WITH days AS (
    SELECT
        facility_id,
        table_name,
        happened_on,
        n_rows
    FROM feed_days
    UNION ALL
    SELECT
        facility_id,
        table_name,
        happened_on,
        n_rows
    FROM encounter_days
),

spans AS (
    SELECT
        days.facility_id,
        days.table_name,
        claimed_watermarks.complete_through,
        GREATEST(MIN(days.happened_on), CAST(MAX(days.happened_on) - INTERVAL 730 DAY AS DATE)) AS first_on,
        MAX(days.happened_on) AS last_on,
        SUM(days.n_rows) > MAX(days.happened_on) - MIN(days.happened_on) AS has_a_row_a_day
    FROM days
    INNER JOIN claimed_watermarks ON days.facility_id = claimed_watermarks.facility_id
    WHERE days.happened_on <= claimed_watermarks.complete_through
    GROUP BY days.facility_id, days.table_name, claimed_watermarks.complete_through
    HAVING
        MAX(days.happened_on) - MIN(days.happened_on) >= 56
        AND SUM(days.n_rows) >= 60
        AND SUM(days.n_rows) * 7 >= MAX(days.happened_on) - MIN(days.happened_on)
),

spacings AS (
    SELECT
        facility_id,
        table_name,
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n_days) AS usual_spacing_days,
        MAX(n_days) AS longest_spacing_days
    FROM (
        SELECT
            days.facility_id,
            days.table_name,
            LEAD(days.happened_on) OVER (
                PARTITION BY days.facility_id, days.table_name ORDER BY days.happened_on
            ) - days.happened_on AS n_days
        FROM days
        INNER JOIN spans
            ON
                days.facility_id = spans.facility_id
                AND days.table_name = spans.table_name
                AND days.happened_on BETWEEN spans.first_on AND spans.last_on
    ) AS neighbours
    WHERE n_days IS NOT NULL
    GROUP BY facility_id, table_name
),

usual_weekdays AS (
    SELECT
        spans.facility_id,
        spans.table_name,
        DAYOFWEEK(days.happened_on) AS weekday,
        SUM(days.n_rows) * 7.0 / (MAX(spans.last_on) - MAX(spans.first_on) + 1) AS n_usual
    FROM spans
    INNER JOIN days
        ON
            spans.facility_id = days.facility_id
            AND spans.table_name = days.table_name
            AND days.happened_on BETWEEN spans.first_on AND spans.last_on
    GROUP BY spans.facility_id, spans.table_name, DAYOFWEEK(days.happened_on)
),

calendar_days AS (
    SELECT
        facility_id,
        table_name,
        complete_through,
        last_on,
        has_a_row_a_day,
        CAST(UNNEST(GENERATE_SERIES(first_on, complete_through, INTERVAL 1 DAY)) AS DATE) AS happened_on
    FROM spans
),

closed_days AS (
    SELECT DISTINCT
        facility_id,
        CAST(UNNEST(GENERATE_SERIES(starts_on, ends_on, INTERVAL 1 DAY)) AS DATE) AS happened_on
    FROM declared_closures
),

expected_days AS (
    SELECT
        calendar_days.*,
        closed_days.happened_on IS NOT NULL
        OR COALESCE(calendar_days.happened_on > facilities.closed_on, FALSE) AS is_closed
    FROM calendar_days
    LEFT JOIN closed_days
        ON calendar_days.facility_id = closed_days.facility_id AND calendar_days.happened_on = closed_days.happened_on
    LEFT JOIN facilities ON calendar_days.facility_id = facilities.facility_id
),

looked_at AS (
    SELECT
        expected_days.facility_id,
        expected_days.table_name,
        expected_days.complete_through,
        expected_days.happened_on,
        expected_days.last_on,
        expected_days.has_a_row_a_day,
        spacings.usual_spacing_days,
        spacings.longest_spacing_days,
        COALESCE(days.n_rows, 0) AS n_rows,
        expected_days.is_closed,
        CASE WHEN expected_days.is_closed THEN 0 ELSE COALESCE(usual_weekdays.n_usual, 0) END AS n_usual
    FROM expected_days
    LEFT JOIN days
        ON
            expected_days.facility_id = days.facility_id
            AND expected_days.table_name = days.table_name
            AND expected_days.happened_on = days.happened_on
    LEFT JOIN usual_weekdays
        ON
            expected_days.facility_id = usual_weekdays.facility_id
            AND expected_days.table_name = usual_weekdays.table_name
            AND DAYOFWEEK(expected_days.happened_on) = usual_weekdays.weekday
    LEFT JOIN spacings
        ON
            expected_days.facility_id = spacings.facility_id
            AND expected_days.table_name = spacings.table_name
),

row_days AS (
    SELECT
        facility_id,
        table_name,
        happened_on,
        last_on,
        usual_spacing_days,
        n_rows,
        is_closed,
        MAX(CASE WHEN n_rows > 0 THEN happened_on END) OVER (
            PARTITION BY facility_id, table_name ORDER BY happened_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS latest_on,
        MIN(CASE WHEN n_rows > 0 THEN happened_on END) OVER (
            PARTITION BY facility_id, table_name ORDER BY happened_on
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_on
    FROM looked_at
    WHERE happened_on <= last_on
),

neighbouring_weeks AS (
    SELECT
        facility_id,
        table_name,
        SUM(n_rows) OVER week AS n_rows,
        SUM(n_rows) OVER week_before AS n_rows_before,
        COUNT(*) OVER both_weeks AS n_days,
        MAX(
            CASE
                WHEN is_closed OR DATE_DIFF('day', latest_on, next_on) > GREATEST(7, 5 * usual_spacing_days) THEN 1
                ELSE 0
            END
        ) OVER both_weeks AS has_none
    FROM row_days
    WINDOW
        week AS (
            PARTITION BY facility_id, table_name ORDER BY happened_on ROWS BETWEEN 6 PRECEDING AND CURRENT ROW
        ),
        week_before AS (
            PARTITION BY facility_id, table_name ORDER BY happened_on ROWS BETWEEN 13 PRECEDING AND 7 PRECEDING
        ),
        both_weeks AS (
            PARTITION BY facility_id, table_name ORDER BY happened_on ROWS BETWEEN 13 PRECEDING AND CURRENT ROW
        )
),

bundles AS (
    SELECT
        facility_id,
        table_name,
        -- Of single rows that come by chance the square of the difference is on average the sum (Poisson); of bundles
        -- so many times as large as they are. The root is the standard error of the estimate, for so many weeks.
        SUM(POWER(n_rows - n_rows_before, 2)) / NULLIF(SUM(n_rows + n_rows_before), 0)
        * (1 + SQRT(14.0 / COUNT(*))) AS rows_at_once
    FROM neighbouring_weeks
    WHERE n_days = 14 AND has_none = 0
    GROUP BY facility_id, table_name
),

looks AS (
    SELECT COUNT(*) AS n_looks FROM looked_at
)

SELECT
    looked_at.*,
    GREATEST(
        COALESCE(bundles.rows_at_once, 1),
        CASE WHEN looked_at.table_name = 'encounters' AND NOT looked_at.has_a_row_a_day THEN 2 ELSE 1 END
    ) * LN(100 * looks.n_looks) AS n_telling
FROM looked_at
CROSS JOIN looks
LEFT JOIN bundles
    ON
        looked_at.facility_id = bundles.facility_id
        AND looked_at.table_name = bundles.table_name
