"""What a metric file may say, and its loader. `<metric>.sql` in `sql/metrics/` or in `metrics/` of the hospital's own
folder is the only place a metric is declared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.project import collision_faults, project_in_force
from kpi_pipeline.core.resources import resource_folder, shown_path
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.front_matter import SqlFile, faults_of, read_sql_file
from kpi_pipeline.core.sql.sql_graph import tables_read
from kpi_pipeline.core.text.language import Noun
from kpi_pipeline.core.vocabulary import CHARTS_OF_KIND, Better

Kind = Literal[
    "proportion", "rate", "mean", "geometric_mean", "median", "percentile", "survival_median", "ratio", "count"
]
Unit = Literal["percent", "days", "hours", "usd", "index", "per 100 discharges", "cases", "discharges"]
Chart = Literal["xmr", "p", "p_prime", "u", "u_prime", "c", "g", "t", "xbar", "s", "i_prime", "run"]
Words = Annotated[str, Field(min_length=3)]

CASE_COLUMNS = ("case_id", "facility_id", "unit_id", "event_date", "numerator", "denominator", "exclusion_reason")
"""The columns every metric's SELECT gives, in this order; further columns may follow them."""

PLACEHOLDER = "‹"
"""What the words of a new metric's skeleton are marked with; no metric may be used that still holds one."""

TABLES_WITHOUT_PATIENTS = frozenset(
    {"budget", "case_managers", "facilities", "licences", "staffing", "training", "units", "watermarks"}
)
"""Whoever counts rows of these alone counts no patients, and may say so (`counts_patients`)."""

INSUFFICIENT_FOLLOWUP = "insufficient_followup"
"""The one exclusion the library adds itself: the case's follow-up reaches past its facility's watermark."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Frozen):
    """A target value and who set it."""

    value: float
    source: Words


class Benchmark(_Frozen):
    """A published table that a measure may be laid beside. published: whose, as `kpi reference import` names its kind;
    differs: why its figures are not the same as ours, as printed beside them."""

    published: Literal["benchmarks-hrrp"]
    differs: Words


class Metric(_Frozen):
    """One measure, as its file declares it. `name` is the file name, used as id everywhere.

    numerator, denominator, definition and exclusions are sentences for people; `sql` lists the cases.
    chart_adjusts_for: what is taken out of a month before it is judged, and put back into the lines as drawn.
    benchmark: the published figures it is shown beside, for facilities whose CMS certification number is declared.
    told_with: the measure that tells the same story; both changed the same way, they share a page and a finding.
    flows: of a stock counted at month ends, the measures that count what came and what went; each build checks that
    what was there, and came, less what went, is there.
    chart_scale log computes an XmR chart's limits on logarithms: for long-tailed values such as stays.
    data_faults: those of the exclusions that a mended source would undo.
    late_data_exclusions: those of the exclusions that fill up weeks later, such as a cost not yet known.
    A median or percentile is that of the numerators; a geometric mean that of numerator ÷ denominator, both above 0.
    A survival_median is Kaplan and Meier's: the numerator is the time watched, the denominator 1 where what was waited
    for came then, 0 where it had not come by then.
    `per` scales a rate (100 = per 100 discharges). `needs` names inputs without which the measure is
    not supplied or not computable: `table`, `table.column`, or a capability of the warehouse's `supply` table.
    counts_patients: whether its cases and events are patients' and small ones are withheld from outsiders; false for
    staff, licences, hours and budget lines. What adds patients, or divides by them, counts them.
    is_sample: whether its cases are some of many that could have been; false where they are all there is, such as the
    account lines of a budget: then neither a fewest number of cases nor an interval says anything.
    is_stock: whether a month counts what is there on its last day: the same case is there again in the next, so that
    the cases of several months do not add up to a number of anything.
    replaces_shipped: a hospital's own metric that takes the place of the shipped one of its name. where: its file,
    which is no part of what it declares.
    """

    name: str
    title: Words
    short_title: Words | None = None
    section: Literal[
        "flow", "readmissions", "cost", "utilisation", "case management", "compliance", "experience", "people"
    ]  # fmt: skip
    kind: Kind
    unit: Unit
    better: Better
    version: Annotated[int, Field(ge=1)]
    effective_from: date
    follows: Words
    target: Target | None = None
    benchmark: Benchmark | None = None
    matures_after_days: Annotated[int, Field(ge=0)] = 0
    chart: Chart
    chart_scale: Literal["linear", "log"] = "linear"
    chart_adjusts_for: tuple[Literal["calendar_days", "season"], ...] = ()
    per: Annotated[float, Field(gt=0)] = 1.0
    percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    decimals: Annotated[int, Field(ge=0, le=4)] = 1
    needs: tuple[str, ...] = ()
    balancing: tuple[str, ...] = ()
    told_with: str | None = None
    flows: tuple[str, str] | None = None
    owner: Words
    why: Words
    definition: Words
    numerator: Words
    denominator: Words
    denominator_noun: Annotated[str, AfterValidator(Noun.parse)]
    exclusions: dict[str, Words] = {}
    late_data_exclusions: tuple[str, ...] = ()
    data_faults: tuple[str, ...] = ()
    counts_patients: bool = True
    is_sample: bool = True
    is_stock: bool = False
    caveats: tuple[Words, ...] = ()
    reviewed: date
    replaces_shipped: bool = False
    sql: str
    where: str = Field(default="", exclude=True)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Metric:
        faults = [
            InitErrorDetails(type=PydanticCustomError("disagrees", "{what}", {"what": what}), loc=(field,), input=None)
            for field, what in (*self._disagreements(), *self._placeholders())
        ]
        if faults:
            raise ValidationError.from_exception_data(self.name, faults)
        return self

    def _disagreements(self) -> Iterator[tuple[str, str]]:
        """Fields that do not go together, each with the sentence that says so."""
        if INSUFFICIENT_FOLLOWUP in self.exclusions:
            yield "exclusions", f"may not declare {INSUFFICIENT_FOLLOWUP}: matures_after_days does"
        if self.kind == "proportion" and self.unit != "percent":
            yield "unit", f"a proportion has unit percent, got {self.unit!r}"
        if self.unit == "percent" and self.kind not in ("proportion", "ratio"):
            yield "unit", f"percent belongs to kind proportion or ratio, got kind {self.kind!r}"
        if self.per != 1 and self.kind != "rate":
            yield "per", f"belongs to kind rate, got kind {self.kind!r}"
        if (self.percentile is None) == (self.kind == "percentile"):
            yield "percentile", f"belongs to kind percentile, and must be given there; got kind {self.kind!r}"
        for reason in self.late_data_exclusions:
            if reason not in self.exclusions:
                yield "late_data_exclusions", f"names {reason!r}, which exclusions do not declare"
        for reason in self.data_faults:
            if reason not in self.exclusions:
                yield "data_faults", f"names {reason!r}, which exclusions do not declare"
        if self.chart not in CHARTS_OF_KIND[self.kind]:
            fitting = ", ".join(sorted(CHARTS_OF_KIND[self.kind]))
            yield "chart", f"{self.chart!r} does not go with kind {self.kind!r}; use one of {fitting}"
        elif self.chart_scale == "log" and self.chart != "xmr":
            yield "chart_scale", f"log belongs to chart xmr, got chart {self.chart!r}"
        if self.counts_patients and not self.is_sample:
            yield "is_sample", "may be false only where counts_patients is false"
        if self.name == self.told_with:
            yield "told_with", "a metric cannot be told with itself"
        if self.name in self.balancing:
            yield "balancing", "a metric cannot balance itself"

    def _placeholders(self) -> Iterator[tuple[str, str]]:
        """Fields that still hold the words of the skeleton, as `kpi new-metric` writes them."""
        for field, value in self:
            if field != "sql" and PLACEHOLDER in str(value):
                yield field, "still holds the skeleton's words; write your own"

    @cached_property
    def tables(self) -> frozenset[str]:
        """The warehouse tables the cases come from."""
        return tables_read(self.sql, where=self.where)

    @property
    def headline_title(self) -> str:
        """The name for titles and tight places: the short title where there is one."""
        return self.short_title or self.title

    @property
    def fingerprint(self) -> str:
        """A hash of all that moves the figures; words, targets and charts may change without computing anew."""
        rules = (
            self.sql,
            self.kind,
            self.scale,
            self.percentile,
            self.matures_after_days,
            self.needs,
            self.late_data_exclusions,
            self.version,
            *(() if self.is_sample else ("no sample",)),
        )
        return hashlib.sha256(repr(rules).encode()).hexdigest()[:12]

    @property
    def quantile(self) -> float | None:
        """Which quantile of the numerators the value is (0 to 1); None for other kinds."""
        if self.kind in ("median", "survival_median"):
            return 0.5
        return None if self.percentile is None else self.percentile / 100

    @property
    def scale(self) -> float:
        """What numerator ÷ denominator is multiplied by to give the value: 100 for percent, else `per`."""
        return 100.0 if self.unit == "percent" else self.per

    def fewest_cases(self, settings: Settings) -> int:
        """The fewest cases of a figure that is shown."""
        return settings.fewest_cases(is_cost=self.unit == "usd") if self.is_sample else 1

    @property
    def is_ratio_of_sums(self) -> bool:
        """Whether the value is scale × Σ numerator ÷ Σ denominator."""
        return self.kind in ("proportion", "rate", "mean", "ratio")


def load_metric(path: Path) -> Metric:
    """Reads one metric file. Raises DefinitionError with every fault of the file."""
    return _parse_metric(path, path.read_bytes() if path.is_file() else b"")


@lru_cache(maxsize=1024)
def _parse_metric(path: Path, _content: bytes) -> Metric:
    """A file is parsed once as long as its content stays: one build asks for all of them several times."""
    file: SqlFile = read_sql_file(path)
    try:
        metric = Metric.model_validate({**file.front_matter, "name": file.name, "sql": file.sql, "where": file.where})
    except ValidationError as error:
        raise DefinitionError(faults_of(file.where, error, file.lines)) from error
    of_patients = sorted(metric.tables - TABLES_WITHOUT_PATIENTS)  # parses the SQL: a broken SELECT is found at load
    if of_patients and not metric.counts_patients:
        what = f"counts_patients is false, but the cases come from {', '.join(of_patients)}."
        raise DefinitionError(Fault(file.where, what, "Take the line out: small numbers of patients are withheld."))
    return metric


def load_metrics(folder: Path | None = None) -> dict[str, Metric]:
    """Reads every metric file of a folder, by name; default: the shipped ones and those of the project in force.

    Raises DefinitionError with all faults of all files at once; a project's metric that bears the name of a shipped one
    must declare that it replaces it.
    """
    shipped = folder or resource_folder("sql") / "metrics"
    project = project_in_force() if folder is None else None
    metrics, faults = _read_metrics(shipped)
    if project is not None:
        own, own_faults = _read_metrics(project.metrics)
        faults += own_faults
        for name, metric in own.items():
            is_shipped = (shipped / f"{name}.sql").is_file()
            faults += collision_faults(
                metric.where, name, "measure", is_shipped=is_shipped, replaces=metric.replaces_shipped
            )
        metrics = dict(sorted({**metrics, **own}.items()))
    faults.extend(_balancing_faults(metrics) if not faults else [])
    faults.extend(_told_with_faults(metrics) if not faults else [])
    if not metrics and not faults:
        faults.append(Fault(shown_path(shipped), "holds no metric files (*.sql)."))
    if faults:
        raise DefinitionError(faults)
    return metrics


def _read_metrics(folder: Path) -> tuple[dict[str, Metric], list[Fault]]:
    metrics: dict[str, Metric] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.sql")):
        try:
            metrics[path.stem] = load_metric(path)
        except DefinitionError as error:
            faults.extend(error.faults)
    return metrics, faults


def _balancing_faults(metrics: dict[str, Metric]) -> list[Fault]:
    """Measures that name, as balance or as flow, one that is not there."""
    faults = []
    for metric in metrics.values():
        faults += [
            Fault(metric.where, f"balancing names {other!r}, which is not a metric.")
            for other in metric.balancing
            if other not in metrics
        ]
        faults += [
            Fault(metric.where, f"flows names {other!r}, which is not a metric of kind count.")
            for other in metric.flows or ()
            if other not in metrics or metrics[other].kind != "count"
        ]
    return faults


def _told_with_faults(metrics: dict[str, Metric]) -> list[Fault]:
    """Measures told with one that is not there, or with each other in a circle."""
    faults = []
    for metric in metrics.values():
        where, passed, following = metric.where, {metric.name}, metric.told_with
        while following is not None:
            if following not in metrics:
                if following == metric.told_with:
                    faults.append(Fault(where, f"told_with names {following!r}, which is not a metric."))
                break
            if following in passed:
                faults.append(Fault(where, f"is told with {following!r} in a circle.", "Remove one told_with."))
                break
            passed.add(following)
            following = metrics[following].told_with
    return faults
