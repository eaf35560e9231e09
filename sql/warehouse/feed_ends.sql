/*---
title: Where feeds end
means: >-
  Per facility and table the last day its rows support, where the claimed watermark is later. From the claimed day
  backwards, rows are held against what the same weekdays usually bring; the feed ended where the rows fell below
  half of that, if in all the days since no more than a quarter came and chance gives so few anywhere in one build of a
  hundred (Chernoff's bound for a Poisson count of bundles, see `n_telling`). Where less than a row a day comes, the
  silence must also be twice as long as any before.
key: [facility_id, table_name]
---*/
WITH days_since AS (
    SELECT
        facility_id,
        table_name,
        complete_through,
        happened_on,
        has_a_row_a_day,
        longest_spacing_days,
        n_telling,
        SUM(n_rows) OVER newest_first AS n_rows,
        SUM(n_usual) OVER newest_first AS n_usual
    FROM feed_usual_days
    WHERE table_name NOT IN ('admissions', 'discharges')
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
        has_a_row_a_day,
        longest_spacing_days,
        n_telling,
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
        AND (has_a_row_a_day OR complete_through - stopped_on >= 2 * longest_spacing_days)
        AND n_usual - n_rows + CASE WHEN n_rows > 0 THEN n_rows * LN(n_rows / n_usual) ELSE 0 END >= n_telling
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
