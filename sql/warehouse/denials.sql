/*---
title: Denials
means: Payer denials with the stay they belong to.
key: [denial_id]
---*/
WITH denied_encounters AS (
    -- So that few encounters need be held in memory for the next join.
    SELECT
        encounter_stays.encounter_id,
        encounter_stays.stay_id
    FROM encounter_stays
    SEMI JOIN staged_denials ON encounter_stays.encounter_id = staged_denials.encounter_id
)

SELECT
    denied_encounters.stay_id,
    denials.denial_id,
    denials.encounter_id,
    denials.payer,
    denials.denied_on,
    denials.denied_amount,
    denials.reason_code,
    denials.appealed_on,
    denials.decided_on,
    denials.outcome,
    denials.peer_to_peer_on,
    denials.peer_to_peer_outcome
FROM staged_denials AS denials
LEFT JOIN denied_encounters ON denials.encounter_id = denied_encounters.encounter_id
