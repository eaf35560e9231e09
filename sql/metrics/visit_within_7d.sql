/*---
title: Outpatient visit within seven days of going home
short_title: Visit within 7 days
section: case management
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: Window of transitional care management (CPT 99496), all payers
matures_after_days: 7
chart: p_prime
decimals: 1
needs: [outpatient_encounters]
told_with: visit_within_14d
owner: case-management
why: An early visit finds what the discharge plan missed.
definition: Of patients discharged home, with or without home health, the share with an outpatient visit within seven days.
numerator: An outpatient encounter of the person at any facility began from one to seven days after the discharge.
denominator: Acute inpatient stays discharged home in the month.
denominator_noun: discharges home
exclusions:
  acute_transfer_out: Went on to another acute hospital, whatever the disposition says.
  returned_first: Admitted again within the seven days, before any visit.
caveats:
  - Visits to practices outside the data are not visible; the true share is higher.
reviewed: 2026-11-27
---*/
WITH first_visits AS (
    SELECT
        stays.stay_id,
        MIN(encounters.admitted_on) AS visited_on
    FROM stays
    INNER JOIN encounters ON stays.person_id = encounters.person_id
    WHERE
        encounters.encounter_type = 'outpatient'
        AND encounters.admitted_on BETWEEN stays.discharged_on + 1 AND stays.discharged_on + 7
    GROUP BY stays.stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN first_visits.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN stays.is_transferred_out THEN 'acute_transfer_out'
        WHEN
            stays.next_admitted_on <= stays.discharged_on + 7
            AND (first_visits.visited_on IS NULL OR stays.next_admitted_on < first_visits.visited_on)
            THEN 'returned_first'
    END AS exclusion_reason
FROM stays
LEFT JOIN first_visits ON stays.stay_id = first_visits.stay_id
WHERE NOT stays.is_in_house AND stays.discharge_disposition_code IN ('01', '06', '81', '86')
