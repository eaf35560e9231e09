/*---
title: Total cost, risk-adjusted index
short_title: Cost, risk-adjusted
section: cost
kind: ratio
unit: index
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; indirect standardisation by the hospital's own risk model over a stated baseline
chart: xmr
decimals: 2
needs: [encounters.total_cost, cost_risk_model]
balancing: [readmission_30d]
told_with: case_mix_adjusted_cost_per_case_usd
data_faults: [negative_cost, not_coded, not_costed]
owner: finance
why: Says whether cases cost more than cases like them did in the baseline, whoever was treated this month.
definition: Total cost divided by the cost the risk model expects of the same stays, summed over the month's discharges.
numerator: Total cost in dollars, summed once per stay.
denominator: The cost that the risk model expects of these stays.
denominator_noun: expected dollar | expected dollars
exclusions:
  not_costed: The stay has no total cost yet.
  negative_cost: The total cost is below zero, which is an error in the source.
  not_coded: What the risk model looks at is not coded yet.
late_data_exclusions: [not_coded, not_costed]
caveats: [Prices are those of the baseline; a rise of all prices shows as a rise of the index.]
reviewed: 2026-11-27
---*/
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    stays.total_cost AS numerator,
    outcomes.expected AS denominator,
    CASE
        WHEN stays.total_cost IS NULL THEN 'not_costed'
        WHEN stays.total_cost < 0 THEN 'negative_cost'
        WHEN outcomes.expected IS NULL THEN 'not_coded'
    END AS exclusion_reason
FROM stays
LEFT JOIN expected_outcomes AS outcomes
    ON stays.stay_id = outcomes.stay_id AND outcomes.model = 'total_cost_per_case_usd'
WHERE NOT stays.is_in_house
