/*---
title: Denied dollars per discharge
section: utilisation
kind: mean
unit: usd
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 60
chart: xmr
decimals: 0
needs: [denials, denials.denied_on, denials.denied_amount]
told_with: denials_per_100_discharges
data_faults: [amount_unknown]
owner: case-management
why: Ten small denials cost less than one large one.
definition: Dollars denied within 60 days of discharge, per acute discharge of the month.
numerator: Amounts of the denials dated no later than 60 days after the discharge, each denial once.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
exclusions:
  amount_unknown: A denial of the stay has no amount.
caveats:
  - "The amount denied, not the amount lost: appeals may win it back."
reviewed: 2026-11-27
---*/
WITH denied_stays AS (
    SELECT
        stays.stay_id,
        SUM(CAST(denials.denied_amount AS DECIMAL(36, 6))) AS denied_usd,
        COUNT(*) - COUNT(denials.denied_amount) AS n_unknown
    FROM denials
    INNER JOIN stays ON denials.stay_id = stays.stay_id
    WHERE denials.denied_on <= stays.discharged_on + 60
    GROUP BY stays.stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CAST(COALESCE(denied_stays.denied_usd, 0) AS DOUBLE) AS numerator,
    1 AS denominator,
    CASE WHEN denied_stays.n_unknown > 0 THEN 'amount_unknown' END AS exclusion_reason,
    stays.payer
FROM stays
LEFT JOIN denied_stays ON stays.stay_id = denied_stays.stay_id
WHERE NOT stays.is_in_house
