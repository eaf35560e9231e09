/*---
title: Discharges on Saturday and Sunday
short_title: Weekend discharges
section: flow
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
chart: p_prime
decimals: 1
balancing: [readmission_30d]
owner: case-management
why: Two days of seven are 28.6% of the week. Far fewer discharges mean that patients wait for Monday.
definition: Of the month's acute discharges, the share on a Saturday or Sunday, by the facility's calendar.
numerator: Discharges on a Saturday or Sunday.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats:
  - A month with five weekends has more weekend discharges.
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN ISODOW(discharged_on) >= 6 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
WHERE NOT is_in_house
