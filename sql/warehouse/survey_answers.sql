/*---
title: Answers to patient surveys
means: >-
  One row per answer to a question of a month's survey, numbered from 1, the best answers first; one row, number 0, where
  the number of answers or of best answers is not known.
key: [facility_id, month, item, number]
---*/
WITH known_answers AS (
    SELECT
        facility_id,
        month,
        item,
        n_top_box,
        UNNEST(GENERATE_SERIES(1, n_answers)) AS number
    FROM surveys
    WHERE n_answers > 0 AND n_top_box IS NOT NULL
)

SELECT
    facility_id,
    month,
    CAST(month + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_ends_on,
    LOWER(item) AS item,
    number,
    number <= n_top_box AS is_top_box
FROM known_answers
UNION ALL
SELECT
    facility_id,
    month,
    CAST(month + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_ends_on,
    LOWER(item) AS item,
    0 AS number,
    CAST(NULL AS BOOLEAN) AS is_top_box
FROM surveys
WHERE n_answers IS NULL OR n_top_box IS NULL
