/*---
title: Denials
key: [denial_id]
columns:
  denial_id: {type: id, required: true, means: "The denial."}
  encounter_id: {type: id, required: true, means: "The encounter denied."}
  payer: {type: text, means: "The payer who denied."}
  denied_on: {type: date, means: "Day of the denial."}
  denied_amount: {type: number, when_unreadable: unknown, means: "Dollars denied."}
  reason_code: {type: text, means: "Reason for the denial."}
  appealed_on: {type: date, when_unreadable: unknown, means: "Day of the appeal."}
  decided_on: {type: date, when_unreadable: unknown, means: "Day of the decision on the appeal."}
  outcome: {type: text, means: "Overturned, upheld or open: where the denial stands, also after a peer-to-peer."}
  peer_to_peer_on: {type: date, added_later: true, when_unreadable: unknown, means: "Day of the peer-to-peer: our physician and the payer's spoke about the denial."}
  peer_to_peer_outcome: {type: text, added_later: true, means: "Overturned, upheld or open: what the peer-to-peer came to."}
---*/
SELECT
    source_line,
    denial_id,
    encounter_id,
    payer,
    denied_on,
    denied_amount,
    reason_code,
    appealed_on,
    decided_on,
    outcome,
    peer_to_peer_on,
    peer_to_peer_outcome
FROM landed
