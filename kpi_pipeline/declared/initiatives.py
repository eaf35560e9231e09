"""What an initiative is: aim, owner, scope, start, measures, the analysis declared for it, and its PDSA cycles.

A registry is a frozen list of them with pure edits, so that a command line and a store can use the same ones. Reading
and writing the YAML file is `initiative_file`'s matter; whether an initiative worked is `interrupted_series`'.
The terms are those of the Model for Improvement (Langley et al., The Improvement Guide): each initiative names outcome,
process and balancing measures, and tests changes in plan-do-study-act cycles.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.front_matter import faults_of

Model = Literal["level_and_slope", "level"]
Seasonality = Literal["automatic", "none", "one_wave", "two_waves", "calendar_months"]
"""automatic: one wave a year once 24 final months lie before the start, else none; both are known beforehand."""
Status = Literal["planned", "running", "completed", "abandoned"]
Decision = Literal["adopt", "adapt", "abandon"]
MeasureKind = Literal["outcome", "process", "balancing"]


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _day(value: Any) -> Any:
    """A date or its ISO text; a bare number would be read as seconds since 1970."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"must be a day such as 2026-03-01; got {value!r}.") from None


Words = Annotated[str, BeforeValidator(_one_line), Field(min_length=3)]
Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, Field(min_length=1)]
InitiativeId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Frozen):
    """Where the initiative happens. Nothing named: the whole system."""

    facilities: tuple[Name, ...] = ()
    units: tuple[Name, ...] = ()
    service_lines: tuple[Name, ...] = ()

    @property
    def is_whole_system(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.facilities or self.units or self.service_lines)


class Control(_Frozen):
    """What the outcome is compared with: the same measure at a facility without the initiative, or another measure
    in the same place that the initiative cannot touch but other events would."""

    facility_id: Name | None = None
    metric: Name | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Control:
        if (self.facility_id is None) == (self.metric is None):
            raise ValueError("name either a facility_id or a metric")
        return self


class Cycle(_Frozen):
    """One plan-do-study-act cycle. Without a decision it is still running."""

    began_on: Day
    plan: Words
    do: Words | None = None
    study: Words | None = None
    act: Words | None = None
    decided_on: Day | None = None
    decision: Decision | None = None

    @model_validator(mode="after")
    def _decides_on_what_was_studied(self) -> Cycle:
        if (self.decision is None) != (self.decided_on is None):
            raise ValueError("decision and decided_on belong together: give both or neither")
        if self.decision is not None and (self.do is None or self.study is None):
            raise ValueError("a decision needs what was done and what was studied: fill in do and study")
        if self.decided_on is not None and self.decided_on < self.began_on:
            raise ValueError(f"decided on {self.decided_on}, before it began on {self.began_on}")
        return self


class Initiative(_Frozen):
    """One improvement initiative. starts_on: its first day. declared_on: when the lines below were settled.

    washout_months: full months after the start that count neither before nor after. outcomes, processes, balancing:
    metric ids. model, seasonality, control and worthwhile_effects are the analysis declared beforehand;
    worthwhile_effects gives, by outcome, the smallest average effect worth seeing, above 0, in the metric's unit.
    """

    id: InitiativeId
    title: Words
    aim: Words
    owner: Words
    scope: Scope = Scope()
    declared_on: Day
    starts_on: Day
    washout_months: Annotated[int, Field(ge=0, le=12)] = 0
    outcomes: Annotated[tuple[Name, ...], Field(min_length=1)]
    processes: tuple[Name, ...] = ()
    balancing: tuple[Name, ...] = ()
    model: Model = "level_and_slope"
    seasonality: Seasonality = "automatic"
    control: Control | None = None
    worthwhile_effects: dict[Name, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    cycles: tuple[Cycle, ...] = ()
    status: Status = "planned"
    closed_on: Day | None = None
    conclusion: Words | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Initiative:
        measures = (*self.outcomes, *self.processes, *self.balancing)
        twice = sorted({name for name in measures if measures.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice among outcomes, processes and balancing")
        stray = sorted(set(self.worthwhile_effects) - set(self.outcomes))
        if stray:
            raise ValueError(f"worthwhile_effects names {', '.join(stray)}, which is not one of the outcomes")
        self._check_control(measures)
        self._check_end()
        return self

    def _check_control(self, measures: tuple[str, ...]) -> None:
        if self.control is None:
            return
        if self.control.metric in measures:
            raise ValueError(f"control {self.control.metric} is one of its own measures")
        if self.control.facility_id in self.scope.facilities:
            raise ValueError(f"control facility {self.control.facility_id} is within the scope")
        if self.control.facility_id is not None and self.scope.is_whole_system:
            raise ValueError("a control facility needs a scope that leaves it out: name the scope's facilities")

    def _check_end(self) -> None:
        is_closed = self.status in ("completed", "abandoned")
        if is_closed != (self.closed_on is not None):
            raise ValueError(f"status {self.status} and closed_on disagree: a closed initiative has the day it closed")
        if self.closed_on is None:
            return
        if self.closed_on < self.starts_on and self.status == "completed":
            raise ValueError(f"completed on {self.closed_on}, before it started on {self.starts_on}")
        if any(max(cycle.began_on, cycle.decided_on or cycle.began_on) > self.closed_on for cycle in self.cycles):
            raise ValueError(f"a cycle is later than the day it closed, {self.closed_on}")
        if any(cycle.decision is None for cycle in self.cycles):
            raise ValueError("it is closed, but a cycle has no decision")

    @property
    def is_declared_beforehand(self) -> bool:
        """Whether measures and analysis were settled before the first day."""
        return self.declared_on < self.starts_on

    @property
    def named_metrics(self) -> tuple[str, ...]:
        """Every metric id it names, measures first, then the control."""
        control = () if self.control is None or self.control.metric is None else (self.control.metric,)
        return (*self.outcomes, *self.processes, *self.balancing, *control)


@dataclass(frozen=True, slots=True)
class Registry:
    """All initiatives of a hospital, in the order they were added. Edits give a new registry; this one stays."""

    initiatives: tuple[Initiative, ...] = ()

    def find(self, initiative_id: str) -> Initiative:
        """The initiative with that id. Raises InputError."""
        for initiative in self.initiatives:
            if initiative.id == initiative_id:
                return initiative
        known = ", ".join(one.id for one in self.initiatives) or "none"
        raise InputError(Fault("initiative", f"there is no {initiative_id!r}.", f"Known: {known}."))

    def add(self, initiative: Initiative, *, metrics: Collection[str]) -> Registry:
        """With one more initiative. Raises InputError for a known id or an unknown metric."""
        where = f"initiative {initiative.id}"
        faults = [
            Fault(where, f"{name!r} is not a metric.", f"Use one of {', '.join(sorted(metrics))}.")
            for name in initiative.named_metrics
            if name not in metrics
        ]
        if any(one.id == initiative.id for one in self.initiatives):
            faults.append(Fault(where, "is already registered.", "Choose another id."))
        if faults:
            raise InputError(faults)
        return Registry((*self.initiatives, initiative))

    def add_cycle(self, initiative_id: str, cycle: Cycle) -> Registry:
        """With one more cycle, placed by the day it began."""
        initiative = self.find(initiative_id)
        cycles = sorted((*initiative.cycles, cycle), key=lambda one: one.began_on)
        return self._changed(initiative, cycles=tuple(cycles))

    def record_cycle(self, initiative_id: str, number: int, **findings: Any) -> Registry:
        """With more written into cycle `number` (from 1): do, study, act, decision, decided_on."""
        initiative = self.find(initiative_id)
        if not 1 <= number <= len(initiative.cycles):
            what = f"has no cycle {number}; it has {len(initiative.cycles)}."
            raise InputError(Fault(f"initiative {initiative_id}", what))
        cycles = [cycle.model_dump() for cycle in initiative.cycles]
        cycles[number - 1] |= findings
        return self._changed(initiative, cycles=tuple(cycles))

    def start(self, initiative_id: str) -> Registry:
        """With a planned initiative running."""
        return self._changed(self._open(initiative_id), status="running")

    def close(
        self, initiative_id: str, *, status: Literal["completed", "abandoned"], closed_on: date, conclusion: str
    ) -> Registry:
        """With an initiative closed on a day, and what was concluded. Every cycle must have its decision."""
        change = {"status": status, "closed_on": closed_on, "conclusion": conclusion}
        return self._changed(self._open(initiative_id), **change)

    def _open(self, initiative_id: str) -> Initiative:
        initiative = self.find(initiative_id)
        if initiative.closed_on is not None:
            what = f"was closed on {initiative.closed_on}."
            raise InputError(Fault(f"initiative {initiative_id}", what, "Register a new one for new work."))
        return initiative

    def _changed(self, initiative: Initiative, **changes: Any) -> Registry:
        try:
            changed = Initiative.model_validate({**initiative.model_dump(), **changes})
        except ValidationError as error:
            raise InputError(faults_of(f"initiative {initiative.id}", error)) from error
        return Registry(tuple(changed if one.id == initiative.id else one for one in self.initiatives))
