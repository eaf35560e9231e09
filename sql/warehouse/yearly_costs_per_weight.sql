/*---
title: Cost per relative weight in the year before each month
means: >-
  Per month, what a unit of MS-DRG relative weight cost in all facilities together in the twelve months before it, over the
  stays that are both costed and coded; only where each of the twelve months has such stays. Summed as decimals, so that it
  does not depend on the order of rows.
key: [month_starts_on]
---*/
WITH monthly_sums AS (
    SELECT
        CAST(DATE_TRUNC('month', discharged_on) AS DATE) AS month_starts_on,
        SUM(CAST(total_cost AS DECIMAL(38, 9))) AS total_cost,
        SUM(CAST(drg_weight AS DECIMAL(38, 9))) AS drg_weight
    FROM stays
    WHERE NOT is_in_house AND total_cost >= 0 AND drg_weight > 0
    GROUP BY DATE_TRUNC('month', discharged_on)
),

discharge_months AS (
    SELECT DISTINCT CAST(DATE_TRUNC('month', discharged_on) AS DATE) AS month_starts_on
    FROM stays
    WHERE NOT is_in_house
)

SELECT
    discharge_months.month_starts_on,
    CAST(SUM(monthly_sums.total_cost) AS DOUBLE) / CAST(SUM(monthly_sums.drg_weight) AS DOUBLE) AS cost_per_weight_usd
FROM discharge_months
INNER JOIN monthly_sums
    ON
        discharge_months.month_starts_on > monthly_sums.month_starts_on
        AND discharge_months.month_starts_on <= monthly_sums.month_starts_on + INTERVAL 12 MONTH
GROUP BY discharge_months.month_starts_on
HAVING COUNT(*) = 12
