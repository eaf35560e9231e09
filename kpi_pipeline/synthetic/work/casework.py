"""What the case managers do and record about acute stays: cases and their tasks.

Cases name their stay by its row number, `stay`, and tasks their case by its row number, `case`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground.archetypes import AGAINST_ADVICE, DIED, TRANSFERRED
from kpi_pipeline.synthetic.ground.calendar import weekday_of
from kpi_pipeline.synthetic.ground.places import MEDICARE, SELF_PAY
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Ints, Plan, Texts

CLOSE_REASONS = ("discharged home", "post-acute placement", "transferred", "left against advice", "died")
TASKS = ("discharge plan", "post-discharge call", "payer clinical update")
_HOUR = 60
_REOPENED_SHARE = 0.021


def build_cases(plan: Plan, stays: pd.DataFrame) -> pd.DataFrame:
    """Cases: opened at admission, assessed within 24 hours for most, closed soon after discharge.

    Around 24 hours nothing is left to the reading: no assessment lies between 22.5 and 25.5 hours after admission,
    and no stay of that length goes without one.
    """
    rng = plan.stream("cases")
    admitted, discharged = stays["admitted"].to_numpy(), stays["discharged"].to_numpy()
    minutes = np.where(discharged == NEVER, plan.end_minute, discharged) - admitted
    near_a_day = (minutes >= 22.5 * _HOUR) & (minutes <= 25.5 * _HOUR)
    rows = np.flatnonzero((rng.random(len(stays)) < 0.975) | near_a_day)
    minutes, near_a_day, admitted = minutes[rows], near_a_day[rows], admitted[rows]
    weekend = weekday_of(stays["admitted_on"].to_numpy()[rows]) >= 4
    in_time = rng.random(len(rows)) < np.where(weekend, 0.905, 0.935)
    hours = np.where(in_time, np.clip(rng.gamma(2.6, 4.2, len(rows)), 0.4, 22.4), rng.uniform(25.6, 60, len(rows)))
    # one who leaves early is seen before he leaves, as a rule
    short = (minutes < 24 * _HOUR) | near_a_day
    hours = np.where(short, np.minimum(hours, minutes / _HOUR * rng.uniform(0.3, 0.9, len(rows))), hours)
    assessed = admitted + (hours * _HOUR).astype(np.int64)
    missed = (assessed >= admitted + minutes) | (~near_a_day & (rng.random(len(rows)) < 0.012))
    left = discharged[rows]
    closed = left + rng.integers(20, 1600, len(rows))
    still_open = (left == NEVER) | (closed >= plan.end_minute)
    return pd.DataFrame(
        {
            "stay": rows,
            "opened": admitted,
            "assessed": np.where(missed, NEVER, assessed),
            "closed": np.where(still_open, NEVER, closed),
            "close_reason": np.where(still_open, -1, _close_reason(stays["disposition"].to_numpy()[rows])),
        }
    )


def build_reopened(plan: Plan, cases: pd.DataFrame) -> pd.DataFrame:
    """Second cases of stays whose first was closed too early: columns as of `build_cases`, never assessed again."""
    rng = plan.stream("reopened cases")
    closed = cases["closed"].to_numpy()
    rows = np.flatnonzero((closed != NEVER) & (rng.random(len(cases)) < _REOPENED_SHARE))
    opened = closed[rows] + rng.integers(2 * _HOUR, 45 * MINUTES_PER_DAY, len(rows))
    ended = opened + rng.integers(MINUTES_PER_DAY, 12 * MINUTES_PER_DAY, len(rows))
    begun = opened < plan.end_minute
    again = pd.DataFrame(
        {
            "stay": cases["stay"].to_numpy()[rows],
            "opened": opened,
            "assessed": NEVER,
            "closed": np.where(ended < plan.end_minute, ended, NEVER),
            "close_reason": np.where(ended < plan.end_minute, cases["close_reason"].to_numpy()[rows], -1),
        }
    )
    return again[begun].reset_index(drop=True)


def _close_reason(disposition: Texts) -> Ints:
    conditions = [
        np.isin(disposition, ["01", "06", "21"]),
        disposition == TRANSFERRED,
        disposition == AGAINST_ADVICE,
        disposition == DIED,
    ]
    return np.select(conditions, [0, 2, 3, 4], 1).astype(np.int64)


def build_tasks(plan: Plan, stays: pd.DataFrame, *, cases: pd.DataFrame, payer: Ints) -> pd.DataFrame:
    """Tasks of the cases, with `case` as row number: a plan for all, a call after going home, a payer update."""
    rng = plan.stream("tasks")
    stay = cases["stay"].to_numpy()
    admitted, discharged = stays["admitted"].to_numpy()[stay], stays["discharged"].to_numpy()[stay]
    home = np.isin(stays["disposition"].to_numpy()[stay], ["01", "06"])
    private = ~np.isin(payer[stay], [MEDICARE, SELF_PAY])
    parts = []
    for kind, (concerned, due) in enumerate(
        [
            (np.full(len(stay), True), admitted + 48 * _HOUR),
            (home & (rng.random(len(stay)) < 0.85), discharged + 2 * MINUTES_PER_DAY),
            (private & (rng.random(len(stay)) < 0.7), admitted + 24 * _HOUR),
        ]
    ):
        case = np.flatnonzero(concerned)
        on_time = rng.random(len(case)) < (0.94, 0.88, 0.91)[kind]
        delay = np.where(on_time, -rng.exponential(9 * _HOUR, len(case)), rng.exponential(30 * _HOUR, len(case)))
        earliest = (discharged if kind == 1 else admitted)[case] + 30
        done = np.maximum(due[case] + delay.astype(np.int64), earliest)
        undone = (done >= plan.end_minute) | (rng.random(len(case)) < 0.01)
        part = {"case": case, "task": kind, "due": due[case], "done": np.where(undone, NEVER, done)}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)
