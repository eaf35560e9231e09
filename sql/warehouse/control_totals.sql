/*---
title: Control totals
means: >-
  Per encounter type the encounters in use, the rows set aside as repeats, older versions or taken back, and the amounts: what a
  plain count over the source must give too.
key: [encounter_type]
---*/
WITH rows_set_aside AS (
    SELECT
        LOWER(rows_read.encounter_type) AS encounter_type,
        COUNT(*) FILTER (WHERE older.fate = 'duplicate') AS n_duplicate,
        COUNT(*) FILTER (WHERE older.fate IN ('superseded', 'removed')) AS n_superseded
    FROM all_encounters AS rows_read
    INNER JOIN older_encounters AS older
        ON
            rows_read.file_number = older.file_number
            AND rows_read.file_row_number = older.file_row_number
    GROUP BY LOWER(rows_read.encounter_type)
),

encounters_in_use AS (
    SELECT
        encounter_type,
        COUNT(*) AS n_encounters,
        -- Decimals, so that a sum does not depend on the order of its rows.
        CAST(SUM(TRY_CAST(total_cost AS DECIMAL(36, 6))) AS DOUBLE) AS total_cost,
        CAST(SUM(TRY_CAST(total_charges AS DECIMAL(36, 6))) AS DOUBLE) AS total_charges,
        CAST(SUM(TRY_CAST(allowed_amount AS DECIMAL(36, 6))) AS DOUBLE) AS allowed_amount,
        CAST(SUM(TRY_CAST(paid_amount AS DECIMAL(36, 6))) AS DOUBLE) AS paid_amount
    FROM encounters
    GROUP BY encounter_type
)

SELECT
    encounters_in_use.encounter_type,
    encounters_in_use.n_encounters,
    COALESCE(rows_set_aside.n_duplicate, 0) AS n_duplicate,
    COALESCE(rows_set_aside.n_superseded, 0) AS n_superseded,
    encounters_in_use.total_cost,
    encounters_in_use.total_charges,
    encounters_in_use.allowed_amount,
    encounters_in_use.paid_amount
FROM encounters_in_use
LEFT JOIN rows_set_aside ON encounters_in_use.encounter_type = rows_set_aside.encounter_type
