/*---
title: Utilisation reviews
means: >-
  Reviews with the stay and the facility they belong to, due and done by the facility's calendar, and as instants in
  UTC where a time is known.
key: [review_id]
---*/
SELECT
    reviews.review_id,
    encounter_stays.stay_id,
    encounter_stays.facility_id,
    encounter_stays.unit_id,
    reviews.encounter_id,
    reviews.review_type,
    CAST(
        CASE reviews.due_at_kind
            WHEN 'instant' THEN (reviews.due_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE reviews.due_at
        END AS DATE
    ) AS due_on,
    CAST(
        CASE reviews.done_at_kind
            WHEN 'instant' THEN (reviews.done_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE reviews.done_at
        END AS DATE
    ) AS done_on,
    CASE reviews.due_at_kind
        WHEN 'instant' THEN reviews.due_at
        WHEN 'local' THEN (reviews.due_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS due_at_utc,
    CASE reviews.done_at_kind
        WHEN 'instant' THEN reviews.done_at
        WHEN 'local' THEN (reviews.done_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS done_at_utc,
    reviews.outcome
FROM staged_reviews AS reviews
LEFT JOIN encounter_stays ON reviews.encounter_id = encounter_stays.encounter_id
LEFT JOIN facilities ON encounter_stays.facility_id = facilities.facility_id
