/*---
title: Denials
means: Payer denials with the stay they belong to.
key: [denial_id]
---*/
SELECT
    stay_encounters.stay_id,
    denials.denial_id,
    denials.encounter_id,
    denials.payer,
    denials.denied_on,
    denials.denied_amount,
    denials.reason_code,
    denials.appealed_on,
    denials.decided_on,
    denials.outcome
FROM staged_denials AS denials
LEFT JOIN stay_encounters ON denials.encounter_id = stay_encounters.encounter_id
