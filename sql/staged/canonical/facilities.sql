/*---
title: Facilities
key: [facility_id]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  facility_name: {type: text, means: "Its name for print."}
  time_zone: {type: text, means: "Its time zone, such as America/New_York."}
  opened_on: {type: date, means: "First day of service."}
  closed_on: {type: date, means: "Last day of service."}
  licensed_beds: {type: integer, when_unreadable: unknown, means: "Licensed beds."}
---*/
SELECT
    source_line,
    facility_id,
    facility_name,
    time_zone,
    opened_on,
    closed_on,
    licensed_beds
FROM landed
