/*---
title: Unplanned returns among admissions
short_title: Returns arriving
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; the early companion of the 30-day readmission rate
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, planned_care]
balancing: [length_of_stay_days]
told_with: readmission_30d
owner: case-management
why: Says how many of the patients who arrive had just been discharged. Final at once, while the 30-day rate waits a month.
definition: Of acute inpatient stays that began in the month, the share that are the unplanned first return within 30 days of an index discharge.
numerator: The stay is the first return within 30 days of an index discharge of any of our facilities, and unplanned.
denominator: Acute inpatient stays that began in the month.
denominator_noun: admissions
exclusions:
  no_look_back: Began in the first 30 days of the facility's data, when earlier discharges cannot be seen.
caveats:
  - "Counts by the month of the return, not of the discharge: the two rates are not each other's check."
  - Returns to hospitals outside our data are not visible.
reviewed: 2026-11-27
---*/
WITH first_discharges AS (
    SELECT
        facility_id,
        MIN(discharged_on) AS first_discharged_on
    FROM stays
    WHERE NOT is_in_house
    GROUP BY facility_id
),

unplanned_returns AS (
    SELECT DISTINCT return_stay_id
    FROM index_discharges
    WHERE
        exclusion_reason IS NULL
        AND days_to_return <= 30
        AND return_planned_rule IS NULL
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.admitted_on AS event_date,
    CASE WHEN unplanned_returns.return_stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN
            first_discharges.first_discharged_on IS NULL
            OR stays.admitted_on < first_discharges.first_discharged_on + 30
            THEN 'no_look_back'
    END AS exclusion_reason
FROM stays
LEFT JOIN first_discharges ON stays.facility_id = first_discharges.facility_id
LEFT JOIN unplanned_returns ON stays.stay_id = unplanned_returns.return_stay_id
