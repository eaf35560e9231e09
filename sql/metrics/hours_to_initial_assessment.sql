/*---
title: Median hours to the initial assessment
short_title: Hours to assessment
section: case management
kind: survival_median
unit: hours
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; median of Kaplan and Meier
matures_after_days: 3
chart: xmr
decimals: 1
needs: [cm_cases.first_assessed_at]
told_with: initial_assessment_within_24h
data_faults: [no_admission_time, no_assessment_time, no_discharge_time]
owner: case-management
why: The share within 24 hours hides how long the others wait.
definition: >-
  The hours by which half of the patients admitted in the month had their first assessment. Who was not assessed is
  not dropped but watched until discharge, at most 72 hours.
numerator: Hours from admission to the first assessment, or to discharge or 72 hours without one.
denominator: One for a patient assessed by then, none for a patient who was only watched.
denominator_noun: assessments
exclusions:
  no_admission_time: Only the date of admission is known, not the time.
  no_assessment_time: Only the date of the first assessment is known, not the time.
  no_discharge_time: Not assessed, and left within three days at an unknown time.
caveats: [A stay without a case counts as not assessed.]
reviewed: 2026-11-27
---*/
WITH first_assessments AS (
    SELECT
        stay_id,
        MIN(first_assessed_at_utc) AS first_assessed_at_utc,
        MIN(first_assessed_on_some_time) AS first_assessed_on_some_time
    FROM cm_cases
    WHERE stay_id IS NOT NULL
    GROUP BY stay_id
),

watched_stays AS (
    SELECT
        stays.*,
        first_assessments.first_assessed_at_utc,
        first_assessments.first_assessed_on_some_time,
        GREATEST(DATE_DIFF('second', stays.admitted_at_utc, first_assessments.first_assessed_at_utc), 0) / 3600.0
            AS hours_to_assessment,
        CASE
            WHEN NOT stays.has_discharge_time THEN 72
            WHEN stays.discharged_at_utc <= stays.admitted_at_utc THEN 0
            ELSE LEAST(DATE_DIFF('second', stays.admitted_at_utc, stays.discharged_at_utc) / 3600.0, 72)
        END AS hours_watched
    FROM stays
    LEFT JOIN first_assessments ON stays.stay_id = first_assessments.stay_id
)

SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    admitted_on AS event_date,
    -- GREATEST passes over NULL, so an assessment that never was must be asked for first.
    CASE
        WHEN first_assessed_at_utc IS NOT NULL AND hours_to_assessment <= hours_watched THEN hours_to_assessment
        ELSE hours_watched
    END AS numerator,
    CASE WHEN first_assessed_at_utc IS NOT NULL AND hours_to_assessment <= hours_watched THEN 1 ELSE 0 END
        AS denominator,
    CASE
        WHEN NOT has_admission_time THEN 'no_admission_time'
        WHEN first_assessed_at_utc IS NULL AND first_assessed_on_some_time <= admitted_on + 3 THEN 'no_assessment_time'
        WHEN
            NOT has_discharge_time AND discharged_on <= admitted_on + 3
            AND (first_assessed_at_utc IS NULL OR hours_to_assessment > 72)
            THEN 'no_discharge_time'
    END AS exclusion_reason
FROM watched_stays
