/*---
title: Encounters on the facility's clock
means: >-
  Every current encounter with its times as the facility's clock shows them, and as instants in UTC. Computed where
  it is read: who asks for few columns pays for few.
key: [encounter_id]
stored: never
---*/
WITH zoned_encounters AS (
    SELECT
        encounters.* EXCLUDE (updated_at, updated_at_kind, row_hash, source_line) REPLACE (
            -- One word for everyone unknown is no person: each such encounter stands alone, and the build says so.
            CASE
                WHEN
                    REGEXP_MATCHES(
                        LOWER(encounters.person_id), '^(null|none|nan|n/a|na|nil|unknown|unk|0*|9999+)$'
                    )
                    THEN CONCAT('unknown person of ', encounters.encounter_id)
                ELSE encounters.person_id
            END AS person_id,
            -- A stay that cost nothing does not exist: the cost system writes 0 until it is costed.
            CASE
                WHEN landing_options.zero_cost_is_not_costed THEN NULLIF(encounters.total_cost, 0)
                ELSE encounters.total_cost
            END AS total_cost,
            CASE
                WHEN landing_options.zero_cost_is_not_costed THEN NULLIF(encounters.direct_cost, 0)
                ELSE encounters.direct_cost
            END AS direct_cost,
            CASE
                WHEN landing_options.zero_cost_is_not_costed THEN NULLIF(encounters.variable_direct_cost, 0)
                ELSE encounters.variable_direct_cost
            END AS variable_direct_cost
        ),
        facilities.time_zone
    FROM staged_encounters AS encounters
    CROSS JOIN landing_options
    INNER JOIN facilities ON encounters.facility_id = facilities.facility_id
),

local_encounters AS (
    SELECT
        * EXCLUDE (admitted_at, discharged_at),
        CASE admitted_at_kind
            WHEN 'instant' THEN (admitted_at AT TIME ZONE 'UTC') AT TIME ZONE time_zone
            ELSE admitted_at
        END AS admitted_at,
        CASE discharged_at_kind
            WHEN 'instant' THEN (discharged_at AT TIME ZONE 'UTC') AT TIME ZONE time_zone
            ELSE discharged_at
        END AS discharged_at,
        CASE admitted_at_kind
            WHEN 'instant' THEN admitted_at
            ELSE
                (admitted_at AT TIME ZONE time_zone) AT TIME ZONE 'UTC'
                -- Discharged by the clock before the admission: in the hour that is there twice when clocks go back.
                - CASE
                    WHEN discharged_at_kind = 'local' AND admitted_at_kind = 'local' AND discharged_at < admitted_at
                        THEN INTERVAL 1 HOUR
                    ELSE INTERVAL 0 HOUR
                END
        END AS admitted_at_utc,
        CASE discharged_at_kind
            WHEN 'instant' THEN discharged_at
            ELSE (discharged_at AT TIME ZONE time_zone) AT TIME ZONE 'UTC'
        END AS discharged_at_utc
    FROM zoned_encounters
)

SELECT
    encounter_id,
    person_id,
    facility_id,
    LOWER(encounter_type) AS encounter_type,
    admitted_at,
    discharged_at,
    admitted_at_utc,
    discharged_at_utc,
    CAST(admitted_at AS DATE) AS admitted_on,
    CAST(discharged_at AS DATE) AS discharged_on,
    admitted_at_kind <> 'date' AS has_admission_time,
    COALESCE(discharged_at_kind <> 'date', FALSE) AS has_discharge_time,
    discharge_disposition_code,
    UPPER(REPLACE(primary_diagnosis_code, '.', '')) AS primary_diagnosis_code,
    drg_code,
    service_line,
    unit_id,
    payer,
    admit_type_code,
    admit_source_code,
    attending_provider_id,
    birth_date,
    sex,
    language,
    race,
    ethnicity,
    condition_codes,
    total_cost,
    direct_cost,
    variable_direct_cost,
    total_charges,
    allowed_amount,
    paid_amount
FROM local_encounters
