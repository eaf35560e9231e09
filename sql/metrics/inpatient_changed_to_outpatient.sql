/*---
title: Inpatient orders changed to outpatient (condition code 44)
short_title: Condition code 44
section: utilisation
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; UB-04 condition code 44; there is no benchmark, by design
chart: p_prime
decimals: 1
needs: [encounters.condition_codes, outpatient_condition_codes]
balancing: [observation_share]
owner: case-management
why: Each one is a status decided twice, with rules, a notice and a bill to put right; many say that admissions are reviewed late.
definition: Of inpatient stays and encounters changed from inpatient to outpatient that ended in the month, the share changed.
numerator: The encounter has condition code 44 among its condition codes.
denominator: Acute inpatient stays that ended in the month, and further encounters with condition code 44.
denominator_noun: inpatient order | inpatient orders
caveats:
  - Known when the claim is coded; the newest month rises as claims come.
  - An acute inpatient encounter that bears the code is counted as changed, and still as a stay in the other measures.
reviewed: 2026-11-28
---*/
WITH changed_stays AS (
    SELECT DISTINCT stay_id FROM changed_encounters
    WHERE stay_id IS NOT NULL
)

SELECT
    'stay ' || stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN changed_stays.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
LEFT JOIN changed_stays ON stays.stay_id = changed_stays.stay_id
WHERE NOT stays.is_in_house
UNION ALL
SELECT
    'changed ' || encounter_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    1 AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM changed_encounters
WHERE encounter_status = 'not_acute_inpatient'
