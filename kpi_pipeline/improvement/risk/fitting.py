"""Fits what is expected of a stay, from what was known on admission: logistic for a share, log-linear for a mean.

Days and dollars are fitted by Poisson quasi-likelihood with a log link: it asks only that the mean be right, not that
days be Poisson, and in the baseline observed and expected agree in total and in each level (Wooldridge, Econometric
Analysis of Cross Section and Panel Data, 2nd ed., section 18.2). Not here: where stays come from
(`pipeline/risk_models`), or how a model is applied (`sql/warehouse/expected_outcomes.sql`).
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm  # type: ignore[import-untyped]
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.reference.risk_model_file import INTERCEPT, RiskTerm

Link = Literal["logit", "log"]

FEWEST_STAYS = 100
"""A level or comorbidity with fewer stays in the baseline gets no term of its own."""
FEWEST_EVENTS = 10
"""So many of its stays must have the outcome, and as many must not, for a level to have a term of its own."""
EVENTS_PER_TERM = 10
"""Peduzzi et al. (Journal of Clinical Epidemiology 49, 1996): fewer, and coefficients are not to be trusted."""
COMORBIDITY = "comorbidity"
_OTHER = "other"


def family_of(link: Link) -> sm.families.Family:
    """The likelihood that belongs to a link."""
    return sm.families.Binomial() if link == "logit" else sm.families.Poisson()


def fit_terms(stays: pd.DataFrame, factors: pd.DataFrame, *, link: Link) -> tuple[RiskTerm, ...]:
    """The terms of a model. stays: stay_id, outcome (0 or 1; or days, dollars); factors: stay_id, factor, level, wider.

    A level too rare for a term shares that of `wider`, then that of "other"; the commonest level of a factor is the
    one the others are compared with, and has the coefficient 0. Raises InputError where the stays are too few.
    """
    stays = stays.set_index("stay_id").sort_index()
    outcome = stays["outcome"].astype(float)
    columns, terms = _columns(outcome, factors[factors["stay_id"].isin(stays.index)], link=link)
    _refuse_few(outcome, len(columns), link=link)
    design = pd.DataFrame({INTERCEPT: 1.0}, index=outcome.index)
    design = pd.concat([design, *(pd.Series(column, name=name) for name, column in columns.items())], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = sm.GLM(outcome, design.astype(float), family=family_of(link)).fit(
                maxiter=50, scale=None if link == "logit" else "X2"
            )
        except (PerfectSeparationWarning, np.linalg.LinAlgError) as error:
            raise InputError(_not_fitted()) from error
    if not fit.converged or not np.isfinite(fit.params).all() or not np.isfinite(fit.bse).all():
        raise InputError(_not_fitted())
    fitted = {name: (float(fit.params[name]), float(fit.bse[name])) for name in design.columns}
    return (
        RiskTerm(
            factor=INTERCEPT,
            level="",
            coefficient=fitted[INTERCEPT][0],
            standard_error=fitted[INTERCEPT][1],
            n_stays=len(outcome),
        ),
        *(
            RiskTerm(
                factor=factor,
                level=level,
                coefficient=fitted.get(_name(factor, level), (0.0, 0.0))[0],
                standard_error=fitted.get(_name(factor, level), (0.0, 0.0))[1],
                n_stays=n_stays,
            )
            for (factor, level), n_stays in sorted(terms.items())
        ),
    )


def _columns(
    outcome: pd.Series, factors: pd.DataFrame, *, link: Link
) -> tuple[dict[str, pd.Series], dict[tuple[str, str], int]]:
    """The columns of the design by name, and every term with its stays, those compared with included."""
    columns: dict[str, pd.Series] = {}
    terms: dict[tuple[str, str], int] = {}
    for factor, rows in factors.groupby("factor", sort=True):
        if factor == COMORBIDITY:
            for level, of_level in rows.groupby("level", sort=True):
                is_there = pd.Series(outcome.index.isin(of_level["stay_id"]), index=outcome.index)
                if _is_enough(outcome[is_there], link=link):
                    terms[COMORBIDITY, str(level)] = int(is_there.sum())
                    columns[_name(COMORBIDITY, str(level))] = is_there
            continue
        levels = _pooled_levels(outcome, rows.set_index("stay_id").reindex(outcome.index), link=link)
        counts = levels.value_counts()
        compared_with = min(counts.index, key=lambda level: (-counts[level], level))
        for level in sorted(counts.index):
            terms[str(factor), level] = int(counts[level])
            if level != compared_with:
                columns[_name(str(factor), level)] = levels == level
    return columns, terms


def _pooled_levels(outcome: pd.Series, rows: pd.DataFrame, *, link: Link) -> pd.Series:
    """The level of each stay, rare ones pooled: own, wider, "other", and at last the commonest."""
    levels = rows["level"].astype("str")
    for fallback in (rows["wider"].astype("str"), pd.Series(_OTHER, index=levels.index)):
        levels = levels.where(~levels.isin(_too_rare(outcome, levels, link=link)), fallback)
    counts = levels.value_counts()
    kept = counts.drop(index=_too_rare(outcome, levels, link=link))
    if kept.empty:
        return pd.Series(_OTHER, index=levels.index)
    commonest = min(kept.index, key=lambda level: (-kept[level], level))
    return levels.where(levels.isin(kept.index), commonest)


def _too_rare(outcome: pd.Series, levels: pd.Series, *, link: Link) -> list[str]:
    groups = outcome.groupby(levels)
    return [str(level) for level, of_level in groups if not _is_enough(of_level, link=link)]


def _is_enough(outcome: pd.Series, *, link: Link) -> bool:
    if len(outcome) < FEWEST_STAYS:
        return False
    events = float(outcome.sum())
    return FEWEST_EVENTS <= events <= len(outcome) - FEWEST_EVENTS if link == "logit" else events > 0


def _refuse_few(outcome: pd.Series, n_terms: int, *, link: Link) -> None:
    events = min(outcome.sum(), len(outcome) - outcome.sum()) if link == "logit" else len(outcome)
    if events < EVENTS_PER_TERM * max(n_terms, 1):
        what = (
            f"{len(outcome):,} stays of the baseline, {int(events):,} of them with the outcome, are too few for "
            f"{n_terms} terms: {EVENTS_PER_TERM} each are wanted."
        )
        raise InputError(Fault("baseline", what, "Take a longer baseline, or fewer factors: --factor."))


def _name(factor: str, level: str) -> str:
    return f"{factor} {level}"


def _not_fitted() -> Fault:
    return Fault("baseline", "the model cannot be fitted: its terms cannot be told apart.", "Leave out a factor.")
