/*---
title: Case-management cases
means: >-
  Cases with the stay and the facility they belong to; opened and closed by the facility's calendar, the first
  assessment as an instant in UTC, so that hours are true hours.
key: [cm_case_id]
---*/
SELECT
    encounter_stays.stay_id,
    encounter_stays.facility_id,
    encounter_stays.unit_id,
    cases.cm_case_id,
    cases.encounter_id,
    cases.case_manager_id,
    cases.opened_at,
    CAST(
        CASE cases.opened_at_kind
            WHEN 'instant' THEN (cases.opened_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE cases.opened_at
        END AS DATE
    ) AS opened_on,
    cases.first_assessed_at,
    CASE cases.first_assessed_at_kind
        WHEN 'instant' THEN cases.first_assessed_at
        WHEN 'local' THEN (cases.first_assessed_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS first_assessed_at_utc,
    CASE WHEN cases.first_assessed_at_kind = 'date' THEN CAST(cases.first_assessed_at AS DATE) END
        AS first_assessed_on_some_time,
    cases.closed_at,
    CAST(
        CASE cases.closed_at_kind
            WHEN 'instant' THEN (cases.closed_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE cases.closed_at
        END AS DATE
    ) AS closed_on,
    cases.close_reason
FROM staged_cm_cases AS cases
LEFT JOIN encounter_stays ON cases.encounter_id = encounter_stays.encounter_id
LEFT JOIN facilities ON encounter_stays.facility_id = facilities.facility_id
