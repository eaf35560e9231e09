/*---
title: The next stay of each stay
means: >-
  For stays of people with several, the person's next acute stay at any facility: the first that begins no earlier
  than this one ends; and whether a stay at another facility begins while this one still runs.
key: [stay_id]
stored: temporary
---*/
WITH repeat_patients AS (
    SELECT DISTINCT person_id FROM repeat_encounters
),

ordered_stays AS (
    SELECT
        whole_stays.stay_id,
        whole_stays.person_id,
        whole_stays.facility_id,
        whole_stays.admitted_on,
        COALESCE(whole_stays.discharged_on, whole_stays.billed_through_on) AS discharged_on,
        ROW_NUMBER() OVER one_person AS person_sequence,
        LEAD(whole_stays.stay_id) OVER one_person AS following_stay_id,
        LEAD(whole_stays.facility_id) OVER one_person AS following_facility_id,
        LEAD(whole_stays.admitted_on) OVER one_person AS following_admitted_on
    FROM whole_stays
    INNER JOIN repeat_patients ON whole_stays.person_id = repeat_patients.person_id
    WINDOW one_person AS (
        PARTITION BY whole_stays.person_id
        ORDER BY
            whole_stays.admitted_on,
            whole_stays.admitted_at,
            whole_stays.discharged_at NULLS LAST,
            whole_stays.stay_id
    )
),

-- A stay elsewhere that began before this one ended is no return but a transfer; look on for the first that is later.
overlapped_stays AS (
    SELECT
        earlier.stay_id,
        earlier.person_id,
        MIN(later.person_sequence) FILTER (WHERE later.admitted_on >= earlier.discharged_on) AS next_sequence,
        BOOL_OR(later.facility_id <> earlier.facility_id AND later.admitted_on < earlier.discharged_on)
            AS begins_elsewhere
    FROM ordered_stays AS earlier
    INNER JOIN ordered_stays AS later
        ON
            earlier.person_id = later.person_id
            AND earlier.person_sequence < later.person_sequence
    WHERE earlier.following_admitted_on < earlier.discharged_on
    GROUP BY earlier.stay_id, earlier.person_id
)

SELECT
    stay_id,
    following_stay_id AS next_stay_id,
    following_facility_id AS next_facility_id,
    following_admitted_on AS next_admitted_on,
    FALSE AS begins_elsewhere
FROM ordered_stays
WHERE following_admitted_on >= discharged_on
UNION ALL
SELECT
    overlapped_stays.stay_id,
    later.stay_id AS next_stay_id,
    later.facility_id AS next_facility_id,
    later.admitted_on AS next_admitted_on,
    overlapped_stays.begins_elsewhere
FROM overlapped_stays
LEFT JOIN ordered_stays AS later
    ON
        overlapped_stays.person_id = later.person_id
        AND overlapped_stays.next_sequence = later.person_sequence
