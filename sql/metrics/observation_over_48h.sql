/*---
title: Observation of more than 48 hours
short_title: Observation over 48 hours
section: utilisation
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: p_prime
decimals: 1
needs: [observation_encounters]
balancing: [observation_share]
told_with: observation_hours
data_faults: [no_time]
owner: case-management
why: After two days it should be clear whether the patient is an inpatient.
definition: Of the observation encounters that ended in the month, the share that lasted more than 48 hours.
numerator: More than 48 hours by the clock.
denominator: Observation encounters that ended in the month.
denominator_noun: observation stays
exclusions:
  no_time: The time of its beginning or end is not known.
reviewed: 2026-11-27
---*/
SELECT
    encounter_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN DATE_DIFF('second', admitted_at_utc, discharged_at_utc) > 172800 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE WHEN NOT (has_admission_time AND has_discharge_time) THEN 'no_time' END AS exclusion_reason
FROM encounters
WHERE encounter_type = 'observation' AND discharged_on IS NOT NULL
