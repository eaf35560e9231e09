/*---
title: Where feeds were silent
means: >-
  Per facility and table the stretches between rows in which not one came although so many are usual that chance makes
  such a silence anywhere in one build of a hundred (`n_telling`): a week or more, and five times as long as usually
  lies between rows. Of encounters, where they come every day, a shorter stretch is enough if at least twenty rows are
  usual in it, too; so is one of admissions or of discharges alone. Days on which a facility is
  declared closed are no silence. Nor are those before the first month with more than half of the usual rows: an
  extract of discharges holds the early admissions of those who stayed long, and little else of their weeks.
key: [facility_id, table_name, of_what, starts_on]
---*/
WITH months AS (
    SELECT
        facility_id,
        table_name,
        DATE_TRUNC('month', happened_on) AS starts_on,
        SUM(n_rows) AS n_rows
    FROM feed_usual_days
    WHERE happened_on <= last_on
    GROUP BY facility_id, table_name, DATE_TRUNC('month', happened_on)
),

usual_months AS (
    SELECT
        facility_id,
        table_name,
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n_rows) AS n_usual
    FROM months
    GROUP BY facility_id, table_name
),

beginnings AS (
    SELECT
        months.facility_id,
        months.table_name,
        MIN(months.starts_on) AS starts_on
    FROM months
    INNER JOIN usual_months
        ON months.facility_id = usual_months.facility_id AND months.table_name = usual_months.table_name
    WHERE months.n_rows > usual_months.n_usual / 2
    GROUP BY months.facility_id, months.table_name
),

silent_days AS (
    SELECT
        facility_id,
        table_name,
        happened_on,
        n_usual,
        n_telling,
        usual_spacing_days,
        DATE_DIFF('day', DATE '2000-01-01', happened_on)
        - ROW_NUMBER() OVER (PARTITION BY facility_id, table_name ORDER BY happened_on) AS stretch
    FROM feed_usual_days
    INNER JOIN beginnings USING (facility_id, table_name)
    WHERE n_rows = 0 AND NOT is_closed AND happened_on < last_on AND happened_on >= starts_on
),

stretches AS (
    SELECT
        facility_id,
        CASE WHEN table_name IN ('admissions', 'discharges') THEN 'encounters' ELSE table_name END AS table_name,
        CASE WHEN table_name IN ('admissions', 'discharges') THEN table_name ELSE 'rows' END AS of_what,
        MIN(happened_on) AS starts_on,
        CAST(MAX(happened_on) + INTERVAL 1 DAY AS DATE) AS ends_before
    FROM silent_days
    GROUP BY facility_id, silent_days.table_name, stretch
    HAVING
        SUM(n_usual) >= MAX(n_telling)
        AND (
            (COUNT(*) >= 7 AND COUNT(*) >= 5 * MAX(usual_spacing_days))
            OR (
                silent_days.table_name IN ('encounters', 'admissions', 'discharges')
                AND MAX(usual_spacing_days) = 1
                AND SUM(n_usual) >= 20
            )
        )
)

SELECT
    stretches.facility_id,
    stretches.table_name,
    stretches.of_what,
    stretches.starts_on,
    stretches.ends_before
FROM stretches
LEFT JOIN stretches AS whole
    ON
        stretches.of_what <> 'rows'
        AND whole.of_what = 'rows'
        AND stretches.facility_id = whole.facility_id
        AND stretches.table_name = whole.table_name
        AND stretches.starts_on < whole.ends_before
        AND stretches.ends_before > whole.starts_on
WHERE whole.facility_id IS NULL
