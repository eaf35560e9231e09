/*---
title: Patients who say that staff planned their care with them
short_title: Planned with the patient
section: experience
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2025-01-01
follows: HCAHPS question on plans for care after the stay (Care Coordination, from January 2025), unadjusted; not the published score
matures_after_days: 91
chart: p_prime
decimals: 1
needs: [surveys, surveys_of_plans]
balancing: [length_of_stay_days]
data_faults: [no_result]
owner: case-management
why: Plans made with the patient and the family are kept; the question replaced those on care transition.
definition: >-
  Of patients who answered, the share who say that staff worked with them and their family on plans for care after the stay.
numerator: The best of the answers offered.
denominator: Answers to the question of patients discharged in the month.
denominator_noun: answer | answers
exclusions:
  no_result: The number of answers or of best answers is not given, or too few to report.
caveats:
  - "Not adjusted for who answers or how they were asked, as CMS adjusts; no public score compares."
  - "Judged 91 days after the month, when patients can answer no more; who answers is not who was discharged."
  - Discharges before January 2025 were not asked this; the older question is another measure and is not spliced on.
reviewed: 2026-11-28
---*/
SELECT
    facility_id || '|' || CAST(month AS VARCHAR) || '|' || item || '|' || CAST(number AS VARCHAR) AS case_id,
    facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    month_ends_on AS event_date,
    CASE WHEN is_top_box THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE WHEN number = 0 THEN 'no_result' END AS exclusion_reason
FROM survey_answers
WHERE item = 'plans with the patient'
