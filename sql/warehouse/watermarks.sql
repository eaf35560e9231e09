/*---
title: Watermarks
means: >-
  Per facility the last day for which its encounters are complete; follow-up is measured against it. A facility
  whose rows stop before the claimed day is held back to the last day its rows support. One with a hundredth of all
  encounters or more is material: what it lacks is lacking of the whole.
key: [facility_id]
---*/
WITH sizes AS (
    SELECT
        facility_id,
        SUM(n_rows) / SUM(SUM(n_rows)) OVER () AS share
    FROM feed_days
    WHERE table_name = 'encounters'
    GROUP BY facility_id
)

SELECT
    claimed_watermarks.facility_id,
    COALESCE(feed_ends.complete_through, claimed_watermarks.complete_through) AS complete_through,
    CASE
        WHEN feed_ends.is_held_back
            THEN
                'held back: hardly a row since, though ' || claimed_watermarks.complete_through || ' is '
                || claimed_watermarks.basis
        ELSE claimed_watermarks.basis
    END AS basis,
    COALESCE(feed_ends.is_held_back, FALSE) AS is_held_back,
    COALESCE(sizes.share >= 0.01, FALSE) AS is_material
FROM claimed_watermarks
LEFT JOIN sizes ON claimed_watermarks.facility_id = sizes.facility_id
LEFT JOIN feed_ends ON claimed_watermarks.facility_id = feed_ends.facility_id AND feed_ends.table_name = 'encounters'
