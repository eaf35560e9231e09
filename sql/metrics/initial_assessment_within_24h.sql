/*---
title: Initial assessment within 24 hours
short_title: Assessment within 24 hours
section: case management
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House policy; CMS says only that assessment happens at an early stage
matures_after_days: 1
chart: p_prime
decimals: 1
needs: [cm_cases.first_assessed_at]
data_faults: [no_admission_time, no_assessment_time]
owner: case-management
why: A discharge plan that starts late ends late.
definition: Of patients admitted in the month, the share whom a case manager assessed within 24 hours.
numerator: First assessment at most 24 hours after admission, by the clock, daylight saving accounted for.
denominator: Acute inpatient stays that began in the month.
denominator_noun: admissions
exclusions:
  no_admission_time: Only the date of admission is known, not the time.
  no_assessment_time: Assessed the day after admission, but the time is not known.
  shorter_than_24_hours: Discharged within 24 hours without an assessment.
caveats: [A stay without a case counts as not assessed.]
reviewed: 2026-11-01
---*/
WITH first_assessments AS (
    SELECT
        stay_id,
        MIN(first_assessed_at_utc) AS first_assessed_at_utc,
        MIN(first_assessed_on_some_time) AS first_assessed_on_some_time
    FROM cm_cases
    WHERE stay_id IS NOT NULL
    GROUP BY stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.admitted_on AS event_date,
    CASE
        WHEN DATE_DIFF('second', stays.admitted_at_utc, first_assessments.first_assessed_at_utc) <= 86400 THEN 1
        -- Assessed on the day of admission is within 24 hours, whatever the time.
        WHEN first_assessments.first_assessed_on_some_time <= stays.admitted_on THEN 1
        ELSE 0
    END AS numerator,
    1 AS denominator,
    CASE
        WHEN NOT stays.has_admission_time THEN 'no_admission_time'
        WHEN
            first_assessments.first_assessed_at_utc IS NULL
            AND first_assessments.first_assessed_on_some_time = stays.admitted_on + 1
            THEN 'no_assessment_time'
        WHEN
            first_assessments.first_assessed_at_utc IS NULL
            AND first_assessments.first_assessed_on_some_time IS NULL
            AND CASE
                WHEN stays.has_discharge_time
                    THEN DATE_DIFF('second', stays.admitted_at_utc, stays.discharged_at_utc) < 86400
                ELSE stays.discharged_on = stays.admitted_on
            END
            THEN 'shorter_than_24_hours'
    END AS exclusion_reason
FROM stays
LEFT JOIN first_assessments ON stays.stay_id = first_assessments.stay_id
