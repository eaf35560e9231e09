/*---
title: Discharged to hospice
section: flow
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; UB-04 patient discharge status 50 and 51
chart: p_prime
decimals: 1
needs: [encounters.discharge_disposition_code]
balancing: [readmission_30d]
data_faults: [unknown_disposition]
owner: case-management
why: Where patients go decides what must be arranged, and how long they wait for it.
definition: Of live discharges that are no transfers to acute care, the share discharged to hospice, at home or in a facility.
numerator: Discharged to hospice, at home or in a facility.
denominator: Live acute discharges of the month with a known destination.
denominator_noun: discharges
exclusions:
  unknown_disposition: The discharge disposition is missing or no valid code.
  died: Died during the stay.
  acute_transfer_out: Transferred to another acute hospital.
  ama: Left against medical advice.
caveats:
  - Depends on the status as billed.
reviewed: 2026-11-27
---*/
WITH dispositions AS (
    SELECT
        code,
        BOOL_OR(value_set = 'disposition_died') AS is_died,
        BOOL_OR(value_set = 'disposition_ama') AS is_ama,
        BOOL_OR(value_set = 'disposition_valid') AS is_valid
    FROM reference_value_sets
    WHERE code_system = 'ub04_disposition'
    GROUP BY code
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN stays.discharge_disposition_code IN ('50', '51') THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN dispositions.is_valid IS NOT TRUE THEN 'unknown_disposition'
        WHEN dispositions.is_died THEN 'died'
        WHEN stays.is_transferred_out THEN 'acute_transfer_out'
        WHEN dispositions.is_ama THEN 'ama'
    END AS exclusion_reason
FROM stays
LEFT JOIN dispositions ON stays.discharge_disposition_code = dispositions.code
WHERE NOT stays.is_in_house
