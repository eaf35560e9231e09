/*---
title: Rows by day
means: How many rows of a table fall on each day, by facility; an encounter falls on its admission and its discharge.
key: [facility_id, table_name, happened_on]
stored: temporary
---*/
WITH rows_of_encounters AS (
    SELECT
        encounter_id,
        'denials' AS table_name,
        denied_on AS happened_on
    FROM staged_denials
    UNION ALL
    SELECT
        encounter_id,
        'avoidable_days' AS table_name,
        starts_on AS happened_on
    FROM staged_avoidable_days
    UNION ALL
    SELECT
        encounter_id,
        'cm_cases' AS table_name,
        CAST(opened_at AS DATE) AS happened_on
    FROM staged_cm_cases
    UNION ALL
    SELECT
        staged_cm_cases.encounter_id,
        'cm_tasks' AS table_name,
        CAST(staged_cm_tasks.done_at AS DATE) AS happened_on
    FROM staged_cm_tasks
    INNER JOIN staged_cm_cases ON staged_cm_tasks.cm_case_id = staged_cm_cases.cm_case_id
    UNION ALL
    SELECT
        encounter_id,
        'notices' AS table_name,
        CAST(delivered_at AS DATE) AS happened_on
    FROM staged_notices
    UNION ALL
    SELECT
        encounter_id,
        'reviews' AS table_name,
        CAST(done_at AS DATE) AS happened_on
    FROM staged_reviews
    UNION ALL
    SELECT
        encounter_id,
        'procedures' AS table_name,
        CAST(NULL AS DATE) AS happened_on
    FROM staged_procedures
),

dated_rows AS (
    SELECT
        encounters.facility_id,
        rows_of_encounters.table_name,
        -- A procedure falls on the discharge of its encounter: its own date is often missing.
        CASE rows_of_encounters.table_name
            WHEN 'procedures' THEN encounters.discharged_on
            ELSE rows_of_encounters.happened_on
        END AS happened_on
    FROM rows_of_encounters
    INNER JOIN timed_encounters AS encounters ON rows_of_encounters.encounter_id = encounters.encounter_id
    UNION ALL
    SELECT
        facility_id,
        'staffing' AS table_name,
        shift_on AS happened_on
    FROM staged_staffing
    UNION ALL
    SELECT
        facility_id,
        'census' AS table_name,
        census_on AS happened_on
    FROM staged_census
)

SELECT
    facility_id,
    'encounters' AS table_name,
    happened_on,
    CAST(SUM(n_rows) AS BIGINT) AS n_rows
FROM encounter_days
GROUP BY facility_id, happened_on
UNION ALL
SELECT
    facility_id,
    table_name,
    CAST(happened_on AS DATE) AS happened_on,
    COUNT(*) AS n_rows
FROM dated_rows
WHERE happened_on IS NOT NULL AND facility_id IS NOT NULL
GROUP BY facility_id, table_name, CAST(happened_on AS DATE)
