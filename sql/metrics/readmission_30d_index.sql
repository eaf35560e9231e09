/*---
title: 30-day readmissions, risk-adjusted index
short_title: Readmission index
section: readmissions
kind: ratio
unit: index
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; indirect standardisation by the hospital's own risk model over a stated baseline
matures_after_days: 30
chart: xmr
decimals: 2
needs: [icd_diagnosis_codes, unplanned_returns, readmission_risk_model]
balancing: [length_of_stay_days]
told_with: readmission_30d
data_faults: [not_coded]
owner: case-management
why: Says whether more patients came back than patients like them did in the baseline, whoever was treated this month.
definition: Unplanned returns within 30 days divided by the returns the risk model expects of the same discharges.
numerator: Unplanned returns within 30 days of the discharges that readmission_30d counts.
denominator: The sum of the probabilities that the risk model gives these discharges.
denominator_noun: expected returns
exclusions:
  no_index_discharge: The discharge does not count in readmission_30d.
  not_coded: What the risk model looks at is not coded yet.
late_data_exclusions: [not_coded]
caveats:
  - Compares the hospital with itself in the baseline; not a CMS risk-standardized rate.
  - The interval leaves out that the expected returns are themselves estimated.
reviewed: 2026-11-27
---*/
SELECT
    discharges.stay_id AS case_id,
    discharges.facility_id,
    discharges.unit_id,
    discharges.discharged_on AS event_date,
    CASE WHEN discharges.days_to_return <= 30 AND discharges.return_planned_rule IS NULL THEN 1 ELSE 0 END
        AS numerator,
    outcomes.expected AS denominator,
    CASE
        WHEN discharges.exclusion_reason IS NOT NULL THEN 'no_index_discharge'
        WHEN outcomes.expected IS NULL THEN 'not_coded'
    END AS exclusion_reason
FROM index_discharges AS discharges
LEFT JOIN expected_outcomes AS outcomes
    ON discharges.stay_id = outcomes.stay_id AND outcomes.model = 'readmission_30d'
