/*---
title: Licences
key: [case_manager_id, licence]
columns:
  case_manager_id: {type: id, required: true, means: "The case manager."}
  licence: {type: text, required: true, means: "The licence or certificate."}
  expires_on: {type: date, means: "When it expires."}
---*/
SELECT
    source_line,
    case_manager_id,
    licence,
    expires_on
FROM landed
