/*---
title: Patients in the house for 7 days or more
short_title: In house 7 days or more
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
told_with: long_stay_7d_discharges
owner: case-management
why: The long stays that can still be ended; those already discharged cannot.
definition: Of the acute inpatients in the house at the last midnight of the month, the share there for 7 days or more.
numerator: Admitted 7 days or more before the last day of the month.
denominator: Acute inpatients in the house at the last midnight of the month.
denominator_noun: inpatients
caveats:
  - "A stay whose discharge date was lost is left out once it has been open for longer than any patient stays."
reviewed: 2026-11-27
---*/
WITH month_ends AS (
    SELECT CAST(first_days.first_day + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_end
    FROM (
        SELECT
            UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(admitted_on)), MAX(complete_through), INTERVAL 1 MONTH))
                AS first_day
        FROM stays
        INNER JOIN watermarks ON stays.facility_id = watermarks.facility_id
    ) AS first_days
)

SELECT
    stays.stay_id || '|' || CAST(month_ends.month_end AS VARCHAR) AS case_id,
    stays.facility_id,
    stays.unit_id,
    month_ends.month_end AS event_date,
    CASE WHEN DATE_DIFF('day', stays.admitted_on, month_ends.month_end) >= 7 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    DATE_DIFF('day', stays.admitted_on, month_ends.month_end) AS n_days_so_far
FROM stays
INNER JOIN watermarks ON stays.facility_id = watermarks.facility_id
INNER JOIN month_ends
    ON
        stays.admitted_on <= month_ends.month_end
        AND COALESCE(stays.discharged_on, DATE '9999-12-31') > month_ends.month_end
        AND watermarks.complete_through >= month_ends.month_end
WHERE NOT stays.is_discharge_lost
