"""Judges a risk model: is as much expected as happens, for low risks and high ones, and does it tell them apart?

Intercept and slope of the recalibration line: Cox (Biometrika 45, 1958); c statistic: Hanley & McNeil (Radiology 143,
1982).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm  # type: ignore[import-untyped]

from kpi_pipeline.improvement.risk.fitting import Link, family_of
from kpi_pipeline.reference.risk_model_file import RiskCheck, RiskGroup

N_GROUPS = 10


def check_model(stays: pd.DataFrame, *, link: Link, first_month: str, last_month: str) -> RiskCheck:
    """How a model does. stays: stay_id, outcome, expected, of the months named."""
    stays = stays.sort_values(["expected", "stay_id"])
    outcome, expected = stays["outcome"].to_numpy(dtype=float), stays["expected"].to_numpy(dtype=float)
    score = np.log(expected / (1 - expected)) if link == "logit" else np.log(expected)
    family = family_of(link)
    shift = sm.GLM(outcome, np.ones_like(outcome), family=family, offset=score).fit()
    line = sm.GLM(outcome, sm.add_constant(score, has_constant="add"), family=family).fit()
    groups = [
        RiskGroup(n_stays=len(places), observed=float(outcome[places].sum()), expected=float(expected[places].sum()))
        for places in np.array_split(np.arange(len(stays)), min(N_GROUPS, len(stays)))
    ]
    return RiskCheck(
        first_month=first_month,
        last_month=last_month,
        n_stays=len(stays),
        observed=float(outcome.sum()),
        expected=float(expected.sum()),
        intercept=float(shift.params[0]),
        slope=float(line.params[1]),
        discrimination=c_statistic(outcome, expected) if link == "logit" else explained_share(outcome, expected),
        groups=tuple(groups),
    )


def c_statistic(outcome: np.ndarray, expected: np.ndarray) -> float:
    """How often, of one stay with the outcome and one without, more was expected of the first; ties count half."""
    ranks = pd.Series(expected).rank().to_numpy()
    n_events = float(outcome.sum())
    n_others = len(outcome) - n_events
    return float((ranks[outcome == 1].sum() - n_events * (n_events + 1) / 2) / (n_events * n_others))


def explained_share(outcome: np.ndarray, expected: np.ndarray) -> float:
    """R²: the share of the squared spread around the mean that the model explains."""
    return float(1 - ((outcome - expected) ** 2).sum() / ((outcome - outcome.mean()) ** 2).sum())
