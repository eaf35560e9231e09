/*---
title: Admissions and discharges by day
means: How many encounters of a facility begin, and how many end, on each day.
key: [facility_id, table_name, happened_on]
stored: temporary
---*/
SELECT
    facility_id,
    'admissions' AS table_name,
    admitted_on AS happened_on,
    COUNT(*) AS n_rows
FROM timed_encounters
WHERE admitted_on IS NOT NULL AND facility_id IS NOT NULL
GROUP BY facility_id, admitted_on
UNION ALL
SELECT
    facility_id,
    'discharges' AS table_name,
    discharged_on AS happened_on,
    COUNT(*) AS n_rows
FROM timed_encounters
WHERE discharged_on IS NOT NULL AND facility_id IS NOT NULL
GROUP BY facility_id, discharged_on
