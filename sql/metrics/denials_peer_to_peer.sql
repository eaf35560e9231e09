/*---
title: Denials with a peer-to-peer within 30 days
short_title: Peer-to-peer held
section: utilisation
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [denials.denied_on, denials.peer_to_peer_on]
balancing: [peer_to_peer_overturned]
owner: case-management
why: A talk between physicians is the cheapest way to turn a denial, and payers allow it for days only.
definition: Of the denials of acute stays received in the month, the share that a peer-to-peer followed within 30 days.
numerator: A peer-to-peer took place no later than 30 days after the denial, or before it was put in writing.
denominator: Denials of acute inpatient stays dated in the month.
denominator_noun: denials
caveats:
  - Not every denial can be talked over; one for a missing paper needs the paper.
reviewed: 2026-11-28
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.denied_on AS event_date,
    CASE WHEN denials.peer_to_peer_on <= denials.denied_on + 30 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.denied_on IS NOT NULL
