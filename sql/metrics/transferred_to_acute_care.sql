/*---
title: Transferred to another acute hospital
short_title: Transfers to acute care
section: flow
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; UB-04 patient discharge status 02, 05, 43, 66 (and 82, 85, 88, 94), or a stay elsewhere at once
chart: p_prime
decimals: 1
needs: [encounters.discharge_disposition_code]
balancing: [length_of_stay_days]
data_faults: [unknown_disposition]
owner: case-management
why: More transfers out say that patients need what the hospital lacks, or that it had no bed; the next hospital answers for what follows.
definition: Of live discharges, the share that went on to another acute hospital.
numerator: >-
  The discharge status is an acute transfer, or an acute stay elsewhere began by the next day or while this one ran.
denominator: Live acute discharges of the month with a known destination, transfers and those against advice among them.
denominator_noun: discharges
exclusions:
  unknown_disposition: The discharge disposition is missing or no valid code.
  died: Died during the stay.
caveats:
  - A stay at a hospital outside our data is known by the status as billed alone.
  - The other destinations are shares of the discharges that are no transfers.
reviewed: 2026-11-28
---*/
WITH dispositions AS (
    SELECT
        code,
        BOOL_OR(value_set = 'disposition_died') AS is_died,
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
    CASE WHEN stays.is_transferred_out THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN dispositions.is_valid IS NOT TRUE THEN 'unknown_disposition'
        WHEN dispositions.is_died THEN 'died'
    END AS exclusion_reason
FROM stays
LEFT JOIN dispositions ON stays.discharge_disposition_code = dispositions.code
WHERE NOT stays.is_in_house
