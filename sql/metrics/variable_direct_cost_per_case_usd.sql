/*---
title: Variable direct cost per case
section: cost
kind: mean
unit: usd
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; variable direct cost from cost accounting
chart: xmr
decimals: 0
needs: [encounters.variable_direct_cost]
balancing: [readmission_30d]
told_with: total_cost_per_case_usd
data_faults: [negative_cost, not_costed]
owner: finance
why: >-
  The part of the cost that would not be spent without the patient: what a saved day can save.
definition: The mean variable direct cost of the month's costed discharges.
numerator: Variable direct cost in dollars, summed once per stay.
denominator: Acute inpatient stays discharged in the month whose variable direct cost is known.
denominator_noun: costed discharges
exclusions:
  not_costed: The stay has no variable direct cost yet.
  negative_cost: The variable direct cost is below zero, which is an error in the source.
late_data_exclusions: [not_costed]
caveats: [Not adjusted for case mix., Costs settle for some weeks after discharge.]
reviewed: 2026-11-27
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    variable_direct_cost AS numerator,
    1 AS denominator,
    CASE
        WHEN variable_direct_cost IS NULL THEN 'not_costed'
        WHEN variable_direct_cost < 0 THEN 'negative_cost'
    END AS exclusion_reason
FROM stays
WHERE NOT is_in_house
