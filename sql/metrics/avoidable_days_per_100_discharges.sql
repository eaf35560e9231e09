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
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    COALESCE(waiting_days.n_days, 0) AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
LEFT JOIN waiting_days ON stays.stay_id = waiting_days.stay_id
WHERE NOT stays.is_in_house
