/*---
title: Diagnoses
key: [encounter_id, code, sequence]
columns:
  encounter_id: {type: id, required: true, means: "The encounter."}
  sequence: {type: integer, means: "1 is the principal diagnosis."}
  code: {type: code, required: true, means: "Diagnosis code without the dot."}
  code_type: {type: text, means: "icd-10-cm, icd-9-cm or snomed."}
  present_on_admission: {type: text, means: "Y, N, U or W."}
---*/
SELECT
    source_line,
    encounter_id,
    sequence,
    code,
    code_type,
    present_on_admission
FROM landed
