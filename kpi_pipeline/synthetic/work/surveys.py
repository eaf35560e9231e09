"""What patients answer to three questions of the survey, by facility and month of discharge, as a vendor sends it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic.ground.places import FACILITIES
from kpi_pipeline.synthetic.ground.plan import NEVER, Plan

NOT_REPORTED = -1
"""Stands for a number of best answers that the vendor did not report."""

_ANSWERED_SHARE = 0.24
"""Of patients discharged home."""
_VENDOR_DAYS = 60
"""A month comes this long after its end; what is not complete by then is sent as it is."""
_NOT_REPORTED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the survey. first_month: from which month on it was asked; best: share of best answers."""

    item: str
    best: float
    first_month: Month = Month(1900, 1)


QUESTIONS = (
    Question("help after discharge", 0.86),
    Question("symptoms in writing", 0.88),
    Question("plans with the patient", 0.62, Month(2025, 1)),
)


def build_surveys(plan: Plan, stays: pd.DataFrame) -> pd.DataFrame:
    """One row per facility, month and question asked: facility, step (of the plan's months), question (number),
    n_answers, n_top_box (NOT_REPORTED where the vendor gave none)."""
    rng = plan.stream("surveys")
    home = (stays["discharged"].to_numpy() != NEVER) & (stays["disposition"] == "01").to_numpy()
    step = plan.month_index(np.where(home, stays["discharged_on"], 0))
    home &= (step >= 0) & (step < plan.months)
    cell = (stays["facility"].to_numpy() * plan.months + step)[home]
    sent_home = np.bincount(cell, minlength=len(FACILITIES) * plan.months).reshape(len(FACILITIES), plan.months)
    facility, step, question = (axis.ravel() for axis in np.indices((len(FACILITIES), plan.months, len(QUESTIONS))))
    months = [plan.first_month.plus(one) for one in range(plan.months)]
    ends = np.array([month.last_day for month in months], dtype="datetime64[D]").astype(np.int64)
    n_answers = rng.binomial(sent_home[facility, step], _ANSWERED_SHARE)
    n_top_box = rng.binomial(n_answers, np.array([one.best for one in QUESTIONS])[question])
    n_top_box = np.where(rng.random(len(n_answers)) < _NOT_REPORTED_SHARE, NOT_REPORTED, n_top_box)
    is_asked = np.array([[month >= one.first_month for one in QUESTIONS] for month in months])[step, question]
    is_sent = is_asked & (ends[step] <= plan.last_day - _VENDOR_DAYS)
    frame = pd.DataFrame(
        {"facility": facility, "step": step, "question": question, "n_answers": n_answers, "n_top_box": n_top_box}
    )
    return frame[is_sent].reset_index(drop=True)
