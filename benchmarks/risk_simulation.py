"""Whether observed over expected tells the truth: bias and coverage, with a model fitted as the product fits it.

Stays are drawn from known terms: seven age bands, eight diagnosis groups, six comorbidities. A model is fitted to a
baseline by `fit_terms`; then months of n stays are drawn in which the outcome happens ρ times as often (or lasts ρ
times as long) as in the baseline, and O/E gets the interval the product prints. Fixed seed. `--write` puts the section
into docs/simulations.md.

Run from the root of the repository: python -m benchmarks.risk_simulation [--months 2000] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from benchmarks.simulation_page import put_section
from kpi_pipeline.improvement.risk.fitting import Link, fit_terms
from kpi_pipeline.metrics.intervals import log_delta_interval

SEED = 20261128
AGES = np.array([-0.6, -0.3, -0.1, 0.0, 0.1, 0.2, 0.35])
GROUPS = np.array([-0.7, -0.3, 0.0, 0.1, 0.2, 0.4, 0.6, 0.9])
COMORBIDITIES = np.array([0.5, 0.35, 0.25, 0.2, 0.1, 0.0])
SHARES = np.array([0.15, 0.1, 0.2, 0.25, 0.1, 0.3])
LEVEL: dict[Link, float] = {"logit": float(logit(0.12)), "log": float(np.log(4.5))}
BASELINE = 20_000
"""Stays a model is fitted to; or twelve months of the hospital, where these are more."""
BASELINE_MONTHS = 12
MODELS = 40
"""Fitted anew for each size: few would show the luck of these few, not what to expect of one."""
Floats = NDArray[np.float64]


def draw(chance: np.random.Generator, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Age band, diagnosis group and comorbidities of n stays."""
    return (
        chance.integers(0, len(AGES), n),
        chance.choice(len(GROUPS), n, p=np.array([8, 7, 6, 5, 4, 3, 2, 1]) / 36),
        chance.random((n, len(COMORBIDITIES))) < SHARES,
    )


def outcomes(chance: np.random.Generator, mean: Floats, link: Link) -> Floats:
    """What happens where so much is expected: returns, or days whose spread is as wide as a stay's."""
    if link == "logit":
        return (chance.random(len(mean)) < mean).astype(float)
    return np.maximum(1.0, np.round(chance.gamma(1.4, mean / 1.4)))


def means(age: Floats, group: Floats, ill: Floats, link: Link) -> Floats:
    score = LEVEL[link] + AGES[age.astype(int)] + GROUPS[group.astype(int)] + ill @ COMORBIDITIES
    return expit(score) if link == "logit" else np.exp(score - 0.4)


def fitted(chance: np.random.Generator, link: Link, *, stays: int) -> dict[str, float]:
    """The coefficients of a model of so many stays, by factor and level."""
    age, group, ill = draw(chance, stays)
    names = np.array([f"{number:06d}" for number in range(stays)])
    factors = pd.concat(
        [
            pd.DataFrame({"stay_id": names, "factor": "age", "level": age.astype(str), "wider": "other"}),
            pd.DataFrame({"stay_id": names, "factor": "drg", "level": group.astype(str), "wider": "other"}),
            *(
                pd.DataFrame({"stay_id": names[ill[:, k]], "factor": "comorbidity", "level": str(k), "wider": None})
                for k in range(len(COMORBIDITIES))
            ),
        ]
    )
    outcome = outcomes(chance, means(age, group, ill, link), link)
    terms = fit_terms(pd.DataFrame({"stay_id": names, "outcome": outcome}), factors, link=link)
    return {f"{term.factor} {term.level}".strip(): term.coefficient for term in terms}


def expected(model: dict[str, float], age: Floats, group: Floats, ill: Floats, link: Link) -> Floats:
    of_age = np.array([model[f"age {one}"] for one in range(len(AGES))])
    of_group = np.array([model[f"drg {one}"] for one in range(len(GROUPS))])
    score = model["intercept"] + of_age[age.astype(int)] + of_group[group.astype(int)]
    score = score + ill @ np.array([model.get(f"comorbidity {k}", 0.0) for k in range(len(COMORBIDITIES))])
    return expit(score) if link == "logit" else np.exp(score)


def interval(observed: Floats, wanted: Floats) -> tuple[float, float, float]:
    """O/E with the interval of `metrics.compute`: the ratio estimator, on the log scale."""
    n, ratio = len(observed), observed.sum() / wanted.sum()
    squares = ((observed - ratio * wanted) ** 2).sum()
    error = np.sqrt(squares / (n - 1) / n) / wanted.mean()
    lower, upper = log_delta_interval(ratio, error, n, never_negative=True)
    return float(ratio), float(lower), float(upper)


def table(months: int) -> Iterator[str]:
    """Each row draws its months from all fitted models in turn."""
    yield "| outcome | stays a month | true ρ | mean O/E | bias, % | coverage, % |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    links: tuple[tuple[Link, str], ...] = (("logit", "readmission"), ("log", "days of stay"))
    for link, words in links:
        models: dict[int, list[dict[str, float]]] = {}
        for n in (100, 200, 400, 1000, 3000):
            size = max(BASELINE, BASELINE_MONTHS * n)
            if size not in models:
                models[size] = [fitted(np.random.default_rng([SEED, turn]), link, stays=size) for turn in range(MODELS)]
            for true_ratio in (0.8, 1.0, 1.25):
                chance = np.random.default_rng([SEED, n, int(100 * true_ratio)])
                found = [one_month(chance, models[size][turn % MODELS], n, true_ratio, link) for turn in range(months)]
                ratios, lowers, uppers = np.array(found).T
                bias = 100 * (ratios.mean() / true_ratio - 1)
                covered = 100 * ((lowers <= true_ratio) & (true_ratio <= uppers)).mean()
                yield f"| {words} | {n:,} | {true_ratio:g} | {ratios.mean():.3f} | {bias:+.1f} | {covered:.1f} |"


def one_month(
    chance: np.random.Generator, model: dict[str, float], n: int, true_ratio: float, link: Link
) -> tuple[float, float, float]:
    age, group, ill = draw(chance, n)
    mean = means(age, group, ill, link)
    if link == "logit":
        happened = outcomes(chance, np.minimum(true_ratio * mean, 1.0), link)
    else:
        happened = true_ratio * outcomes(chance, mean, link)
    return interval(happened, expected(model, age, group, ill, link))


def section(months: int) -> list[str]:
    return [
        f"A risk model fitted to {BASELINE:,} stays, or to those of a year where they are more, {MODELS} times, and "
        f"{months:,} months a row in which the outcome is ρ times what the same patients would have had in the "
        "baseline. The interval is the printed one; that the model is itself an estimate is in the coverage. Written "
        "by `benchmarks.risk_simulation`.",
        "",
        *table(months),
        "",
        "The interval leaves out that what is expected is itself an estimate. Where a month has r times the stays of "
        "the baseline, 95 % become 2Φ(1.96 ÷ √(1 + r)) − 1: 94.0 % at a twelfth, 93.2 % at 3,000 against 20,000 stays, "
        "which an earlier table showed (92.3 to 94.2 %, of ten models: so few that their own luck was in it). A "
        "baseline of a year keeps it near 94 %: with just twelve months of 400 and of 1,000 stays, tried apart at ρ = "
        "1, it was 93.5 to 94.4 %. Days of stay are skewed; with a hundred stays that costs about one point.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=2000, help="simulated months per row")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args(arguments)
    lines = section(chosen.months)
    print("\n".join(lines))
    if chosen.write:
        put_section("Observed over expected", lines)


if __name__ == "__main__":
    main()
