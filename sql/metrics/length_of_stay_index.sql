/*---
title: Length of stay index, observed to expected
short_title: Length of stay index
section: flow
kind: ratio
unit: index
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; expected days are the CMS MS-DRG arithmetic mean (IPPS Table 5)
chart: xmr
chart_scale: log
decimals: 2
needs: [encounters.drg_code, drg_weights]
balancing: [readmission_30d]
told_with: length_of_stay_days
data_faults: [missing_drg, unknown_drg]
owner: case-management
why: Says whether patients stay longer than patients like them do in the country.
definition: Days stayed divided by the days expected for the same DRGs, summed over the month's discharges.
numerator: Days of stay.
denominator: Arithmetic mean length of stay of the stay's MS-DRG in the discharge's fiscal year.
denominator_noun: expected days
exclusions:
  missing_drg: The stay is not coded yet.
  unknown_drg: The DRG is not in the loaded table.
late_data_exclusions: [missing_drg]
caveats: ["Where no table of the fiscal year is loaded the nearest is used, and the report says which."]
reviewed: 2026-11-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    length_of_stay_days AS numerator,
    drg_arithmetic_mean_days AS denominator,
    CASE
        WHEN drg_code IS NULL THEN 'missing_drg'
        WHEN drg_arithmetic_mean_days IS NULL OR drg_arithmetic_mean_days <= 0 THEN 'unknown_drg'
    END AS exclusion_reason,
    drg_code,
    drg_table_fiscal_year
FROM stays
WHERE NOT is_in_house
