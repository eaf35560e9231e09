/*---
title: Units
key: [unit_id]
columns:
  unit_id: {type: id, required: true, means: "The unit."}
  facility_id: {type: id, required: true, means: "Its facility."}
  unit_name: {type: text, means: "Its name for print."}
  service_line: {type: text, means: "Its service line."}
---*/
SELECT
    source_line,
    unit_id,
    facility_id,
    unit_name,
    service_line
FROM landed
