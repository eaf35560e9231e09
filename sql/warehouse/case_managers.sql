/*---
title: Case managers
means: Case managers with the facility at which each was last on shift.
key: [case_manager_id]
---*/
SELECT
    case_manager_id,
    facility_id,
    shift_on AS last_shift_on
FROM staged_staffing
WHERE case_manager_id IS NOT NULL AND shift_on IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY case_manager_id ORDER BY shift_on DESC, facility_id ASC) = 1
