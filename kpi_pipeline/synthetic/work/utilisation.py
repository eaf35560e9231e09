"""What payers, reviewers and waits do to acute stays: avoidable days, denials, reviews, Medicare notices.

Every function gets the stays and returns the rows of one table, with `stay` as the row number of the stay.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import DENIAL_PROBABILITY_AFTER_CHANGE, FACILITIES, HARBOR, MEDICARE, PAYERS
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan, day_number

WAIT_REASONS = (
    ("PA01", "post-acute provider"), ("PA02", "post-acute provider"), ("PY01", "payer"), ("PH01", "physician"),
    ("HS01", "hospital service"), ("HS02", "hospital service"), ("PT01", "patient or family"), ("LG01", "legal"),
)  # fmt: skip
_WAIT_SHARES = np.array([[0.26, 0.10, 0.22, 0.14, 0.10, 0.06, 0.09, 0.03]])
DENIAL_REASONS = ("50", "197", "16", "39", "29")
"""Claim adjustment reason codes (X12): medical necessity, no precertification, lacks information, and so on."""
_DENIAL_SHARES = np.array([[0.46, 0.27, 0.14, 0.09, 0.04]])
DENIAL_OUTCOMES = ("upheld", "overturned")
REVIEW_TYPES = ("admission", "continued stay")
REVIEW_OUTCOMES = ("meets inpatient criteria", "referred to physician advisor", "status changed")
NOTICES = ("IM", "IM follow-up", "MOON")
_CHANGED_SHARE = 0.06
_HOUR = 60


def build_waits(plan: Plan, stays: pd.DataFrame) -> pd.DataFrame:
    """Avoidable days of discharged stays: starts_on, and ends_on as the first day that no longer counts.

    One wait in eight overlaps a second one with another reason: both days together count once. One-day waits
    are written half the time with the same first and last day.
    """
    rng = plan.stream("waits")
    discharged_on = stays["discharged_on"].to_numpy()
    nights = discharged_on - stays["admitted_on"].to_numpy()
    left = stays["discharged"].to_numpy() != NEVER
    factor = np.array([place.delay_factor for place in FACILITIES])[stays["facility"].to_numpy()]
    placed = np.isin(stays["disposition"].to_numpy(), ["03", "62", "63", "51"])
    probability = np.where(placed, 0.20, 0.09) * factor
    rows = np.flatnonzero(left & (nights >= 2) & (rng.random(len(stays)) < probability))
    days = np.minimum(rng.geometric(0.36, len(rows)), nights[rows])
    ends_on = discharged_on[rows]
    reason = arrays.draw_rows(rng, np.repeat(_WAIT_SHARES, len(rows), axis=0))
    same_day = (days == 1) & (rng.random(len(rows)) < 0.5)
    first = {"stay": rows, "starts_on": ends_on - days, "ends_on": ends_on - same_day, "reason": reason}
    twice = np.flatnonzero((days >= 2) & (rng.random(len(rows)) < 0.25))
    second = {
        "stay": rows[twice],
        "starts_on": (ends_on - days + 1)[twice],
        "ends_on": ends_on[twice],
        "reason": (reason[twice] + 1 + rng.integers(0, len(WAIT_REASONS) - 1, len(twice))) % len(WAIT_REASONS),
    }
    return pd.concat([pd.DataFrame(first), pd.DataFrame(second)], ignore_index=True)


def build_denials(plan: Plan, stays: pd.DataFrame, *, payer: Ints, billed: Ints) -> pd.DataFrame:
    """Denials of discharged stays, one at most each; those not received by the last day are not in the data."""
    rng = plan.stream("denials")
    discharged_on, admitted_on = stays["discharged_on"].to_numpy(), stays["admitted_on"].to_numpy()
    probability = np.array([each.denial_probability for each in PAYERS])[payer]
    if plan.denials_month is not None:
        changed = (payer == HARBOR) & (discharged_on >= day_number(plan.denials_month.first_day))
        probability = np.where(changed, DENIAL_PROBABILITY_AFTER_CHANGE, probability)
    probability = probability * np.array([place.denial_factor for place in FACILITIES])[stays["facility"].to_numpy()]
    denied = (stays["discharged"].to_numpy() != NEVER) & (rng.random(len(stays)) < probability)
    # most denials come during the stay or soon after, all within four weeks
    wait = np.minimum(rng.geometric(0.13, len(stays)) - 4, 28)
    denied_on = np.maximum(discharged_on + wait, admitted_on + 1)
    rows = np.flatnonzero(denied & (denied_on <= plan.last_day))
    n = len(rows)
    denied_on = denied_on[rows]
    appealed_on = denied_on + rng.integers(5, 40, n)
    appealed = (rng.random(n) < 0.55) & (appealed_on <= plan.last_day)
    decided_on = appealed_on + rng.integers(20, 90, n)
    decided = appealed & (decided_on <= plan.last_day)
    denials = pd.DataFrame(
        {
            "stay": rows,
            "denied_on": denied_on,
            "denied_amount": np.rint(billed[rows] * rng.uniform(0.3, 1.0, n)).astype(np.int64),
            "reason": arrays.draw_rows(rng, np.repeat(_DENIAL_SHARES, n, axis=0)),
            "appealed_on": np.where(appealed, appealed_on, NEVER),
            "decided_on": np.where(decided, decided_on, NEVER),
            "outcome": np.where(decided, (rng.random(n) < 0.52).astype(np.int64), -1),
        }
    )
    return _add_peer_to_peers(plan, denials)


def _add_peer_to_peers(plan: Plan, denials: pd.DataFrame) -> pd.DataFrame:
    """Talks with the payer's physician within twelve days about what can be talked over; columns peer_to_peer_on and
    peer_to_peer_outcome. A denial that a talk overturned is settled that day and was never appealed."""
    rng = plan.stream("peer-to-peers")
    n = len(denials)
    spoke_on = denials["denied_on"].to_numpy() + rng.integers(0, 13, n)
    spoke = np.isin(denials["reason"], [0, 1, 3]) & (rng.random(n) < 0.35) & (spoke_on <= plan.last_day)
    won = spoke & (denials["appealed_on"].to_numpy() == NEVER) & (rng.random(n) < 0.7)
    return denials.assign(
        peer_to_peer_on=np.where(spoke, spoke_on, NEVER),
        peer_to_peer_outcome=np.where(spoke, won.astype(np.int64), -1),
        decided_on=np.where(won, spoke_on, denials["decided_on"]),
        outcome=np.where(won, DENIAL_OUTCOMES.index("overturned"), denials["outcome"]),
    )


def choose_changed(plan: Plan, encounters: pd.DataFrame) -> Bools:
    """Which encounters were ordered inpatient and changed to observation in time (condition code 44)."""
    observed: Bools = (encounters["encounter_type"] == "observation").to_numpy()
    return observed & (plan.stream("condition codes").random(len(encounters)) < _CHANGED_SHARE)


def build_reviews(plan: Plan, stays: pd.DataFrame) -> pd.DataFrame:
    """Utilisation reviews: one at admission, a second for continued stay of those who stay four days or more."""
    rng = plan.stream("reviews")
    admitted = stays["admitted"].to_numpy()
    left = stays["discharged"].to_numpy()
    until = np.where(left == NEVER, plan.end_minute, left)
    long = until - admitted >= 4 * MINUTES_PER_DAY
    parts = []
    for kind, (concerned, due) in enumerate(
        [(np.full(len(stays), True), admitted + 24 * _HOUR), (long, admitted + 96 * _HOUR)]
    ):
        rows = np.flatnonzero(concerned)
        done = due[rows] + rng.normal(-9 * _HOUR, 7 * _HOUR, len(rows)).astype(np.int64)
        done = np.maximum(done, admitted[rows] + 40)
        undone = (done >= plan.end_minute) | (rng.random(len(rows)) < 0.015)
        outcome = arrays.draw_rows(rng, np.repeat([[0.90, 0.08, 0.02]], len(rows), axis=0))
        part = {"stay": rows, "kind": kind, "due": due[rows], "done": np.where(undone, NEVER, done)}
        parts.append(pd.DataFrame({**part, "outcome": np.where(undone, -1, outcome)}))
    return pd.concat(parts, ignore_index=True)


def build_notices(plan: Plan, stays: pd.DataFrame, *, payer: Ints) -> pd.DataFrame:
    """Important Message notices of Medicare stays: kind 0 after admission, kind 1 before discharge of longer stays."""
    rng = plan.stream("notices")
    concerned: Bools = np.isin(payer, [MEDICARE, HARBOR])
    admitted, left = stays["admitted"].to_numpy(), stays["discharged"].to_numpy()
    first = np.flatnonzero(concerned & (rng.random(len(stays)) < 0.965))
    early = np.minimum(admitted[first] + rng.integers(60, 30 * _HOUR, len(first)), plan.end_minute - 1)
    again = (left != NEVER) & (left - admitted > 3 * MINUTES_PER_DAY)
    second = np.flatnonzero(concerned & again & (rng.random(len(stays)) < 0.86))
    before = left[second] - rng.integers(5 * _HOUR, 46 * _HOUR, len(second))
    return pd.DataFrame(
        {
            "stay": np.concatenate([first, second]),
            "kind": np.repeat([0, 1], [len(first), len(second)]),
            "delivered": np.concatenate([early, before]),
        }
    )


def build_observation_notices(plan: Plan, encounters: pd.DataFrame) -> pd.DataFrame:
    """The observation notice (MOON) of observation over 24 hours: visit (row number of the encounter), delivered."""
    rng = plan.stream("observation notices")
    admitted, left = encounters["admitted"].to_numpy(), encounters["discharged"].to_numpy()
    hours = (np.where(left == NEVER, plan.end_minute, left) - admitted) / 60
    told = (encounters["encounter_type"] == "observation").to_numpy() & (hours > 24)
    rows = np.flatnonzero(told & (rng.random(len(encounters)) < 0.9))
    # told between the 14th and the 24th hour; the rule allows 36
    return pd.DataFrame({"visit": rows, "delivered": admitted[rows] + rng.integers(14 * 60, 24 * 60, len(rows))})
