/*---
title: What the risk models expect of each stay
means: >-
  Per loaded risk model and stay the expected outcome: a probability, days, or dollars. NULL where what the model looks
  at is not coded yet. To ten digits after the point, as it is summed: further ones are not the same in every library.
  Empty without a model.
key: [model, stay_id]
empty_without: reference_risk_terms
---*/
WITH models AS (
    SELECT
        model,
        link,
        CAST(MAX(coefficient) FILTER (WHERE factor = 'intercept') AS DECIMAL(38, 15)) AS intercept
    FROM reference_risk_terms
    GROUP BY model, link
),

model_factors AS (
    SELECT DISTINCT
        model,
        factor
    FROM reference_risk_terms
    WHERE factor <> 'intercept'
),

scored_factors AS (
    SELECT
        model_factors.model,
        factors.stay_id,
        factors.level = 'missing' AS is_missing,
        CAST(
            COALESCE(own_terms.coefficient, wider_terms.coefficient, other_terms.coefficient, 0) AS DECIMAL(38, 15)
        ) AS coefficient
    FROM stay_risk_factors AS factors
    INNER JOIN model_factors ON factors.factor = model_factors.factor
    LEFT JOIN reference_risk_terms AS own_terms
        ON
            model_factors.model = own_terms.model
            AND factors.factor = own_terms.factor
            AND factors.level = own_terms.level
    LEFT JOIN reference_risk_terms AS wider_terms
        ON
            model_factors.model = wider_terms.model
            AND factors.factor = wider_terms.factor
            AND factors.wider = wider_terms.level
    LEFT JOIN reference_risk_terms AS other_terms
        ON
            model_factors.model = other_terms.model
            AND factors.factor = other_terms.factor
            AND factors.wider IS NOT NULL
            AND other_terms.level = 'other'
),

scores AS (
    SELECT
        model,
        stay_id,
        SUM(coefficient) AS score,
        BOOL_OR(is_missing) AS is_missing
    FROM scored_factors
    GROUP BY model, stay_id
)

SELECT
    models.model,
    stays.stay_id,
    CAST(
        CAST(
            CASE
                WHEN scores.is_missing THEN NULL
                WHEN models.link = 'logit'
                    THEN 1 / (1 + EXP(-CAST(models.intercept + COALESCE(scores.score, 0) AS DOUBLE)))
                ELSE EXP(CAST(models.intercept + COALESCE(scores.score, 0) AS DOUBLE))
            END AS DECIMAL(38, 10)
        ) AS DOUBLE
    ) AS expected
FROM stays
CROSS JOIN models
LEFT JOIN scores ON models.model = scores.model AND stays.stay_id = scores.stay_id
