/*---
title: Discharges before noon
section: flow
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; there is no credible benchmark
chart: p_prime
decimals: 1
needs: [encounters.discharged_at]
balancing: [length_of_stay_days, readmission_30d]
data_faults: [no_discharge_time]
owner: case-management
why: Beds freed in the morning take the patients who wait at noon. Watched with the length of stay, for keeping patients a night longer also raises it.
definition: Of live discharges that are no transfers, the share that left before noon by the clock of the facility.
numerator: Left before 12:00, local time.
denominator: Live acute discharges of the month with a known time.
denominator_noun: discharges
exclusions:
  died: Died during the stay.
  acute_transfer_out: Transferred to another acute hospital.
  ama: Left against medical advice.
  no_discharge_time: Only the date of the discharge is known.
caveats:
  - Uses the recorded time of discharge, which may not be the time the bed was free.
reviewed: 2026-11-27
---*/
WITH dispositions AS (
    SELECT
        code,
        BOOL_OR(value_set = 'disposition_died') AS is_died,
        BOOL_OR(value_set = 'disposition_ama') AS is_ama
    FROM reference_value_sets
    WHERE code_system = 'ub04_disposition'
    GROUP BY code
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN HOUR(stays.discharged_at) < 12 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN dispositions.is_died THEN 'died'
        WHEN stays.is_transferred_out THEN 'acute_transfer_out'
        WHEN dispositions.is_ama THEN 'ama'
        WHEN NOT stays.has_discharge_time THEN 'no_discharge_time'
    END AS exclusion_reason
FROM stays
LEFT JOIN dispositions ON stays.discharge_disposition_code = dispositions.code
WHERE NOT stays.is_in_house
