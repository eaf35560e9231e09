/*---
title: Case managers on shift
key: [facility_id, unit_id, shift_on, case_manager_id, paid_hours, overtime_hours]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  unit_id: {type: id, means: "The unit."}
  shift_on: {type: date, required: true, means: "The day of the shift."}
  case_manager_id: {type: id, required: true, means: "The case manager."}
  paid_hours: {type: number, means: "Hours paid."}
  overtime_hours: {type: number, means: "Of these, overtime."}
---*/
SELECT
    source_line,
    facility_id,
    unit_id,
    shift_on,
    case_manager_id,
    paid_hours,
    overtime_hours
FROM landed
