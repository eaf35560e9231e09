/*---
title: Denials per 100 discharges
short_title: Denials
section: utilisation
kind: rate
per: 100
unit: per 100 discharges
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
target: {value: 6, source: Finance plan}
matures_after_days: 30
chart: u_prime
decimals: 1
needs: [denials]
owner: case-management
why: A denied stay is care given and not paid; most causes are known before the patient leaves.
definition: Denials received for the month's discharges, per 100 discharges.
numerator: Denials of any kind, each counted once.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats: ["A denial can arrive later than 30 days after discharge; such months rise and are restated."]
reviewed: 2026-11-01
---*/
WITH denials_per_stay AS (
    SELECT
        stay_id,
        COUNT(DISTINCT denial_id) AS n_denials
    FROM denials
    WHERE stay_id IS NOT NULL
    GROUP BY stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    COALESCE(denials_per_stay.n_denials, 0) AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    stays.payer
FROM stays
LEFT JOIN denials_per_stay ON stays.stay_id = denials_per_stay.stay_id
WHERE NOT stays.is_in_house
