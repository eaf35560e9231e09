/*---
title: Observation among hospital stays
short_title: Observation share
section: utilisation
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; there is no benchmark, by design
chart: p_prime
decimals: 1
needs: [observation_encounters]
owner: case-management
why: Status decides what is paid and what the patient pays. A change is a question to ask, not a success or a failure.
definition: Of acute inpatient stays and observation stays that ended in the month, the share in observation.
numerator: Observation encounters that ended in the month.
denominator: Observation encounters and acute inpatient stays that ended in the month.
denominator_noun: stays
caveats:
  - Several observation encounters of one visit count as several.
reviewed: 2026-11-27
---*/
SELECT
    'stay ' || stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    0 AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
WHERE NOT is_in_house
UNION ALL
SELECT
    'observation ' || encounter_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    1 AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM encounters
WHERE encounter_type = 'observation' AND discharged_on IS NOT NULL
