/*---
title: Observation that became an admission
short_title: Observation to inpatient
section: utilisation
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; no benchmark by design
matures_after_days: 1
chart: p_prime
decimals: 1
needs: [observation_encounters]
balancing: [observation_share]
owner: case-management
why: Too many says that observation only delays the admission, too few that it is used for patients who need none.
definition: Of observation encounters that ended in the month, the share followed at once by an acute stay there.
numerator: An acute stay of the person at the facility began on the day observation ended or the day after.
denominator: Observation encounters that ended in the month.
denominator_noun: observation stays
caveats:
  - "An encounter whose class was changed, and that shows only the last one, is not seen as observation."
reviewed: 2026-11-27
---*/
WITH converted_encounters AS (
    SELECT DISTINCT encounters.encounter_id
    FROM encounters
    INNER JOIN stays ON encounters.person_id = stays.person_id AND encounters.facility_id = stays.facility_id
    WHERE
        encounters.encounter_type = 'observation'
        AND stays.admitted_on BETWEEN encounters.discharged_on AND encounters.discharged_on + 1
)

SELECT
    encounters.encounter_id AS case_id,
    encounters.facility_id,
    encounters.unit_id,
    encounters.discharged_on AS event_date,
    CASE WHEN converted_encounters.encounter_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM encounters
LEFT JOIN converted_encounters ON encounters.encounter_id = converted_encounters.encounter_id
WHERE encounters.encounter_type = 'observation' AND encounters.discharged_on IS NOT NULL
