/*---
title: Budget
key: [facility_id, month, account]
columns:
  facility_id: {type: id, required: true, means: "The facility."}
  month: {type: month, required: true, means: "The month."}
  account: {type: text, required: true, means: "The account."}
  budget_usd: {type: number, means: "Budgeted dollars."}
  actual_usd: {type: number, means: "Actual dollars."}
---*/
SELECT
    source_line,
    facility_id,
    month,
    account,
    budget_usd,
    actual_usd
FROM landed
