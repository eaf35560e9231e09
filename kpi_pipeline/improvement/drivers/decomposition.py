"""Mix or performance? Splits the change of a ratio, or of a cost, between two periods into parts that sum exactly.

A ratio changes because categories fare differently (rate) or because there are more of some and fewer of others (mix).
Kitagawa, Journal of the American Statistical Association 50 (1955). No statement here is about chance: a decomposition
divides the change that was seen, real or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.errors import Fault, InputError

Method = Literal["symmetric", "interaction"]


@dataclass(frozen=True, slots=True)
class Amount:
    """One category in one period: what is counted, and by what (days and discharges, dollars and cases).

    squares: the sum of the squares of the cases' numerators, from which their scatter follows; None: not known.
    """

    numerator: float
    denominator: float
    squares: float | None = None


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """One category's part. Rates are None in a period without the category. shares are of the denominator, 0 to 1."""

    category: str
    share_before: float
    share_after: float
    rate_before: float | None
    rate_after: float | None
    mix: float
    rate: float
    interaction: float

    @property
    def total(self) -> float:
        """What the category contributes to the change."""
        return math.fsum((self.mix, self.rate, self.interaction))


@dataclass(frozen=True, slots=True)
class RatioChange:
    """change = after − before = mix + rate + interaction (interaction is 0 under 'symmetric')."""

    method: Method
    before: float
    after: float
    change: float
    mix: float
    rate: float
    interaction: float
    categories: tuple[CategoryChange, ...]


@dataclass(frozen=True, slots=True)
class CostPart:
    """One category's part of a change in cost: volume + mix + price is the change of its own cost."""

    category: str
    volume: float
    mix: float
    price: float


@dataclass(frozen=True, slots=True)
class CostChange:
    """change = after − before = volume + mix + price, in dollars. before may be the budget and after the actual."""

    before: float
    after: float
    change: float
    volume: float
    mix: float
    price: float
    categories: tuple[CostPart, ...]


def decompose_ratio(
    before: Mapping[str, Amount], after: Mapping[str, Amount], *, method: Method = "symmetric", scale: float = 1.0
) -> RatioChange:
    """Splits the change of Σ numerators / Σ denominators · scale into mix and rate, by category.

    'symmetric': Δshare at the mean rate, Δrate at the mean share. 'interaction': both at the first period's level, and
    what arises from the two together apart. Mix is measured against the overall rate, so a category that grows counts
    as bad mix only if it is worse than the whole. A category absent in one period is taken to have had the rate of the
    other: its coming or going is mix. Raises InputError.
    """
    if method not in ("symmetric", "interaction"):
        raise InputError(Fault("method", f"must be symmetric or interaction; got {method!r}."))
    _check(before, "before")
    _check(after, "after")
    sizes = [math.fsum(amount.denominator for amount in period.values()) for period in (before, after)]
    overall = [
        scale * math.fsum(amount.numerator for amount in period.values()) / size
        for period, size in zip((before, after), sizes, strict=True)
    ]
    yardstick = overall[0] if method == "interaction" else (overall[0] + overall[1]) / 2
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        shares = [0.0 if one is None else one.denominator / size for one, size in zip((old, new), sizes, strict=True)]
        changes.append(_category_change(name, shares, [_rate(old, scale), _rate(new, scale)], yardstick, method))
    return RatioChange(
        method=method,
        before=overall[0],
        after=overall[1],
        change=overall[1] - overall[0],
        mix=math.fsum(one.mix for one in changes),
        rate=math.fsum(one.rate for one in changes),
        interaction=math.fsum(one.interaction for one in changes),
        categories=tuple(changes),
    )


def decompose_cost(before: Mapping[str, Amount], after: Mapping[str, Amount]) -> CostChange:
    """Splits the change of a total cost (numerators, dollars) into volume, mix and price, with cases as denominators.

    Volume: more or fewer cases at the first period's mix and cost per case. Mix: other categories at the first period's
    cost per case. Price: another cost per case, at the second period's cases. A category new in the second period has
    no first cost per case: all of it is mix. Raises InputError.
    """
    _check(before, "before")
    _check(after, "after")
    n_before = math.fsum(amount.denominator for amount in before.values())
    n_after = math.fsum(amount.denominator for amount in after.values())
    parts = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, Amount(0.0, 0.0)), after.get(name, Amount(0.0, 0.0))
        source = old if old.denominator else new
        unit_cost = source.numerator / source.denominator if source.denominator else 0.0
        expected = unit_cost * new.denominator
        volume = old.numerator * (n_after - n_before) / n_before
        parts.append(CostPart(name, volume, expected - old.numerator - volume, new.numerator - expected))
    totals = [math.fsum(amount.numerator for amount in period.values()) for period in (before, after)]
    return CostChange(
        before=totals[0],
        after=totals[1],
        change=totals[1] - totals[0],
        volume=math.fsum(part.volume for part in parts),
        mix=math.fsum(part.mix for part in parts),
        price=math.fsum(part.price for part in parts),
        categories=tuple(parts),
    )


def _check(period: Mapping[str, Amount], where: str) -> None:
    faults = []
    for name, amount in period.items():
        if not (math.isfinite(amount.numerator) and math.isfinite(amount.denominator) and amount.denominator >= 0):
            faults.append(Fault(f"{where}: {name}", "needs numbers, with a denominator of 0 or more."))
        elif amount.denominator == 0 and amount.numerator != 0:
            faults.append(Fault(f"{where}: {name}", f"has {amount.numerator:g} over a denominator of 0."))
    if not faults and not any(amount.denominator > 0 for amount in period.values()):
        faults.append(Fault(where, "has no cases, so there is no ratio to compare.", "Choose a period with cases."))
    if faults:
        raise InputError(faults)


def _rate(amount: Amount | None, scale: float) -> float | None:
    return None if amount is None or amount.denominator == 0 else scale * amount.numerator / amount.denominator


def _category_change(
    name: str, shares: list[float], rates: list[float | None], yardstick: float, method: Method
) -> CategoryChange:
    old, new = rates
    old_rate = old if old is not None else (new if new is not None else 0.0)
    new_rate = new if new is not None else old_rate
    gained, moved = shares[1] - shares[0], new_rate - old_rate
    if method == "symmetric":
        mix, rate, interaction = gained * ((old_rate + new_rate) / 2 - yardstick), moved * sum(shares) / 2, 0.0
    else:
        mix, rate, interaction = gained * (old_rate - yardstick), moved * shares[0], gained * moved
    return CategoryChange(name, shares[0], shares[1], old, new, mix, rate, interaction)
