/*---
title: Where feeds end
means: >-
  Per facility and table the last day its rows support, where the claimed watermark is later. From the claimed day
  backwards, rows are held against what the same weekdays usually bring; the feed ended where the rows fell below
  half of that, if in all the days since no more than a quarter came and chance gives so few less than once in ten
  thousand (Chernoff's bound for a Poisson count). Less than eight weeks, or than a row a day, are not judged.
key: [facility_id, table_name]
---*/
WITH spans AS (
    SELECT
        feed_days.facility_id,
        feed_days.table_name,
        claimed_watermarks.complete_through,
        GREATEST(MIN(feed_days.happened_on), CAST(MAX(feed_days.happened_on) - INTERVAL 730 DAY AS DATE)) AS first_on,
        MAX(feed_days.happened_on) AS last_on
    FROM feed_days
    INNER JOIN claimed_watermarks ON feed_days.facility_id = claimed_watermarks.facility_id
    WHERE feed_days.happened_on <= claimed_watermarks.complete_through
    GROUP BY feed_days.facility_id, feed_days.table_name, claimed_watermarks.complete_through
    HAVING
        MAX(feed_days.happened_on) - MIN(feed_days.happened_on) >= 56
        AND SUM(feed_days.n_rows) > MAX(feed_days.happened_on) - MIN(feed_days.happened_on)
),

usual_weekdays AS (
    SELECT
        spans.facility_id,
        spans.table_name,
        DAYOFWEEK(feed_days.happened_on) AS weekday,
        SUM(feed_days.n_rows) * 7.0 / (MAX(spans.last_on) - MAX(spans.first_on) + 1) AS n_usual
    FROM spans
    INNER JOIN feed_days
        ON
            spans.facility_id = feed_days.facility_id
            AND spans.table_name = feed_days.table_name
            AND feed_days.happened_on BETWEEN spans.first_on AND spans.last_on
    GROUP BY spans.facility_id, spans.table_name, DAYOFWEEK(feed_days.happened_on)
),

calendar_days AS (
    SELECT
        facility_id,
        table_name,
        complete_through,
        CAST(UNNEST(GENERATE_SERIES(first_on, complete_through, INTERVAL 1 DAY)) AS DATE) AS happened_on
    FROM spans
),

days_with_usual AS (
    SELECT
        calendar_days.facility_id,
        calendar_days.table_name,
        calendar_days.complete_through,
        calendar_days.happened_on,
        COALESCE(feed_days.n_rows, 0) AS n_rows,
        COALESCE(usual_weekdays.n_usual, 0) AS n_usual
    FROM calendar_days
    LEFT JOIN feed_days
        ON
            calendar_days.facility_id = feed_days.facility_id
            AND calendar_days.table_name = feed_days.table_name
            AND calendar_days.happened_on = feed_days.happened_on
    LEFT JOIN usual_weekdays
        ON
            calendar_days.facility_id = usual_weekdays.facility_id
            AND calendar_days.table_name = usual_weekdays.table_name
            AND DAYOFWEEK(calendar_days.happened_on) = usual_weekdays.weekday
),

days_since AS (
    SELECT
        facility_id,
        table_name,
        complete_through,
        happened_on,
        SUM(n_rows) OVER newest_first AS n_rows,
        SUM(n_usual) OVER newest_first AS n_usual
    FROM days_with_usual
    WINDOW newest_first AS (
        PARTITION BY facility_id, table_name
        ORDER BY happened_on DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

likeliest_stops AS (
    SELECT
        facility_id,
        table_name,
        complete_through,
        happened_on AS stopped_on,
        n_rows,
        n_usual
    FROM days_since
    QUALIFY
        ROW_NUMBER() OVER (PARTITION BY facility_id, table_name ORDER BY n_usual / 2 - n_rows DESC, happened_on DESC)
        = 1
),

judged_stops AS (
    SELECT
        *,
        n_rows <= n_usual / 4
        AND n_usual - n_rows + CASE WHEN n_rows > 0 THEN n_rows * LN(n_rows / n_usual) ELSE 0 END >= LN(10000)
            AS is_held_back
    FROM likeliest_stops
    WHERE n_usual > 0
)

SELECT
    facility_id,
    table_name,
    CASE WHEN is_held_back THEN CAST(stopped_on - INTERVAL 1 DAY AS DATE) ELSE complete_through END AS complete_through,
    is_held_back
FROM judged_stops
