/*---
file: organizations*
columns: [id, name]
---*/
SELECT
    source_line,
    id AS facility_id,
    name AS facility_name,
    NULL AS time_zone,
    NULL AS opened_on,
    NULL AS closed_on,
    NULL AS licensed_beds
FROM landed
