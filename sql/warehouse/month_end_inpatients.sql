/*---
title: Inpatients at the last midnight of each month
means: >-
  One row per stay and month end at which the patient was in the house, with the days since admission; only month ends
  until which the facility's data are complete. A stay whose discharge date was lost is left out.
key: [stay_id, month_end_on]
---*/
WITH month_ends AS (
    SELECT CAST(first_days.first_day + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_end_on
    FROM (
        SELECT
            UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(admitted_on)), MAX(complete_through), INTERVAL 1 MONTH))
                AS first_day
        FROM stays
        INNER JOIN watermarks ON stays.facility_id = watermarks.facility_id
    ) AS first_days
)

SELECT
    stays.stay_id,
    stays.facility_id,
    stays.unit_id,
    month_ends.month_end_on,
    DATE_DIFF('day', stays.admitted_on, month_ends.month_end_on) AS n_days_so_far
FROM stays
INNER JOIN watermarks ON stays.facility_id = watermarks.facility_id
INNER JOIN month_ends
    ON
        stays.admitted_on <= month_ends.month_end_on
        AND COALESCE(stays.discharged_on, DATE '9999-12-31') > month_ends.month_end_on
        AND watermarks.complete_through >= month_ends.month_end_on
WHERE NOT stays.is_discharge_lost
