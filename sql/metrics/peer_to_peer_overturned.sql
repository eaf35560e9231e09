/*---
title: Denials overturned by peer-to-peer
short_title: Peer-to-peer overturned
section: utilisation
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [denials.peer_to_peer_on, denials.peer_to_peer_outcome, peer_to_peer_outcomes]
balancing: [denials_peer_to_peer]
data_faults: [outcome_unknown]
owner: case-management
why: Says whether the talks are worth the physicians' time, and how many denials would not have stood.
definition: Of the peer-to-peers held in the month about denials of acute stays, the share that overturned the denial.
numerator: The peer-to-peer is recorded as overturned.
denominator: Denials of acute inpatient stays with a peer-to-peer in the month and its outcome.
denominator_noun: peer-to-peer | peer-to-peers
exclusions:
  outcome_unknown: What the peer-to-peer came to is not recorded, or in a word we do not know.
caveats:
  - Judged once, 30 days later; one that is still open then counts as not overturned.
reviewed: 2026-11-28
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.peer_to_peer_on AS event_date,
    CASE WHEN LOWER(denials.peer_to_peer_outcome) = 'overturned' THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN
            denials.peer_to_peer_outcome IS NULL
            OR LOWER(denials.peer_to_peer_outcome) NOT IN ('overturned', 'upheld', 'open')
            THEN 'outcome_unknown'
    END AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.peer_to_peer_on IS NOT NULL
