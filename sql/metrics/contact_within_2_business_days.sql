/*---
title: Contact within two business days of going home
short_title: Contact after discharge
section: case management
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: Window of transitional care management (CPT 99495 and 99496), all payers
matures_after_days: 4
chart: p_prime
decimals: 1
needs: [cm_tasks.task_type, cm_tasks.done_at, cm_cases, contact_tasks]
balancing: [readmission_30d]
owner: case-management
why: The first days at home are when a plan fails.
definition: >-
  Of patients discharged home, with or without home health, in the month, the share reached within two business days.
numerator: >-
  A task whose kind names a post-discharge call or contact was done from the day of discharge to the end of the second
  business day after it.
denominator: Acute inpatient stays discharged home in the month.
denominator_noun: discharges home
exclusions:
  acute_transfer_out: Went on to another acute hospital, whatever the disposition says.
  returned_first: Admitted again before the second business day was over, without a contact.
caveats:
  - Business days are Monday to Friday; holidays are not known.
  - "An attempt counts as a contact where the task was closed as done."
reviewed: 2026-11-27
---*/
WITH home_discharges AS (
    SELECT
        stays.*,
        -- Counted from a Monday: 3 is Thursday, whose second business day is the next Monday.
        stays.discharged_on
        + CASE MOD(DATE_DIFF('day', DATE '1900-01-01', stays.discharged_on), 7)
            WHEN 3 THEN 4
            WHEN 4 THEN 4
            WHEN 5 THEN 3
            ELSE 2
        END AS contact_by
    FROM stays
    WHERE NOT stays.is_in_house AND stays.discharge_disposition_code IN ('01', '06', '81', '86')
),

contacted_stays AS (
    SELECT DISTINCT home_discharges.stay_id
    FROM home_discharges
    INNER JOIN cm_cases ON home_discharges.stay_id = cm_cases.stay_id
    INNER JOIN cm_tasks ON cm_cases.cm_case_id = cm_tasks.cm_case_id
    WHERE
        cm_tasks.done_on BETWEEN home_discharges.discharged_on AND home_discharges.contact_by
        AND LOWER(cm_tasks.task_type) LIKE '%post-discharge%'
        AND (LOWER(cm_tasks.task_type) LIKE '%call%' OR LOWER(cm_tasks.task_type) LIKE '%contact%')
)

SELECT
    home_discharges.stay_id AS case_id,
    home_discharges.facility_id,
    home_discharges.unit_id,
    home_discharges.discharged_on AS event_date,
    CASE WHEN contacted_stays.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN home_discharges.is_transferred_out THEN 'acute_transfer_out'
        WHEN contacted_stays.stay_id IS NULL AND home_discharges.next_admitted_on <= home_discharges.contact_by
            THEN 'returned_first'
    END AS exclusion_reason
FROM home_discharges
LEFT JOIN contacted_stays ON home_discharges.stay_id = contacted_stays.stay_id
