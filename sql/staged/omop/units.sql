/*---
file: care_site*
columns: [care_site_id, care_site_name]
optional_columns: [care_site_source_value]
lookups: {landed_details: visit_detail*, landed_visits: visit_occurrence*}
may_lack: {landed_details: wards are}
lookup_columns:
  landed_details: [visit_occurrence_id, care_site_id]
  landed_visits: [visit_occurrence_id, care_site_id]
---*/
WITH wards AS (
    SELECT
        details.care_site_id,
        MIN(visits.care_site_id) AS facility_site_id
    FROM landed_details AS details
    INNER JOIN landed_visits AS visits ON details.visit_occurrence_id = visits.visit_occurrence_id
    GROUP BY details.care_site_id
),

own_ids AS (
    SELECT
        care_site_id,
        MAX(COALESCE(care_site_source_value, care_site_id)) AS own_id
    FROM landed
    GROUP BY care_site_id
)

SELECT
    landed.source_line,
    COALESCE(landed.care_site_source_value, landed.care_site_id) AS unit_id,
    COALESCE(own_ids.own_id, wards.facility_site_id) AS facility_id,
    landed.care_site_name AS unit_name,
    NULL AS service_line
FROM landed
INNER JOIN wards ON landed.care_site_id = wards.care_site_id
LEFT JOIN own_ids ON wards.facility_site_id = own_ids.care_site_id
