"""Who the patients are: stable persons behind the chains of stays, with birth, sex and payer.

A chain of stays belongs to one person. Some chains are later ones of a person seen before, and then at least
40 days lie between: no return within 30 days comes about that `stays` did not draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import ARCHETYPES
from kpi_pipeline.synthetic.ground.places import FACILITIES, PAYERS
from kpi_pipeline.synthetic.ground.plan import NEVER, Bools, Ints, Plan, day_number

DAYS_BETWEEN_CHAINS = 40
_RETURNS_PER_MONTH = 0.025
_REMEMBERED_DAYS = 365
"""Of those whose last chain ended in the past year, this share starts a new one each month: the same from the first
month to the last, so that returns after more than 30 days are steady where nothing changes."""
_FAR_FUTURE = np.iinfo(np.int64).max

# mean, standard deviation, youngest, oldest
_AGES = {"adult": (66, 16, 18, 97), "old": (80, 8, 60, 99), "middle": (46, 14, 18, 85), "childbearing": (30, 5, 18, 45)}
_AGE_PARAMETERS = np.array([_AGES[archetype.ages] for archetype in ARCHETYPES], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class People:
    """One entry per person: day of birth, whether female, and the payer's number."""

    born_on: Ints
    is_female: Bools
    payer: Ints

    def __len__(self) -> int:
        return len(self.born_on)


def assign_people(plan: Plan, stays: pd.DataFrame) -> tuple[Ints, People]:
    """The person of each stay, and the people."""
    rng = plan.stream("people")
    chains = _describe_chains(stays)
    person_of_chain = _match_chains(rng, plan, chains)
    first_chain = np.zeros(int(person_of_chain.max(initial=-1)) + 1, dtype=np.int64)
    # written from the last chain to the first, so that each person keeps the first
    first_chain[person_of_chain[::-1]] = np.arange(len(chains))[::-1]
    firsts = chains.iloc[first_chain]
    people = draw_people(rng, firsts["archetype"].to_numpy(), seen_on=firsts["starts_on"].to_numpy())
    number_of_chain = np.full(int(stays["chain"].max()) + 1 if len(stays) else 0, -1, dtype=np.int64)
    number_of_chain[chains.index.to_numpy()] = person_of_chain
    return number_of_chain[stays["chain"].to_numpy()], people


def draw_people(rng: np.random.Generator, archetype: Ints, *, seen_on: Ints) -> People:
    """New people as old as their illness suggests; those over 65 have other payers."""
    n = len(archetype)
    mean, spread, youngest, oldest = _AGE_PARAMETERS[archetype].T
    age = np.clip(mean + spread * rng.standard_normal(n), youngest, oldest)
    birthday = seen_on - (age * 365.25).astype(np.int64) - rng.integers(0, 200, n)
    female = (rng.random(n) < 0.52) | arrays.IS_BIRTH[archetype]
    shares = np.where(
        (age >= 65)[:, None],
        np.array([payer.share_over_65 for payer in PAYERS]),
        np.array([payer.share_under_65 for payer in PAYERS]),
    )
    return People(birthday, female, arrays.draw_rows(rng, shares))


def join_people(first: People, second: People) -> People:
    """Both groups, the second numbered after the first."""
    return People(
        np.concatenate([first.born_on, second.born_on]),
        np.concatenate([first.is_female, second.is_female]),
        np.concatenate([first.payer, second.payer]),
    )


def _describe_chains(stays: pd.DataFrame) -> pd.DataFrame:
    """Per chain, ordered by its start: start, end (NEVER while open), facility, archetype, and whether it may recur."""
    stays = stays.assign(ends_on=np.where(stays["discharged"] == NEVER, _FAR_FUTURE, stays["discharged_on"]))
    chains = stays.groupby("chain", sort=False).agg(
        starts_on=("admitted_on", "first"),
        ends_on=("ends_on", "max"),
        facility=("facility", "first"),
        archetype=("archetype", "first"),
        died=("died", "max"),
    )
    birth = arrays.IS_BIRTH[chains["archetype"].to_numpy()]
    chains["recurs"] = ~chains["died"].to_numpy().astype(bool) & ~birth & (chains["ends_on"] != _FAR_FUTURE)
    chains["may_be_known"] = ~birth
    return chains.sort_values("starts_on", kind="stable")


def _match_chains(rng: np.random.Generator, plan: Plan, chains: pd.DataFrame) -> Ints:
    """The person number of each chain: month by month, known persons whose last chain is long over, or new ones."""
    starts_on, facility = chains["starts_on"].to_numpy(), chains["facility"].to_numpy()
    ends_on, recurs = chains["ends_on"].to_numpy(), chains["recurs"].to_numpy()
    may_be_known = chains["may_be_known"].to_numpy()
    month = plan.month_index(starts_on)
    person = np.full(len(chains), -1, dtype=np.int64)
    free_from = np.full(len(chains), _FAR_FUTURE, dtype=np.int64)
    home = np.full(len(chains), -1, dtype=np.int64)
    known = 0
    for index in range(int(month.min(initial=0)), plan.months):
        begins = day_number(plan.first_month.plus(index).first_day)
        lower, upper = np.searchsorted(month, [index, index + 1])
        for number in range(len(FACILITIES)):
            here = lower + np.flatnonzero(facility[lower:upper] == number)
            is_free = (free_from[:known] <= begins) & (free_from[:known] > begins - _REMEMBERED_DAYS)
            pool = np.flatnonzero((home[:known] == number) & is_free)
            returning = rng.permutation(here[may_be_known[here]])[: rng.binomial(len(pool), _RETURNS_PER_MONTH)]
            person[returning] = rng.choice(pool, size=len(returning), replace=False)
            new = here[person[here] < 0]
            person[new] = known + np.arange(len(new))
            known += len(new)
            home[person[here]] = number
            free_from[person[here]] = np.where(recurs[here], ends_on[here] + DAYS_BETWEEN_CHAINS, _FAR_FUTURE)
    return person
