/*---
title: High-cost outliers
short_title: High-cost outliers
section: cost
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; three times the expected cost is a convention of this report, not the outlier rule of a payer
chart: p_prime
decimals: 1
needs: [encounters.total_cost, encounters.drg_code, drg_weights]
balancing: [readmission_30d]
told_with: total_cost_drg_index
data_faults: [missing_drg, negative_cost, not_costed, unknown_drg]
owner: finance
why: A few stays move the mean cost; they are listed apart, so that a mean is not read as a price of every patient.
definition: Of the discharges that are both costed and coded, the share that cost more than three times what their DRG lets expect.
numerator: Total cost above three times the expected cost.
denominator: Acute inpatient stays discharged in the month, costed and coded.
denominator_noun: costed discharges
exclusions:
  not_costed: The stay has no total cost yet.
  negative_cost: The total cost is below zero, which is an error in the source.
  missing_drg: The stay is not coded yet.
  unknown_drg: The DRG is not in the loaded table.
  no_year_before: Not each of the twelve months before has stays that are costed and coded.
late_data_exclusions: [not_costed, missing_drg]
caveats:
  - A facility without costed stays in a month of that year is held against the others there; the build says so.
  - "Expected is the MS-DRG weight at our own cost per weight of the twelve months before."
reviewed: 2026-11-28
---*/
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN stays.total_cost > 3 * stays.drg_weight * costs.cost_per_weight_usd THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN stays.total_cost IS NULL THEN 'not_costed'
        WHEN stays.total_cost < 0 THEN 'negative_cost'
        WHEN stays.drg_code IS NULL THEN 'missing_drg'
        WHEN stays.drg_weight IS NULL OR stays.drg_weight <= 0 THEN 'unknown_drg'
        WHEN costs.cost_per_weight_usd IS NULL THEN 'no_year_before'
    END AS exclusion_reason,
    stays.drg_code
FROM stays
LEFT JOIN yearly_costs_per_weight AS costs
    ON CAST(DATE_TRUNC('month', stays.discharged_on) AS DATE) = costs.month_starts_on
WHERE NOT stays.is_in_house
