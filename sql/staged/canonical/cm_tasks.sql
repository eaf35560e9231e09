/*---
title: Case-management tasks
key: [task_id]
columns:
  task_id: {type: id, required: true, means: "The task."}
  cm_case_id: {type: id, required: true, means: "Its case."}
  task_type: {type: text, means: "Kind of task."}
  due_at: {type: moment, means: "When it is due."}
  done_at: {type: moment, means: "When it was done."}
---*/
SELECT
    source_line,
    task_id,
    cm_case_id,
    task_type,
    due_at,
    done_at
FROM landed
