/*---
title: Labelled readmitted within 30 days
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 1999-01-01
follows: The label of UCI's diabetes set, taken as it is
chart: p_prime
decimals: 4
needs: [reviews.outcome]
owner: case-management
why: The set's label can be counted, though its days cannot.
definition: Of the stays in the set, the share that it labels as readmitted within 30 days.
numerator: The label is <30.
denominator: Stays with a label.
denominator_noun: stays
reviewed: 2026-11-28
---*/
SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN reviews.outcome = '<30' THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM reviews
INNER JOIN stays ON reviews.encounter_id = stays.stay_id
WHERE reviews.review_type = 'readmitted, as the set says'
