/*---
title: Rows by day
means: How many rows of a table fall on each day, by facility; an encounter falls on its admission and its discharge.
key: [facility_id, table_name, happened_on]
stored: temporary
---*/
WITH facility_of_encounters AS (
    SELECT
        encounter_id,
        facility_id
    FROM staged_encounters
),

discharged_encounters AS (
    -- A procedure falls on the discharge of its encounter: its own date is often missing.
    SELECT
        encounter_id,
        facility_id,
        discharged_on
    FROM timed_encounters
    SEMI JOIN staged_procedures ON timed_encounters.encounter_id = staged_procedures.encounter_id
),

dated_rows AS (
    SELECT
        facility_id,
        'encounters' AS table_name,
        admitted_on AS happened_on
    FROM timed_encounters
    UNION ALL
    SELECT
        facility_id,
        'encounters' AS table_name,
        discharged_on AS happened_on
    FROM timed_encounters
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'denials' AS table_name,
        staged_denials.denied_on AS happened_on
    FROM staged_denials
    INNER JOIN facility_of_encounters ON staged_denials.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'avoidable_days' AS table_name,
        staged_avoidable_days.starts_on AS happened_on
    FROM staged_avoidable_days
    INNER JOIN facility_of_encounters ON staged_avoidable_days.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'cm_cases' AS table_name,
        CAST(staged_cm_cases.opened_at AS DATE) AS happened_on
    FROM staged_cm_cases
    INNER JOIN facility_of_encounters ON staged_cm_cases.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'cm_tasks' AS table_name,
        CAST(staged_cm_tasks.done_at AS DATE) AS happened_on
    FROM staged_cm_tasks
    INNER JOIN staged_cm_cases ON staged_cm_tasks.cm_case_id = staged_cm_cases.cm_case_id
    INNER JOIN facility_of_encounters ON staged_cm_cases.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'notices' AS table_name,
        CAST(staged_notices.delivered_at AS DATE) AS happened_on
    FROM staged_notices
    INNER JOIN facility_of_encounters ON staged_notices.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        facility_of_encounters.facility_id,
        'reviews' AS table_name,
        CAST(staged_reviews.done_at AS DATE) AS happened_on
    FROM staged_reviews
    INNER JOIN facility_of_encounters ON staged_reviews.encounter_id = facility_of_encounters.encounter_id
    UNION ALL
    SELECT
        discharged_encounters.facility_id,
        'procedures' AS table_name,
        discharged_encounters.discharged_on AS happened_on
    FROM staged_procedures
    INNER JOIN discharged_encounters ON staged_procedures.encounter_id = discharged_encounters.encounter_id
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
    table_name,
    CAST(happened_on AS DATE) AS happened_on,
    COUNT(*) AS n_rows
FROM dated_rows
WHERE happened_on IS NOT NULL AND facility_id IS NOT NULL
GROUP BY facility_id, table_name, CAST(happened_on AS DATE)
