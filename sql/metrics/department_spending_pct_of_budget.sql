/*---
title: Department spending as a share of its budget
short_title: Spending of budget
section: people
kind: ratio
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition; the plan as given, not flexed with the number of patients
chart: xmr
decimals: 1
needs: [budget.budget_usd, budget.actual_usd]
balancing: [caseload_per_case_manager, overtime_share]
data_faults: [amount_unknown]
owner: case-management
why: Over the plan costs money; far under it is often posts that nobody fills.
definition: Dollars the department spent in the month divided by the dollars planned for it.
numerator: Actual dollars of all accounts.
denominator: Budgeted dollars of the same accounts.
denominator_noun: dollar planned | dollars planned
exclusions:
  amount_unknown: The account has no budget or no actual amount for the month.
caveats:
  - "The layout carries no planned number of patients, so the plan is not flexed: a busy month may spend more."
  - By month of posting; it never ties with the cost of the month's discharges.
counts_patients: false
is_sample: false
reviewed: 2026-11-27
---*/
SELECT
    facility_id || '|' || CAST(month AS VARCHAR) || '|' || account AS case_id,
    facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    CAST(DATE_TRUNC('month', month) + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS event_date,
    actual_usd AS numerator,
    budget_usd AS denominator,
    CASE WHEN actual_usd IS NULL OR budget_usd IS NULL THEN 'amount_unknown' END AS exclusion_reason,
    account
FROM budget
