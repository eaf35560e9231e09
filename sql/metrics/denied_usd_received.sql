/*---
title: Dollars denied in the month
short_title: Dollars denied
section: utilisation
kind: count
unit: usd
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
decimals: 0
needs: [denials.denied_on, denials.denied_amount]
told_with: denied_usd_per_discharge
data_faults: [amount_unknown]
owner: case-management
why: What arrived this month, whenever the patient left; final at once, and what finance books.
definition: The dollars of the denials dated in the month, each denial once.
numerator: The denied amount.
denominator: None; this is a sum.
denominator_noun: denials
exclusions:
  amount_unknown: The denial has no amount.
caveats:
  - "By the day of the denial, not of the discharge: the two never tie in one month."
  - "The amount denied, not the amount lost: appeals may win it back."
reviewed: 2026-11-27
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.denied_on AS event_date,
    denials.denied_amount AS numerator,
    1 AS denominator,
    CASE WHEN denials.denied_amount IS NULL THEN 'amount_unknown' END AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.denied_on IS NOT NULL
