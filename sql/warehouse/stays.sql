/*---
title: Acute inpatient stays
means: >-
  One row per acute inpatient stay, with the person's next acute stay at any facility, whether the stay ended in
  a transfer to another acute hospital, and what the DRG table expects of it.
key: [stay_id]
---*/
WITH ordered_stays AS (
    SELECT
        stay_id,
        person_id,
        admitted_on,
        discharged_on,
        ROW_NUMBER() OVER one_person AS person_sequence,
        LEAD(stay_id) OVER one_person AS following_stay_id,
        LEAD(facility_id) OVER one_person AS following_facility_id,
        LEAD(admitted_on) OVER one_person AS following_admitted_on
    FROM combined_encounters
    WINDOW one_person AS (
        PARTITION BY person_id ORDER BY admitted_on, admitted_at, discharged_at NULLS LAST, stay_id
    )
),

-- A stay elsewhere that began before this one ended is not a later stay; look on for the first that is.
overlapped_stays AS (
    SELECT
        earlier.stay_id,
        MIN(later.person_sequence) AS next_sequence
    FROM ordered_stays AS earlier
    INNER JOIN ordered_stays AS later
        ON
            earlier.person_id = later.person_id
            AND earlier.person_sequence < later.person_sequence
            AND earlier.discharged_on <= later.admitted_on
    WHERE earlier.following_admitted_on < earlier.discharged_on
    GROUP BY earlier.stay_id
),

overlapped_stays_next AS (
    SELECT
        overlapped_stays.stay_id,
        later.stay_id AS next_stay_id,
        later.admitted_on AS next_admitted_on,
        later_stays.facility_id AS next_facility_id
    FROM overlapped_stays
    INNER JOIN ordered_stays AS earlier ON overlapped_stays.stay_id = earlier.stay_id
    INNER JOIN ordered_stays AS later
        ON
            earlier.person_id = later.person_id
            AND overlapped_stays.next_sequence = later.person_sequence
    INNER JOIN combined_encounters AS later_stays ON later.stay_id = later_stays.stay_id
),

linked_stays AS (
    SELECT
        combined_encounters.*,
        CASE
            WHEN ordered_stays.following_admitted_on >= ordered_stays.discharged_on
                THEN ordered_stays.following_stay_id
            ELSE overlapped_stays_next.next_stay_id
        END AS next_stay_id,
        CASE
            WHEN ordered_stays.following_admitted_on >= ordered_stays.discharged_on
                THEN ordered_stays.following_facility_id
            ELSE overlapped_stays_next.next_facility_id
        END AS next_facility_id,
        CASE
            WHEN ordered_stays.following_admitted_on >= ordered_stays.discharged_on
                THEN ordered_stays.following_admitted_on
            ELSE overlapped_stays_next.next_admitted_on
        END AS next_admitted_on
    FROM combined_encounters
    INNER JOIN ordered_stays ON combined_encounters.stay_id = ordered_stays.stay_id
    LEFT JOIN overlapped_stays_next ON combined_encounters.stay_id = overlapped_stays_next.stay_id
),

acute_transfer_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_acute_transfer'
),

fiscal_stays AS (
    SELECT
        *,
        CAST(
            YEAR(COALESCE(discharged_on, admitted_on))
            + CASE WHEN MONTH(COALESCE(discharged_on, admitted_on)) >= 10 THEN 1 ELSE 0 END AS INTEGER
        ) AS fiscal_year
    FROM linked_stays
)

SELECT
    stays.* EXCLUDE (next_facility_id),
    -- GREATEST passes over NULL: without the CASE an open stay would be one day long.
    CASE WHEN NOT stays.is_in_house THEN GREATEST(DATE_DIFF('day', stays.admitted_on, stays.discharged_on), 1) END
        AS length_of_stay_days,
    CASE
        WHEN stays.has_admission_time AND stays.has_discharge_time
            THEN CAST(DATE_DIFF('minute', stays.admitted_at_utc, stays.discharged_at_utc) AS DOUBLE) / 60.0
    END AS length_of_stay_hours,
    DATE_DIFF('day', stays.discharged_on, stays.next_admitted_on) AS days_to_next_stay,
    COALESCE(
        acute_transfer_codes.code IS NOT NULL
        OR (
            stays.next_facility_id <> stays.facility_id
            AND DATE_DIFF('day', stays.discharged_on, stays.next_admitted_on) <= 1
        ),
        FALSE
    ) AS is_transferred_out,
    ms_drg.weight AS drg_weight,
    ms_drg.gmlos AS drg_geometric_mean_days,
    ms_drg.amlos AS drg_arithmetic_mean_days,
    ms_drg.fiscal_year AS drg_table_fiscal_year
FROM fiscal_stays AS stays
LEFT JOIN acute_transfer_codes ON stays.discharge_disposition_code = acute_transfer_codes.code
LEFT JOIN reference_fiscal_years AS fiscal_years ON stays.fiscal_year = fiscal_years.fiscal_year
LEFT JOIN reference_ms_drg AS ms_drg
    ON
        fiscal_years.table_fiscal_year = ms_drg.fiscal_year
        AND stays.drg_code = ms_drg.ms_drg
