/*---
title: Procedures
key: [encounter_id, procedure_code, sequence, performed_on]
columns:
  encounter_id: {type: id, required: true, means: "The encounter."}
  procedure_code: {type: code, required: true, means: "ICD-10-PCS code."}
  sequence: {type: integer, means: "Order on the claim."}
  performed_on: {type: date, when_unreadable: unknown, means: "Day of the procedure."}
---*/
SELECT
    source_line,
    encounter_id,
    procedure_code,
    sequence,
    performed_on
FROM landed
