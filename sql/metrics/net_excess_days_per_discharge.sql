/*---
title: Net excess days per discharge
short_title: Net excess days
section: flow
kind: mean
unit: days
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; expected days are the CMS MS-DRG arithmetic mean (IPPS Table 5)
chart: xmr
decimals: 2
needs: [encounters.drg_code, drg_weights]
balancing: [readmission_30d]
told_with: length_of_stay_index
data_faults: [missing_drg, unknown_drg]
owner: case-management
why: Says in days what the stay index says as a ratio. Below zero, patients leave earlier than patients like them do.
definition: Days stayed minus days expected for the same DRGs, per discharge. Shorter stays offset longer ones.
numerator: Days of stay minus the arithmetic mean of the stay's MS-DRG; may be negative.
denominator: Coded acute inpatient stays discharged in the month.
denominator_noun: coded discharges
exclusions:
  missing_drg: The stay is not coded yet.
  unknown_drg: The DRG is not in the loaded table.
late_data_exclusions: [missing_drg]
caveats:
  - "Net: never the sum of the positive differences, which is large for any hospital since stays vary."
  - "Where no table of the fiscal year is loaded the nearest is used, and the report says which."
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    length_of_stay_days - drg_arithmetic_mean_days AS numerator,
    1 AS denominator,
    CASE
        WHEN drg_code IS NULL THEN 'missing_drg'
        WHEN drg_arithmetic_mean_days IS NULL OR drg_arithmetic_mean_days <= 0 THEN 'unknown_drg'
    END AS exclusion_reason,
    drg_code
FROM stays
WHERE NOT is_in_house
