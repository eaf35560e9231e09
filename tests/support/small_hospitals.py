"""Random small hospitals as figures, to attack what would be published of them: three facilities, few events.

Cases are drawn one by one, so that every sum over reasons, facilities and metrics holds as in a real build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.metrics.declaration import Metric, load_metrics

METRICS = load_metrics()
FACILITIES = ("A", "B", "C")
LAST = Month(2026, 10)
_LOS, _INDEX, _CMI = "length_of_stay_days", "length_of_stay_index", "case_mix_index"
_COST, _ADJUSTED = "total_cost_per_case_usd", "case_mix_adjusted_cost_per_case_usd"
_READMISSION, _AVOIDABLE, _DENIALS = (
    "readmission_30d",
    "avoidable_days_per_100_discharges",
    "denials_per_100_discharges",
)


@dataclass(frozen=True, slots=True)
class _Case:
    person: int
    days: int
    weight: float
    cost: float
    has_drg: bool
    is_costed: bool
    died: bool
    returned: bool
    waited: int
    denials: int


def draw_figures(seed: int, *, n_months: int = 3, last: Month = LAST) -> list[Figure]:
    """Every figure of one hospital, nothing withheld: metrics × facilities and the whole × months."""
    rng = np.random.default_rng(seed)
    sizes = {place: int(rng.integers(12, 400)) for place in FACILITIES}
    rates = {
        "undone": rng.choice([0.004, 0.03, 0.15]),
        "uncosted": rng.choice([0.004, 0.03, 0.15]),
        "died": rng.choice([0.01, 0.05]),
        "returned": rng.choice([0.03, 0.14]),
        "waited": rng.choice([0.02, 0.1]),
        "denied": rng.choice([0.01, 0.06]),
    }
    figures: list[Figure] = []
    for month in month_range(last.plus(1 - n_months), last):
        cases = {place: _draw(rng, int(rng.poisson(size)) + 1, rates) for place, size in sizes.items()}
        cases[WHOLE_SYSTEM] = [case for place in FACILITIES for case in cases[place]]
        for place, own in cases.items():
            figures += _figures(place, month, own)
    return figures


def draw_issues(seed: int, *, n_issues: int = 3) -> tuple[list[list[Figure]], list[dict[tuple[str, str, str], int]]]:
    """The figures of each of several issues in a row, nothing withheld; each shows one month more, and the older months
    as they are known by then: stays arrive late, are costed late, are corrected, and people come back late.

    Beside them, for each issue, (metric, facility, month) → cases that count otherwise than in the issue before.
    """
    rng = np.random.default_rng([seed, 1])
    rates = {
        "undone": rng.choice([0.004, 0.03]),
        "uncosted": rng.choice([0.004, 0.03]),
        "died": rng.choice([0.01, 0.05]),
        "returned": rng.choice([0.03, 0.14]),
        "waited": rng.choice([0.02, 0.1]),
        "denied": rng.choice([0.01, 0.06]),
    }
    late = {name: float(rng.choice([0.003, 0.02, 0.1])) for name in ("arrival", "cost", "days", "return")}
    sizes = {place: int(rng.integers(12, 400)) for place in FACILITIES}
    issues: list[list[Figure]] = [[] for _ in range(n_issues)]
    changed: list[dict[tuple[str, str, str], int]] = [{} for _ in range(n_issues)]
    for at, month in enumerate(month_range(LAST.plus(1 - n_issues), LAST)):
        drawn = {place: _draw(rng, int(rng.poisson(size)) + 1, rates) for place, size in sizes.items()}
        delays = {
            place: {name: rng.random(len(own)) < share for name, share in late.items()} for place, own in drawn.items()
        }
        since = {place: rng.integers(1, n_issues, size=len(own)) for place, own in drawn.items()}
        before: dict[str, list[_Case | None]] = {}
        for issue in range(at, n_issues):
            known: dict[str, list[_Case | None]] = {
                place: [
                    _as_known(
                        case,
                        {name: bool(is_late[i]) for name, is_late in delays[place].items()},
                        issue - at < since[place][i],
                    )
                    for i, case in enumerate(own)
                ]
                for place, own in drawn.items()
            }
            known[WHOLE_SYSTEM] = [case for place in FACILITIES for case in known[place]]
            for place, cases in known.items():
                issues[issue] += _figures(place, month, [case for case in cases if case is not None])
            if issue > at:
                for place, cases in known.items():
                    for metric in _SEEN_BY:
                        n = sum(_part(metric, a) != _part(metric, b) for a, b in zip(cases, before[place], strict=True))
                        changed[issue][(metric, place, str(month))] = n
            before = known
    return issues, changed


_SEEN_BY: dict[str, tuple[str, ...]] = {
    "discharges": (),
    _LOS: ("days",),
    _INDEX: ("days", "has_drg", "weight"),
    _CMI: ("has_drg", "weight"),
    _COST: ("is_costed", "cost"),
    _ADJUSTED: ("is_costed", "cost", "has_drg", "weight"),
    _READMISSION: ("died", "returned"),
    _AVOIDABLE: ("waited",),
    _DENIALS: ("denials",),
}
"""What of a case each metric looks at."""


def _part(metric: str, case: _Case | None) -> object:
    return None if case is None else tuple(getattr(case, name) for name in _SEEN_BY[metric])


def _as_known(case: _Case, is_late: dict[str, bool], is_early: bool) -> _Case | None:
    """The case as an issue knows it that comes before what is late about it."""
    if not is_early:
        return case
    if is_late["arrival"]:
        return None
    return replace(
        case,
        is_costed=case.is_costed and not is_late["cost"],
        days=case.days + 3 * is_late["days"],
        returned=case.returned and not is_late["return"],
    )


def _draw(rng: np.random.Generator, n: int, rates: dict[str, float]) -> list[_Case]:
    return [
        _Case(
            person=int(rng.integers(10**9)),
            days=int(rng.geometric(0.2)),
            weight=round(float(rng.lognormal(0.3, 0.5)), 4),
            cost=round(float(rng.lognormal(9.3, 0.6)), 2),
            has_drg=rng.random() > rates["undone"],
            is_costed=rng.random() > rates["uncosted"],
            died=rng.random() < rates["died"],
            returned=rng.random() < rates["returned"],
            waited=int(rng.geometric(0.2)) if rng.random() < rates["waited"] else 0,
            denials=int(rng.integers(1, 3)) if rng.random() < rates["denied"] else 0,
        )
        for _ in range(n)
    ]


def _figures(place: str, month: Month, cases: Sequence[_Case]) -> list[Figure]:
    coded = [case for case in cases if case.has_drg]
    costed = [case for case in cases if case.is_costed]
    both = [case for case in costed if case.has_drg]
    alive = [case for case in cases if not case.died]
    n = float(len(cases))
    undone = n - len(coded)
    uncosted = n - len(costed)
    uncoded_costed = float(len(costed) - len(both))
    waited = [case for case in cases if case.waited]
    denied = [case for case in cases if case.denials]
    returned = [case for case in alive if case.returned]

    def one(
        name: str,
        numerator: float,
        denominator: float | None,
        counted: float,
        left_out: dict[str, float],
        **more: float,
    ) -> Figure:
        metric: Metric = METRICS[name]
        value = numerator if denominator is None else metric.scale * numerator / denominator if counted >= 25 else None
        reasons = dict.fromkeys(metric.exclusions, 0.0) | left_out
        return Figure(
            metric=name,
            version=metric.version,
            facility_id=place,
            month=month,
            numerator=numerator,
            denominator=denominator,
            value=value,
            lower=None,
            upper=None,
            maturity="final",
            status="ok",
            status_reason="",
            n_listed=n,
            n_counted=counted,
            exclusions=reasons,
            plotted_numerator=numerator,
            plotted_denominator=denominator,
            n_event_patients=more.get("patients"),
        )

    expected = sum(4.0 * case.weight for case in coded)
    return [
        one("discharges", n, None, n, {}),
        one(_LOS, float(sum(case.days for case in cases)), n, n, {}),
        one(_INDEX, float(sum(case.days for case in coded)), expected, n - undone, {"missing_drg": undone}),
        one(_CMI, sum(case.weight for case in coded), n - undone, n - undone, {"missing_drg": undone}),
        one(_COST, sum(case.cost for case in costed), n - uncosted, n - uncosted, {"not_costed": uncosted}),
        one(
            _ADJUSTED,
            sum(case.cost for case in both),
            sum(case.weight for case in both),
            float(len(both)),
            {"not_costed": uncosted, "missing_drg": uncoded_costed},
        ),
        one(
            _READMISSION,
            float(len(returned)),
            float(len(alive)),
            float(len(alive)),
            {"died": n - len(alive)},
            patients=float(len({case.person for case in returned})),
        ),
        one(
            _AVOIDABLE,
            float(sum(case.waited for case in waited)),
            n,
            n,
            {},
            patients=float(len({case.person for case in waited})),
        ),
        one(
            _DENIALS,
            float(sum(case.denials for case in denied)),
            n,
            n,
            {},
            patients=float(len({case.person for case in denied})),
        ),
    ]
