/*---
title: Days waited, by stay
means: One row per stay with a documented wait and the days that at least one of its waits covers; overlapping waits count once.
key: [stay_id]
---*/
WITH waits_in_order AS (
    SELECT
        stay_id,
        starts_on,
        ends_before,
        MAX(ends_before) OVER (
            PARTITION BY stay_id ORDER BY starts_on, ends_before ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_before
    FROM avoidable_days
    WHERE stay_id IS NOT NULL
)

SELECT
    stay_id,
    SUM(GREATEST(DATE_DIFF('day', GREATEST(starts_on, COALESCE(covered_before, starts_on)), ends_before), 0)) AS n_days
FROM waits_in_order
GROUP BY stay_id
