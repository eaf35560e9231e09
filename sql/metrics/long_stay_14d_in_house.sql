/*---
title: Patients in the house for 14 days or more
short_title: In house 14 days or more
section: flow
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, at the last midnight of the month
chart: p_prime
decimals: 1
balancing: [readmission_30d]
told_with: long_stay_7d_in_house
owner: case-management
why: The long stays that can still be ended; those already discharged cannot.
definition: Of the acute inpatients in the house at the last midnight of the month, the share there for 14 days or more.
numerator: Admitted 14 days or more before the last day of the month.
denominator: Acute inpatients in the house at the last midnight of the month.
denominator_noun: inpatients
is_stock: true
caveats:
  - "A stay whose discharge date was lost is left out once it has been open for longer than any patient stays."
reviewed: 2026-11-27
---*/
SELECT
    stay_id || '|' || CAST(month_end_on AS VARCHAR) AS case_id,
    facility_id,
    unit_id,
    month_end_on AS event_date,
    CASE WHEN n_days_so_far >= 14 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    n_days_so_far
FROM month_end_inpatients
