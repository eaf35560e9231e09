/*---
title: Long waits with a documented reason
short_title: Waits documented
section: flow
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 0
chart: p_prime
decimals: 1
needs: [avoidable_days, drg_weights]
owner: case-management
why: How far the avoidable days can be believed. A rise in them may be better documentation.
definition: >-
  Of stays more than two days longer than the geometric mean of their DRG, the share with at least one documented
  avoidable day.
numerator: At least one avoidable day is documented.
denominator: Stays discharged in the month that were more than two days longer than the geometric mean of their DRG.
denominator_noun: long stays
caveats:
  - A long stay may have been needed; the share is not expected to reach 100%.
reviewed: 2026-11-27
---*/
WITH documented_stays AS (
    SELECT DISTINCT stay_id FROM avoidable_days
    WHERE stay_id IS NOT NULL
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN documented_stays.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
LEFT JOIN documented_stays ON stays.stay_id = documented_stays.stay_id
WHERE NOT stays.is_in_house AND stays.length_of_stay_days > stays.drg_geometric_mean_days + 2
