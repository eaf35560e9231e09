/*---
title: Avoidable days
key: [encounter_id, starts_on, reason_code]
columns:
  encounter_id: {type: id, required: true, means: "The encounter."}
  starts_on: {type: date, required: true, means: "First avoidable day."}
  ends_on: {type: date, means: "The day the delay ended; that day itself does not count, unless it is the first."}
  reason_code: {type: text, means: "Why the patient waited."}
  responsible_party: {type: text, means: "Who could have ended the wait."}
quarantine:
  ends_before_start: {when: "ends_on < starts_on", means: "The delay ends before it starts."}
---*/
SELECT
    source_line,
    encounter_id,
    starts_on,
    ends_on,
    reason_code,
    responsible_party
FROM landed
