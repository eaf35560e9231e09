/*---
title: Utilisation reviews
key: [review_id]
columns:
  review_id: {type: id, required: true, means: "The review."}
  encounter_id: {type: id, required: true, means: "The encounter."}
  review_type: {type: text, means: "Kind of review."}
  due_at: {type: moment, means: "When it is due."}
  done_at: {type: moment, means: "When it was done."}
  outcome: {type: text, means: "Its outcome."}
---*/
SELECT
    source_line,
    review_id,
    encounter_id,
    review_type,
    due_at,
    done_at,
    outcome
FROM landed
