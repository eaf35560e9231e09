/*---
title: Training
key: [case_manager_id, course, due_on]
columns:
  case_manager_id: {type: id, required: true, means: "The case manager."}
  course: {type: text, required: true, means: "The course."}
  due_on: {type: date, means: "When it is due."}
  completed_on: {type: date, means: "When it was completed."}
---*/
SELECT
    source_line,
    case_manager_id,
    course,
    due_on,
    completed_on
FROM landed
