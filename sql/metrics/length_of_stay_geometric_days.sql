/*---
title: Geometric mean length of stay
section: flow
kind: geometric_mean
unit: days
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, counted in midnights as CMS does; the mean CMS prints as GMLOS
chart: xmr
chart_scale: log
decimals: 2
balancing: [readmission_30d]
told_with: length_of_stay_days
owner: case-management
why: A few very long stays move the average and hardly this.
definition: The geometric mean of the days of acute inpatient stays that ended in the month.
numerator: Days of stay; a same-day stay is one day.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats:
  - Compare it with a geometric mean only, never with an average.
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
