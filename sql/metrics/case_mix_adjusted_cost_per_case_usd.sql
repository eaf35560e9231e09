/*---
title: Cost per case, case mix adjusted
short_title: Adjusted cost per case
section: cost
kind: ratio
unit: usd
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; total cost divided by CMS MS-DRG relative weights (IPPS Table 5)
chart: xmr
decimals: 0
needs: [encounters.total_cost, encounters.drg_code, drg_weights]
balancing: [readmission_30d]
data_faults: [missing_drg, negative_cost, not_costed, unknown_drg]
owner: finance
why: Cost per case without the effect of sicker or less sick patients.
definition: Total cost divided by total relative weight of the discharges that are both costed and coded.
numerator: Total cost in dollars.
denominator: MS-DRG relative weights.
denominator_noun: relative weights
exclusions:
  not_costed: The stay has no total cost yet.
  negative_cost: The total cost is below zero, which is an error in the source.
  missing_drg: The stay is not coded yet.
  unknown_drg: The DRG is not in the loaded table.
late_data_exclusions: [not_costed, missing_drg]
caveats: ["Where no table of the fiscal year is loaded the nearest is used, and the report says which."]
reviewed: 2026-11-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    total_cost AS numerator,
    drg_weight AS denominator,
    CASE
        WHEN total_cost IS NULL THEN 'not_costed'
        WHEN total_cost < 0 THEN 'negative_cost'
        WHEN drg_code IS NULL THEN 'missing_drg'
        WHEN drg_weight IS NULL OR drg_weight <= 0 THEN 'unknown_drg'
    END AS exclusion_reason,
    drg_code,
    drg_table_fiscal_year
FROM stays
WHERE NOT is_in_house
