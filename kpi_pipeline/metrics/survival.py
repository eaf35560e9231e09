"""The median of times of which some were only watched: Kaplan and Meier's, as SQL over the cases of a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM

_NEARLY = 1e-9
_ALMOST_HALF = f"LN(0.5) + {_NEARLY}"
"""So that an exact half is a half in floating point, too."""


def survival_median(cases: Sequence[tuple[float, float]]) -> float | None:
    """The same of one list of (time, whether it ended then), in plain Python: for the figures of an archived issue."""
    log_share, at_risk = 0.0, len(cases)
    for waited, of_time in groupby(sorted(cases), key=lambda case: case[0]):
        ends = [ended for _, ended in of_time]
        n_ended = sum(ends)
        log_share += math.log(1 - n_ended / at_risk) if n_ended < at_risk else -1000.0
        if log_share <= math.log(0.5) + _NEARLY:
            return waited
        at_risk -= len(ends)
    return None


def survival_medians_sql(counted: str) -> str:
    """SQL: facility_id, month, quantile, of each facility and of the whole system.

    counted: a SELECT of facility_id, month, numerator (the time) and denominator (1: it ended then; 0: it had not ended
    by then). The median is the first time at which no more than half are left waiting (Kaplan & Meier, JASA 53, 1958);
    NULL where more than half still waited at the end. Who was last seen at a time is at risk at that time.
    """
    return f"""
    WITH cuts AS (
        SELECT facility_id, month, numerator, denominator FROM ({counted}) AS of_facilities
        UNION ALL
        SELECT '{WHOLE_SYSTEM}' AS facility_id, month, numerator, denominator FROM ({counted}) AS of_all
    ),
    times AS (
        SELECT facility_id, month, numerator AS waited, SUM(denominator) AS n_ended, COUNT(*) AS n_seen
        FROM cuts
        GROUP BY facility_id, month, numerator
    ),
    at_risk AS (
        SELECT
            *,
            SUM(n_seen) OVER (PARTITION BY facility_id, month ORDER BY waited DESC) AS n_at_risk
        FROM times
    ),
    still_waiting AS (
        SELECT
            facility_id,
            month,
            waited,
            SUM(CASE WHEN n_ended < n_at_risk THEN LN(1 - n_ended / n_at_risk) ELSE -1000 END)
                OVER (PARTITION BY facility_id, month ORDER BY waited) AS log_share
        FROM at_risk
    )
    SELECT facility_id, month, MIN(waited) FILTER (WHERE log_share <= {_ALMOST_HALF}) AS quantile
    FROM still_waiting
    GROUP BY facility_id, month
    """
