/*---
title: Regulatory notices
key: [encounter_id, notice_type, delivered_at]
columns:
  encounter_id: {type: id, required: true, means: "The encounter."}
  notice_type: {type: text, required: true, means: "Kind of notice, such as IM or MOON."}
  delivered_at: {type: moment, means: "When it was delivered."}
---*/
SELECT
    source_line,
    encounter_id,
    notice_type,
    delivered_at
FROM landed
