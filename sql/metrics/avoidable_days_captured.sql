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
data_faults: [missing_drg, unknown_drg]
owner: case-management
why: How far the avoidable days can be believed. A rise in them may be better documentation.
definition: >-
  Of stays more than two days longer than the geometric mean of their DRG, the share with at least one documented
  avoidable day.
numerator: At least one avoidable day is documented.
denominator: Stays discharged in the month that were more than two days longer than the geometric mean of their DRG.
denominator_noun: long stays
exclusions:
  missing_drg: The stay is not coded yet, and was longer than three days.
  unknown_drg: The DRG is not in the loaded table, and the stay was longer than three days.
late_data_exclusions: [missing_drg]
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
    CASE
        WHEN stays.drg_code IS NULL THEN 'missing_drg'
        WHEN stays.drg_geometric_mean_days IS NULL THEN 'unknown_drg'
    END AS exclusion_reason
FROM stays
LEFT JOIN documented_stays ON stays.stay_id = documented_stays.stay_id
WHERE
    NOT stays.is_in_house
    -- Where the DRG is not known any longer stay may be one of these; no DRG has a mean of less than a day.
    AND stays.length_of_stay_days > COALESCE(stays.drg_geometric_mean_days, 1) + 2
