/*---
file: care_site*
columns: [care_site_id, care_site_name]
optional_columns: [care_site_source_value]
lookups: {landed_visits: visit_occurrence*}
lookup_columns: {landed_visits: [care_site_id]}
---*/
WITH facilities AS (SELECT DISTINCT care_site_id FROM landed_visits)

SELECT
    landed.source_line,
    COALESCE(landed.care_site_source_value, landed.care_site_id) AS facility_id,
    landed.care_site_name AS facility_name,
    NULL AS time_zone,
    NULL AS opened_on,
    NULL AS closed_on,
    NULL AS licensed_beds
FROM landed
INNER JOIN facilities ON landed.care_site_id = facilities.care_site_id
