"""The facts of `archetypes` and `places` as arrays that whole columns can be looked up in, and drawn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kpi_pipeline.synthetic.ground.archetypes import (
    ACUTE_CCS,
    ALWAYS_PLANNED_CCS,
    ARCHETYPES,
    DRG_NUMBER,
    LEAVING,
    POTENTIALLY_PLANNED_DRGS,
    Archetype,
)
from kpi_pipeline.synthetic.ground.places import FACILITIES, PAYERS, UNITS
from kpi_pipeline.synthetic.ground.plan import Bools, Floats, Ints

_RETURN_TO_FAMILY = 0.45
"""Share of unplanned returns that come back with a condition of the same family."""
_WINTER_EXCESS = 0.22
_DIAGNOSIS_RANK_SHARES = (0.5, 0.3, 0.2, 0.2)


def _of_archetypes(value: Callable[[Archetype], float]) -> Floats:
    return np.array([value(archetype) for archetype in ARCHETYPES], dtype=np.float64)


WEIGHT = _of_archetypes(lambda a: a.weight)
GMLOS = _of_archetypes(lambda a: a.gmlos)
AMLOS = _of_archetypes(lambda a: a.amlos)
SPREAD = np.sqrt(2 * np.log(AMLOS / GMLOS))
"""Standard deviation of the logarithm of the stay: a lognormal with this GMLOS and AMLOS has exactly this one."""
DIED = _of_archetypes(lambda a: a.died)
RETURN_RISK = _of_archetypes(lambda a: a.return_risk)
TRANSFER_RISK = _of_archetypes(lambda a: a.transfer_risk)
FOLLOWED_PROBABILITY = _of_archetypes(lambda a: a.followed_by[1] if a.followed_by else 0.0)
FOLLOWED_BY = np.array([DRG_NUMBER[a.followed_by[0]] if a.followed_by else -1 for a in ARCHETYPES])
IS_ELECTIVE: Bools = np.array([a.is_elective for a in ARCHETYPES])
MAY_BE_INDEX: Bools = np.array([not a.not_an_index for a in ARCHETYPES])
IS_BIRTH: Bools = np.array([a.family == "birth" for a in ARCHETYPES])
PROCEDURE_SHARE = _of_archetypes(lambda a: a.procedure_share if a.procedures else 0.0)

DRG_CODES = [a.drg_code for a in ARCHETYPES]
SERVICE_LINES = sorted({a.service_line for a in ARCHETYPES})
SERVICE_LINE_OF: Ints = np.array([SERVICE_LINES.index(a.service_line) for a in ARCHETYPES])
PAYER_NAMES = [payer.name for payer in PAYERS]

# every (archetype, diagnosis) pair is a number of its own
_PAIRS = [(number, code, ccs) for number, a in enumerate(ARCHETYPES) for code, ccs in a.diagnoses]
DIAGNOSIS_CODES = [code for _, code, _ in _PAIRS]
CCS_OF: Ints = np.array([ccs for _, _, ccs in _PAIRS])
HAS_PLANNED_OPERATION: Bools = np.array(
    [ARCHETYPES[number].drg_code in POTENTIALLY_PLANNED_DRGS for number, *_ in _PAIRS]
)
IS_ACUTE: Bools = np.isin(CCS_OF, ACUTE_CCS)
IS_ALWAYS_PLANNED: Bools = CCS_OF == ALWAYS_PLANNED_CCS
_MOST = max(len(a.diagnoses) for a in ARCHETYPES)
_FIRST = np.cumsum([0, *(len(a.diagnoses) for a in ARCHETYPES)])[:-1]
DIAGNOSES_OF: Ints = _FIRST[:, None] + np.minimum(
    np.arange(_MOST), np.array([[len(a.diagnoses) - 1] for a in ARCHETYPES])
)
DIAGNOSIS_SHARES: Floats = np.array(
    [[share if rank < len(a.diagnoses) else 0.0 for rank, share in enumerate(_DIAGNOSIS_RANK_SHARES[:_MOST])]
     for a in ARCHETYPES]
)  # fmt: skip
PROCEDURE_CODES = [
    a.procedures[min(rank, len(a.procedures) - 1)] if a.procedures else ""
    for a in ARCHETYPES
    for rank in range(len(a.diagnoses))
]


def _arrival_shares() -> Floats:
    """Shares of the archetypes by facility and half-year (0 summer, 1 winter): array facility × half × archetype."""
    shares = np.zeros((len(FACILITIES), 2, len(ARCHETYPES)))
    surgical = np.array([bool(a.procedures) and a.procedure_share == 1.0 for a in ARCHETYPES])
    winter = np.array([a.is_winter for a in ARCHETYPES])
    for number, place in enumerate(FACILITIES):
        mix = _of_archetypes(lambda a: a.share) * np.where(surgical, place.surgery_factor, 1.0)
        shares[number, 0] = mix * np.where(winter, 1 - _WINTER_EXCESS, 1.0)
        shares[number, 1] = mix * np.where(winter, 1 + _WINTER_EXCESS, 1.0)
    return shares


def _return_shares() -> Floats:
    """Archetype of an unplanned return, given the archetype before: the same family, or anything."""
    anything = _of_archetypes(lambda a: a.return_share)
    rows = []
    for before in ARCHETYPES:
        family = anything * np.array([a.family == before.family for a in ARCHETYPES])
        own = family / family.sum() if family.sum() else anything / anything.sum()
        rows.append(_RETURN_TO_FAMILY * own + (1 - _RETURN_TO_FAMILY) * anything / anything.sum())
    return np.array(rows)


ARRIVAL_SHARES = _arrival_shares()
RETURN_SHARES = _return_shares()

LEAVING_CODES = sorted({code for shares in LEAVING.values() for code in shares})
LEAVING_SHARES: Floats = np.array([[LEAVING[a.leaving].get(code, 0.0) for code in LEAVING_CODES] for a in ARCHETYPES])


def draw_rows(rng: np.random.Generator, shares: Floats) -> Ints:
    """One column number per row, drawn in proportion to the row's shares."""
    edges = np.cumsum(shares, axis=1)
    picked = rng.random(len(shares)) * edges[:, -1]
    columns: Ints = (picked[:, None] >= edges).sum(axis=1).astype(np.int64)
    return columns


# ---- units: number of a unit for (facility, service line, one of six places)
ACUTE_UNITS: list[tuple[int, str, str, str]] = []
"""(facility number, unit_id, unit name, its first service line)."""


def _unit_numbers() -> Ints:
    numbers = np.zeros((len(FACILITIES), len(SERVICE_LINES), 6), dtype=np.int64)
    known: dict[str, int] = {}
    for facility, by_line in UNITS.items():
        for line, units in by_line.items():
            for code, name in units:
                unit_id = f"{FACILITIES[facility].facility_id}-{code}"
                if unit_id not in known:
                    known[unit_id] = len(ACUTE_UNITS)
                    ACUTE_UNITS.append((facility, unit_id, name, line))
            ids = [known[f"{FACILITIES[facility].facility_id}-{code}"] for code, _ in units]
            numbers[facility, SERVICE_LINES.index(line)] = [ids[place % len(ids)] for place in range(6)]
    return numbers


UNIT_OF = _unit_numbers()
UNIT_FACILITY: Ints = np.array([facility for facility, *_ in ACUTE_UNITS])
