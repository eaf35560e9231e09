/*---
title: Case mix index
section: cost
kind: mean
unit: index
better: neither
version: 1
effective_from: 2024-01-01
follows: CMS MS-DRG relative weights (IPPS Table 5), not transfer-adjusted
chart: xmr
decimals: 3
needs: [encounters.drg_code, drg_weights]
data_faults: [missing_drg, unknown_drg]
owner: finance
why: A heavier mix of patients costs more and stays longer without anyone doing worse.
definition: The mean MS-DRG relative weight of the month's discharges.
numerator: MS-DRG relative weights.
denominator: Coded acute inpatient stays discharged in the month.
denominator_noun: coded discharges
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
    drg_weight AS numerator,
    1 AS denominator,
    CASE
        WHEN drg_code IS NULL THEN 'missing_drg'
        WHEN drg_weight IS NULL THEN 'unknown_drg'
    END AS exclusion_reason,
    drg_code,
    drg_table_fiscal_year
FROM stays
WHERE NOT is_in_house
