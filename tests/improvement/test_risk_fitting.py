"""A fitted model finds the truth its stays were drawn from, says so, and refuses what cannot be fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.improvement.risk.checking import c_statistic, check_model, explained_share
from kpi_pipeline.improvement.risk.fitting import FEWEST_STAYS, fit_terms
from kpi_pipeline.reference.risk_model_file import RiskTerm

AGE = {"18-44": -0.5, "65-74": 0.0, "85 and over": 0.6}
HEART_FAILURE = 0.7


def drawn(n: int, *, link: str, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stays whose outcome is drawn from known terms, and their factors."""
    chance = np.random.default_rng(seed)
    ages = chance.choice(list(AGE), n, p=[0.2, 0.5, 0.3])
    fails = chance.random(n) < 0.3
    score = np.array([AGE[age] for age in ages]) + HEART_FAILURE * fails
    names = np.array([f"S{number:06d}" for number in range(n)])
    outcome = chance.random(n) < expit(score - 2) if link == "logit" else chance.gamma(2, np.exp(score + 1) / 2)
    factors = pd.concat(
        [
            pd.DataFrame({"stay_id": names, "factor": "age", "level": ages, "wider": "other"}),
            pd.DataFrame({"stay_id": names[fails], "factor": "comorbidity", "level": "HF", "wider": None}),
        ]
    )
    return pd.DataFrame({"stay_id": names, "outcome": outcome.astype(float)}), factors


def coefficients(terms: tuple[RiskTerm, ...]) -> dict[str, float]:
    return {f"{term.factor} {term.level}".strip(): term.coefficient for term in terms}


@pytest.mark.parametrize(("link", "intercept"), [("logit", -2.0), ("log", 1.0)])
def test_terms_are_those_the_stays_were_drawn_from(link: str, intercept: float) -> None:
    found = fit_terms(*drawn(20_000, link=link), link=link)  # type: ignore[arg-type]
    truth = {"intercept": intercept, "comorbidity HF": HEART_FAILURE, **{f"age {age}": b for age, b in AGE.items()}}
    errors = {f"{term.factor} {term.level}".strip(): term.standard_error for term in found}
    for name, coefficient in coefficients(found).items():
        assert abs(coefficient - truth[name]) < max(4 * errors[name], 1e-12)
    assert 0 < max(errors.values()) < 0.1


@pytest.mark.parametrize("link", ["logit", "log"])
def test_in_the_baseline_as_much_is_expected_as_happened_in_total_and_in_each_level(link: str) -> None:
    stays, factors = drawn(5_000, link=link)
    by_name = coefficients(fit_terms(stays, factors, link=link))  # type: ignore[arg-type]
    score = (
        by_name["intercept"]
        + factors.assign(
            b=[by_name[f"{factor} {level}"] for factor, level in zip(factors["factor"], factors["level"], strict=True)]
        )
        .groupby("stay_id")["b"]
        .sum()
        .reindex(stays["stay_id"])
        .to_numpy()
    )
    expected = expit(score) if link == "logit" else np.exp(score)
    ages = factors[factors["factor"] == "age"].set_index("stay_id")["level"].reindex(stays["stay_id"]).to_numpy()
    for level in AGE:
        assert expected[ages == level].sum() == pytest.approx(
            stays["outcome"].to_numpy()[ages == level].sum(), rel=1e-6
        )


def test_a_rare_level_shares_the_term_of_the_wider_one_then_of_all_others() -> None:
    stays, factors = drawn(4_000, link="log")
    chance = np.random.default_rng(5)
    names = stays["stay_id"].to_numpy()
    drg = chance.choice(["291", "292", "293", "469", "470"], len(names), p=[0.5, 0.02, 0.02, 0.01, 0.45])
    wider = np.where(np.char.startswith(drg, "2"), "MDC 05", "MDC 08")
    of_drg = pd.DataFrame({"stay_id": names, "factor": "drg", "level": drg, "wider": wider})
    counts = pd.Series(drg).value_counts()
    assert max(counts["292"], counts["293"]) < FEWEST_STAYS <= counts["292"] + counts["293"]
    assert counts["469"] < FEWEST_STAYS
    terms = fit_terms(stays, pd.concat([factors, of_drg]), link="log")
    levels = {term.level: term.n_stays for term in terms if term.factor == "drg"}
    assert levels["MDC 05"] == counts["292"] + counts["293"]
    assert levels.keys() == {"291", "470", "MDC 05"}, "469 alone is too rare even as `other`, and joins the commonest"
    assert sum(levels.values()) == len(names)


def test_too_few_stays_are_refused_with_what_to_do() -> None:
    stays, factors = drawn(60, link="logit")
    with pytest.raises(InputError, match="too few for"):
        fit_terms(stays.assign(outcome=0.0), factors, link="logit")


def test_calibration_of_the_truth_is_perfect_and_of_a_shifted_truth_is_not() -> None:
    chance = np.random.default_rng(3)
    expected = chance.uniform(0.02, 0.6, 40_000)
    stays = pd.DataFrame(
        {"stay_id": np.arange(40_000), "expected": expected, "outcome": chance.random(40_000) < expected}
    )
    true = check_model(stays.astype({"outcome": float}), link="logit", first_month="2026-01", last_month="2026-06")
    assert abs(true.intercept) < 0.04
    assert abs(true.slope - 1) < 0.04
    assert true.observed_over_expected == pytest.approx(1, abs=0.02)
    assert sum(group.n_stays for group in true.groups) == 40_000
    doubled = check_model(
        stays.assign(outcome=lambda one: one["outcome"].astype(float), expected=lambda one: one["expected"] / 2),
        link="logit",
        first_month="2026-01",
        last_month="2026-06",
    )
    assert doubled.intercept > 0.7
    assert doubled.observed_over_expected == pytest.approx(2, abs=0.05)


def test_the_c_statistic_counts_pairs() -> None:
    outcome, expected = np.array([1.0, 0, 1, 0, 0]), np.array([0.9, 0.1, 0.4, 0.4, 0.6])
    pairs = [(a, b) for a in expected[outcome == 1] for b in expected[outcome == 0]]
    by_hand = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    assert c_statistic(outcome, expected) == pytest.approx(by_hand)
    assert explained_share(np.array([1.0, 3.0]), np.array([1.0, 3.0])) == 1
