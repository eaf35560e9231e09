/*---
title: Acute inpatient stays
means: >-
  One row per acute inpatient stay, ended or open, with the person's next acute stay at any facility, whether the stay ended in
  a transfer to another acute hospital, and what the DRG table expects of it.
key: [stay_id]
---*/
WITH acute_transfer_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_acute_transfer'
),

linked_stays AS (
    SELECT
        whole_stays.*,
        next_stays.next_stay_id,
        next_stays.next_facility_id,
        next_stays.next_admitted_on,
        next_stays.begins_elsewhere,
        CAST(
            YEAR(COALESCE(whole_stays.discharged_on, whole_stays.admitted_on))
            + CASE WHEN MONTH(COALESCE(whole_stays.discharged_on, whole_stays.admitted_on)) >= 10 THEN 1 ELSE 0 END
            AS INTEGER
        ) AS fiscal_year
    FROM whole_stays
    LEFT JOIN next_stays ON whole_stays.stay_id = next_stays.stay_id
)

SELECT
    stays.* EXCLUDE (next_facility_id, begins_elsewhere),
    -- GREATEST passes over NULL: without the CASE an open stay would be one day long.
    CASE WHEN NOT stays.is_in_house THEN GREATEST(DATE_DIFF('day', stays.admitted_on, stays.discharged_on), 1) END
        AS length_of_stay_days,
    CASE
        WHEN stays.has_admission_time AND stays.has_discharge_time
            THEN CAST(DATE_DIFF('minute', stays.admitted_at_utc, stays.discharged_at_utc) AS DOUBLE) / 60.0
    END AS length_of_stay_hours,
    DATE_DIFF('day', COALESCE(stays.discharged_on, stays.billed_through_on), stays.next_admitted_on)
        AS days_to_next_stay,
    COALESCE(
        acute_transfer_codes.code IS NOT NULL
        -- Registrars close the first stay hours or days late.
        OR stays.begins_elsewhere
        OR (
            stays.next_facility_id <> stays.facility_id
            AND DATE_DIFF('day', COALESCE(stays.discharged_on, stays.billed_through_on), stays.next_admitted_on) <= 1
        ),
        FALSE
    ) AS is_transferred_out,
    ms_drg.weight AS drg_weight,
    ms_drg.gmlos AS drg_geometric_mean_days,
    ms_drg.amlos AS drg_arithmetic_mean_days,
    ms_drg.fiscal_year AS drg_table_fiscal_year
FROM linked_stays AS stays
LEFT JOIN acute_transfer_codes ON stays.discharge_disposition_code = acute_transfer_codes.code
LEFT JOIN reference_fiscal_years AS fiscal_years ON stays.fiscal_year = fiscal_years.fiscal_year
LEFT JOIN reference_ms_drg AS ms_drg
    ON
        fiscal_years.table_fiscal_year = ms_drg.fiscal_year
        AND stays.drg_code = ms_drg.ms_drg
