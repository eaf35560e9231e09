"""A risk model as a file: what a hospital expects of patients like these, with all that is needed to judge it.

Lives here: the shape of the file, reading, writing, and its terms as reference rows. Not here: fitting
(`pipeline/risk_models`), or applying (`sql/warehouse/expected_outcomes.sql`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kpi_pipeline.core.errors import DefinitionError, InputError
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_mapping, render_yaml
from kpi_pipeline.reference.dataset import Dataset, Reading

INTERCEPT = "intercept"
MonthText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RiskTerm(_Frozen):
    """One term: what it adds to the logit, or to the logarithm, of what is expected of a stay of this level."""

    factor: Annotated[str, Field(pattern=r"^[a-z_]{3,30}$")]
    level: Annotated[str, Field(max_length=40)]
    coefficient: _Finite
    standard_error: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    n_stays: Annotated[int, Field(ge=0)]


class RiskGroup(_Frozen):
    """A tenth of the stays by what was expected of them: how many, and the sums observed and expected."""

    n_stays: Annotated[int, Field(ge=1)]
    observed: _Finite
    expected: _Finite


class RiskCheck(_Frozen):
    """How a model does over some months. intercept and slope: 0 and 1 are perfect (Cox, Biometrika 45, 1958).

    discrimination: the c statistic of a proportion; of a mean, the share of the spread that is explained (R²).
    """

    first_month: MonthText
    last_month: MonthText
    n_stays: Annotated[int, Field(ge=1)]
    observed: _Finite
    expected: _Finite
    intercept: _Finite
    slope: _Finite
    discrimination: _Finite
    groups: tuple[RiskGroup, ...]

    @property
    def observed_over_expected(self) -> float:
        """O/E over all the months."""
        return self.observed / self.expected


class RiskModel(_Frozen):
    """What is expected of a stay, fitted to the hospital's own cases of one measure over a stated baseline.

    metric: the measure whose cases and outcome these are, at metric_version. link: logit for a proportion, log for a
    mean. factors: what it looks at. later: the months after the baseline, which the fit never saw.
    """

    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    metric_version: Annotated[int, Field(ge=1)]
    link: Literal["logit", "log"]
    fitted_by: str
    factors: Annotated[tuple[str, ...], Field(min_length=1)]
    baseline: RiskCheck
    later: RiskCheck | None = None
    notes: tuple[str, ...] = ()
    terms: Annotated[tuple[RiskTerm, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _terms_are_whole(self) -> RiskModel:
        named = [(term.factor, term.level) for term in self.terms]
        if len(set(named)) < len(named):
            raise ValueError("terms: one factor and level stands twice")
        if (INTERCEPT, "") not in named:
            raise ValueError("terms: there is no intercept")
        strangers = {factor for factor, _ in named} - {*self.factors, INTERCEPT}
        if strangers:
            raise ValueError(f"terms: {', '.join(sorted(strangers))} is not among the factors")
        return self

    @property
    def version(self) -> str:
        """The same terms have the same version; it is printed wherever the model is used."""
        parts = [f"{self.metric} {self.link}", *(f"{t.factor} {t.level} {t.coefficient!r}" for t in self.terms)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def read_risk_model(path: Path) -> RiskModel:
    """Reads a model's file. Raises DefinitionError with every fault."""
    try:
        return RiskModel.model_validate(read_mapping(path))
    except ValidationError as error:
        raise DefinitionError(faults_of(shown_path(path), error)) from error


def write_risk_model(model: RiskModel, path: Path) -> None:
    """Writes a model's file: the same model gives the same bytes."""
    head = (
        f"# What is expected of a stay: {model.metric}, version {model.version}. Fitted to one hospital's own stays;\n"
        "# not a CMS risk-standardized rate. To use it: kpi reference import risk-model FILE, then kpi build.\n"
    )
    path.write_text(head + render_yaml(model.model_dump(mode="json", exclude_none=True)), encoding="utf-8")


def read_risk_model_terms(path: Path) -> Reading:
    """A model's terms as one reference file."""
    try:
        model = read_risk_model(path)
    except (DefinitionError, InputError) as error:
        return Reading(faults=tuple(error.faults))
    rows = [
        (model.metric, model.metric_version, model.link, term.factor, term.level, term.coefficient)
        for term in model.terms
    ]
    frame = pd.DataFrame(rows, columns=["model", "metric_version", "link", "factor", "level", "coefficient"])
    baseline = model.baseline
    dataset = Dataset(
        f"risk_{re.sub(r'[^a-z0-9_]', '', model.metric)}",
        "reference_risk_terms",
        frame,
        (path,),
        f"Risk model of {model.metric}",
        version=f"{model.version}, fitted to {baseline.n_stays:,} stays of {baseline.first_month} to "
        f"{baseline.last_month}",
        publisher="The hospital itself",
        licence="The hospital's own",
    )
    return Reading((dataset,))
