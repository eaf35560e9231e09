/*---
title: Case-management cases
key: [cm_case_id]
columns:
  cm_case_id: {type: id, required: true, means: "The case-management case."}
  encounter_id: {type: id, required: true, means: "The encounter it belongs to."}
  case_manager_id: {type: id, means: "The case manager."}
  opened_at: {type: moment, means: "When the case was opened."}
  first_assessed_at: {type: moment, means: "When the initial assessment was completed."}
  closed_at: {type: moment, means: "When the case was closed."}
  close_reason: {type: text, means: "Why it was closed."}
---*/
SELECT
    source_line,
    cm_case_id,
    encounter_id,
    case_manager_id,
    opened_at,
    first_assessed_at,
    closed_at,
    close_reason
FROM landed
