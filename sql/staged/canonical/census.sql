/*---
title: Midnight census
key: [facility_id, unit_id, census_on]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  unit_id: {type: id, means: "The unit."}
  census_on: {type: date, required: true, means: "The day, counted at midnight."}
  patients: {type: integer, required: true, means: "Patients in the house."}
---*/
SELECT
    source_line,
    facility_id,
    unit_id,
    census_on,
    patients
FROM landed
