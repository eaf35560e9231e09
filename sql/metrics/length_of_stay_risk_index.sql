/*---
title: Length of stay, risk-adjusted index
short_title: Length of stay, risk-adjusted
section: flow
kind: ratio
unit: index
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; indirect standardisation by the hospital's own risk model over a stated baseline
chart: xmr
chart_scale: log
decimals: 2
needs: [stay_risk_model]
balancing: [readmission_30d]
told_with: length_of_stay_days
data_faults: [not_coded]
owner: case-management
why: Says whether patients stay longer than patients like them did in the baseline, comorbidities and age included.
definition: Days stayed divided by the days the risk model expects of the same stays, summed over the month's discharges.
numerator: Days of stay, as length_of_stay_days counts them.
denominator: The days that the risk model expects of these stays.
denominator_noun: expected days
exclusions:
  not_coded: What the risk model looks at is not coded yet.
late_data_exclusions: [not_coded]
caveats: [Compares the hospital with itself in the baseline; the length of stay index compares with the country.]
reviewed: 2026-11-27
---*/
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    stays.length_of_stay_days AS numerator,
    outcomes.expected AS denominator,
    CASE WHEN outcomes.expected IS NULL THEN 'not_coded' END AS exclusion_reason
FROM stays
LEFT JOIN expected_outcomes AS outcomes
    ON stays.stay_id = outcomes.stay_id AND outcomes.model = 'length_of_stay_days'
WHERE NOT stays.is_in_house
