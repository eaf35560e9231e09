/*---
title: Claimed watermarks
means: Per facility the last day for which all its feeds are said to be complete; `feed_ends` holds it against the rows.
key: [facility_id]
stored: temporary
---*/
WITH last_days AS (
    SELECT
        facility_id,
        MAX(happened_on) AS last_seen_on
    FROM encounter_days
    GROUP BY facility_id
),

declared_for_all AS (
    SELECT complete_through FROM declared_watermarks
    WHERE facility_id IS NULL
),

every_facility AS (
    SELECT facility_id FROM last_days
    UNION
    SELECT facility_id FROM declared_watermarks
    WHERE facility_id IS NOT NULL
)

SELECT
    every_facility.facility_id,
    COALESCE(declared_watermarks.complete_through, declared_for_all.complete_through, last_days.last_seen_on)
        AS complete_through,
    CASE
        WHEN declared_watermarks.complete_through IS NOT NULL THEN 'declared for this facility'
        WHEN declared_for_all.complete_through IS NOT NULL THEN 'declared for all facilities'
        ELSE 'last day seen in the data'
    END AS basis
FROM every_facility
LEFT JOIN last_days ON every_facility.facility_id = last_days.facility_id
LEFT JOIN declared_watermarks ON every_facility.facility_id = declared_watermarks.facility_id
LEFT JOIN declared_for_all ON TRUE
