/*---
title: Budget
key: [facility_id, month, account]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  month: {type: month, required: true, means: "The month."}
  account: {type: text, required: true, means: "The account."}
  budget_usd: {type: number, means: "Budgeted dollars."}
  actual_usd: {type: number, means: "Actual dollars."}
  planned_volume: {type: number, added_later: true, when_unreadable: unknown, means: "Units of work the budget was made for (hours, say), of one kind in all accounts; empty for an account that does not move with the work."}
  actual_volume: {type: number, added_later: true, when_unreadable: unknown, means: "Units of work there were."}
---*/
SELECT
    source_line,
    facility_id,
    month,
    account,
    budget_usd,
    actual_usd,
    planned_volume,
    actual_volume
FROM landed
