/*---
title: Discharges after 14 days or more
short_title: Stays of 14 days or more
section: flow
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, counted in midnights as CMS does
chart: p_prime
decimals: 1
balancing: [readmission_30d]
told_with: long_stay_7d_discharges
owner: case-management
why: Few patients use many of the days.
definition: Of the month's acute discharges, the share that had stayed 14 days or more.
numerator: Discharges after 14 days or more.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats:
  - "A long stay counts in the month it ends: a month that ends many looks worse. See those still in the house."
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN length_of_stay_days >= 14 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    length_of_stay_days
FROM stays
WHERE NOT is_in_house
