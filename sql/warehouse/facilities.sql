/*---
title: Facilities
means: One row per facility that has encounters, with the time zone its clock shows.
key: [facility_id]
---*/
WITH named_facilities AS (
    SELECT
        facility_id,
        facility_name,
        time_zone,
        opened_on,
        closed_on,
        licensed_beds
    FROM staged_facilities
),

seen_facilities AS (
    SELECT DISTINCT facility_id FROM staged_encounters
)

SELECT
    seen_facilities.facility_id,
    COALESCE(named_facilities.facility_name, seen_facilities.facility_id) AS facility_name,
    COALESCE(named_facilities.time_zone, landing_options.time_zone) AS time_zone,
    named_facilities.opened_on,
    named_facilities.closed_on,
    named_facilities.licensed_beds
FROM seen_facilities
CROSS JOIN landing_options
LEFT JOIN named_facilities ON seen_facilities.facility_id = named_facilities.facility_id
