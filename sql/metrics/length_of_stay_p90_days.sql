/*---
title: 90th percentile of length of stay
short_title: Length of stay, 90th percentile
section: flow
kind: percentile
percentile: 90
unit: days
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, counted in midnights as CMS does
chart: xmr
decimals: 1
balancing: [readmission_30d]
told_with: length_of_stay_days
owner: case-management
why: One patient in ten stays longer than this. Barriers to discharge show here first.
definition: The 90th percentile of the days of acute inpatient stays that ended in the month.
numerator: Days of stay; a same-day stay is one day.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    length_of_stay_days AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
WHERE NOT is_in_house
