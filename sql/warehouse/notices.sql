/*---
title: Regulatory notices
means: >-
  Notices with the stay and the facility they belong to; delivered by the facility's calendar, and as an instant in UTC
  where the time is known.
key: [encounter_id, notice_type, delivered_on, delivered_at_utc]
---*/
SELECT DISTINCT
    encounter_stays.stay_id,
    encounter_stays.facility_id,
    notices.encounter_id,
    LOWER(TRIM(notices.notice_type)) AS notice_type,
    CAST(
        CASE notices.delivered_at_kind
            WHEN 'instant' THEN (notices.delivered_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE notices.delivered_at
        END AS DATE
    ) AS delivered_on,
    CASE notices.delivered_at_kind
        WHEN 'instant' THEN notices.delivered_at
        WHEN 'local' THEN (notices.delivered_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS delivered_at_utc
FROM staged_notices AS notices
LEFT JOIN encounter_stays ON notices.encounter_id = encounter_stays.encounter_id
LEFT JOIN facilities ON encounter_stays.facility_id = facilities.facility_id
