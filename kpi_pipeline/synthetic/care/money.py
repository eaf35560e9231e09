"""What encounters cost and what payers allow, in cents, so that sums are exact."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import FACILITIES, PAYERS
from kpi_pipeline.synthetic.ground.plan import NEVER, Bools, Floats, Ints, Plan

_DOLLARS_PER_WEIGHT = 4900.0
_DOLLARS_PER_DAY = 1390.0
_COST_SPREAD = 0.24
MONEY_COLUMNS = (
    "total_cost",
    "direct_cost",
    "variable_direct_cost",
    "total_charges",
    "allowed_amount",
    "paid_amount",
)
NO_AMOUNT = np.iinfo(np.int64).min


def price_stays(plan: Plan, stays: pd.DataFrame, *, payer: Ints) -> pd.DataFrame:
    """The six amounts of each acute stay in cents (NO_AMOUNT when there is none), and whether it is coded yet."""
    rng = plan.stream("money")
    amounts = _amounts(rng, expected_dollars(stays, stays["los_days"].to_numpy()), payer)
    age = plan.last_day - stays["discharged_on"].to_numpy()
    in_house = stays["discharged"].to_numpy() == NEVER
    not_costed = in_house | _not_yet(rng, age, soon=7, soon_share=0.8, later=14, later_share=0.3)
    for column in MONEY_COLUMNS:
        missing = not_costed if column.endswith("_cost") else in_house
        amounts[column] = np.where(missing, NO_AMOUNT, amounts[column])
    amounts["is_coded"] = ~(in_house | _not_yet(rng, age, soon=4, soon_share=0.7, later=8, later_share=0.25))
    return amounts


def expected_dollars(stays: pd.DataFrame, days: Ints | Floats) -> Floats:
    """The mean of the total costs that are drawn for stays of so many days."""
    level = np.array([place.cost_factor for place in FACILITIES])[stays["facility"].to_numpy()]
    expected: Floats = _DOLLARS_PER_WEIGHT * arrays.WEIGHT[stays["archetype"].to_numpy()] + _DOLLARS_PER_DAY * days
    return expected * level


def price_other_encounters(plan: Plan, encounters: pd.DataFrame, *, payer: Ints) -> pd.DataFrame:
    """The six amounts of encounters that are no acute stays, in cents."""
    rng = plan.stream("other money")
    open_ended = encounters["discharged"].to_numpy() == NEVER
    minutes = np.where(open_ended, 0, encounters["discharged"].to_numpy() - encounters["admitted"].to_numpy())
    amounts = _amounts(rng, encounters["cost_per_hour"].to_numpy() * (1 + minutes / 60), payer)
    for column in MONEY_COLUMNS:
        amounts[column] = np.where(open_ended, NO_AMOUNT, amounts[column])
    return amounts


def _amounts(rng: np.random.Generator, expected: Floats, payer: Ints) -> pd.DataFrame:
    """Amounts in cents around the expected cost in dollars: variable direct < direct < total < charges."""
    n = len(expected)
    total = expected * np.exp(_COST_SPREAD * rng.standard_normal(n) - _COST_SPREAD**2 / 2)
    direct = total * np.clip(rng.normal(0.58, 0.03, n), 0.45, 0.70)
    variable = direct * np.clip(rng.normal(0.56, 0.04, n), 0.40, 0.75)
    allowed = total * np.array([each.allowed_per_cost for each in PAYERS])[payer] * rng.normal(1.0, 0.08, n)
    dollars = {
        "total_cost": total,
        "direct_cost": direct,
        "variable_direct_cost": variable,
        "total_charges": total * np.clip(rng.normal(3.4, 0.3, n), 2.2, 5.0),
        "allowed_amount": allowed,
        "paid_amount": allowed * rng.uniform(0.86, 1.0, n),
    }
    return pd.DataFrame({name: np.rint(values * 100).astype(np.int64) for name, values in dollars.items()})


def _not_yet(
    rng: np.random.Generator, age: Ints, *, soon: int, soon_share: float, later: int, later_share: float
) -> Bools:
    """Whether the work on stays discharged `age` days ago is still open."""
    share = np.where(age < soon, soon_share, np.where(age < later, later_share, 0.0))
    return rng.random(len(age)) < share
