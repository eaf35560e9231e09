/*---
title: Total cost, observed to expected by DRG
short_title: Cost to DRG-expected
section: cost
kind: ratio
unit: index
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; expected is the CMS MS-DRG weight (IPPS Table 5) at our own cost per weight of the year before
chart: xmr
chart_scale: log
decimals: 2
needs: [encounters.total_cost, encounters.drg_code, drg_weights]
balancing: [readmission_30d]
told_with: case_mix_adjusted_cost_per_case_usd
data_faults: [missing_drg, negative_cost, not_costed, unknown_drg]
owner: finance
why: Says whether the month's patients cost more than patients of the same DRGs would have, at last year's cost.
definition: Total cost divided by the cost expected of the same DRGs, summed over the month's discharges.
numerator: Total cost in dollars.
denominator: The stay's MS-DRG weight times what all our facilities paid per weight in the twelve months before.
denominator_noun: expected dollar | expected dollars
exclusions:
  not_costed: The stay has no total cost yet.
  negative_cost: The total cost is below zero, which is an error in the source.
  missing_drg: The stay is not coded yet.
  unknown_drg: The DRG is not in the loaded table.
  no_year_before: Not each of the twelve months before has stays that are costed and coded.
late_data_exclusions: [not_costed, missing_drg]
caveats:
  - A facility without costed stays in a month of that year is held against the others there; the build says so.
  - "Compares us with ourselves: what prices rose in a year is in it, and it is no benchmark."
reviewed: 2026-11-28
---*/
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    stays.total_cost AS numerator,
    stays.drg_weight * costs.cost_per_weight_usd AS denominator,
    CASE
        WHEN stays.total_cost IS NULL THEN 'not_costed'
        WHEN stays.total_cost < 0 THEN 'negative_cost'
        WHEN stays.drg_code IS NULL THEN 'missing_drg'
        WHEN stays.drg_weight IS NULL OR stays.drg_weight <= 0 THEN 'unknown_drg'
        WHEN costs.cost_per_weight_usd IS NULL THEN 'no_year_before'
    END AS exclusion_reason,
    stays.drg_code,
    stays.drg_table_fiscal_year
FROM stays
LEFT JOIN yearly_costs_per_weight AS costs
    ON CAST(DATE_TRUNC('month', stays.discharged_on) AS DATE) = costs.month_starts_on
WHERE NOT stays.is_in_house
