/*---
title: Patient surveys
key: [facility_id, month, item]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  month: {type: month, required: true, means: "The month of the discharges asked about."}
  item: {type: text, required: true, means: "The question. Measures know: help after discharge; symptoms in writing; plans with the patient."}
  n_answers: {type: integer, when_unreadable: unknown, means: "How many answered the question; a text such as Too few counts as unknown."}
  n_top_box: {type: integer, when_unreadable: unknown, means: "How many of them gave the best answer, as a count, not a percentage; empty or a text where it is not reported."}
quarantine:
  more_top_box_than_answers: {when: "n_top_box > n_answers", means: "More gave the best answer than answered; is it a percentage?"}
  implausible_answers: {when: "n_answers < 0 OR n_top_box < 0 OR n_answers > 100000", means: "The number of answers is below 0 or above 100,000 in a month."}
---*/
SELECT
    source_line,
    facility_id,
    month,
    item,
    n_answers,
    n_top_box
FROM landed
