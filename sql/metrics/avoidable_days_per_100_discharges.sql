/*---
title: Avoidable days per 100 discharges
short_title: Avoidable days
section: flow
kind: rate
per: 100
unit: per 100 discharges
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: u_prime
decimals: 1
needs: [avoidable_days]
balancing: [readmission_30d]
owner: case-management
why: Days patients waited for something other than care; most of them can be ended by somebody we can name.
definition: Documented avoidable days of the month's discharges, per 100 discharges. Overlapping waits count once.
numerator: Days covered by at least one documented wait.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats: [A rise may be better documentation., A wait counts in the month the patient leaves.]
reviewed: 2026-11-01
---*/
WITH waits_in_order AS (
    SELECT
        stay_id,
        starts_on,
        ends_before,
        MAX(ends_before) OVER (
            PARTITION BY stay_id ORDER BY starts_on, ends_before ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_before
    FROM avoidable_days
    WHERE stay_id IS NOT NULL
),

days_per_stay AS (
    SELECT
        stay_id,
        SUM(GREATEST(DATE_DIFF('day', GREATEST(starts_on, COALESCE(covered_before, starts_on)), ends_before), 0))
            AS n_days
    FROM waits_in_order
    GROUP BY stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    COALESCE(days_per_stay.n_days, 0) AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
LEFT JOIN days_per_stay ON stays.stay_id = days_per_stay.stay_id
WHERE NOT stays.is_in_house
