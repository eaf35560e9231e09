/*---
title: Total cost per case
section: cost
kind: mean
unit: usd
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; total cost from cost accounting, direct and indirect
chart: xmr
decimals: 0
needs: [encounters.total_cost]
balancing: [readmission_30d]
told_with: case_mix_adjusted_cost_per_case_usd
data_faults: [negative_cost, not_costed]
owner: finance
why: What an average inpatient case costs the hospital.
definition: The mean total cost of the month's costed discharges.
numerator: Total cost in dollars, summed once per stay.
denominator: Costed acute inpatient stays discharged in the month.
denominator_noun: costed discharges
exclusions:
  not_costed: The stay has no total cost yet.
  negative_cost: The total cost is below zero, which is an error in the source.
late_data_exclusions: [not_costed]
caveats: [Not adjusted for case mix; the case mix adjusted cost is., Costs settle for some weeks after discharge.]
reviewed: 2026-11-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    total_cost AS numerator,
    1 AS denominator,
    CASE
        WHEN total_cost IS NULL THEN 'not_costed'
        WHEN total_cost < 0 THEN 'negative_cost'
    END AS exclusion_reason
FROM stays
WHERE NOT is_in_house
