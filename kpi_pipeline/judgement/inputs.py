"""What a report is built from: one object, read from files and stores by the caller.

Building is pure: no clock, no file, no SQL. Everything a report needs is in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy
from kpi_pipeline.declared.commentary import AskedDecision, Commentary
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.declared.targets import Targets
from kpi_pipeline.improvement.benchmarks import Benchmarks
from kpi_pipeline.improvement.budget import Budget
from kpi_pipeline.improvement.denials import Denials
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.disclosure.earlier import Behind, behind_nothing
from kpi_pipeline.judgement.disclosure.shown import NOTHING_SHOWN, Shown
from kpi_pipeline.judgement.restated.ledger import Restated
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import MetricGaps
from kpi_pipeline.warehouse.facts import BuildFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything one report is made of.

    values and exclusions: as read from the store of metric values. facility_id `all` is the whole system.
    privacy: `board` and `external` withhold small numbers.
    issue_number: None is a draft, and every page says so. replaces: on page 1, which issue this one replaces and why.
    gate_overrides: checks before issue that somebody set aside by name, as printed with the data's quality.
    initiatives: the improvement programme, in order of ids. rebases: recorded new limits, of every facility.
    asked: the decisions earlier reports asked for, by key, oldest first. outcomes: what became of them, as answered.
    said: the claims of the issue before, to be followed up; none where there is no issue before.
    restated: what became of the figures the issue before showed; None where there is none before.
    shown: what the issues before showed outsiders. behind: which of them → figure → those behind its change since;
    asked for where a number moved. is_newest_shown: whether outsiders were shown nothing since the issue before.
    vintages: the figures of this place as the issues before showed them, to this audience.
    drivers: what days and dollars come from, of the chosen facility; None leaves page 4 out.
    budget: of the chosen facility's department; None where none is booked. It counts no patients.
    denials: of the chosen facility, by payer and reason; None where none were supplied.
    benchmarks: published figures beside ours; None where none were imported, or no facility says who it is.
    gaps: how headline measures differ between groups of patients, of the chosen facility; none leave that page out.
    """

    metrics: Mapping[str, Metric]
    values: pd.DataFrame
    exclusions: pd.DataFrame
    facts: BuildFacts
    settings: Settings
    month: Month
    targets: Targets = field(default_factory=Targets)
    commentary: Commentary = field(default_factory=Commentary)
    facility_id: str = WHOLE_SYSTEM
    facility_name: str | None = None
    privacy: Privacy = "internal"
    issue_number: int | None = None
    replaces: str = ""
    gate_overrides: tuple[str, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    rebases: tuple[Rebase, ...] = ()
    asked: Mapping[str, AskedDecision] = field(default_factory=dict)
    outcomes: Mapping[str, DecisionOutcome] = field(default_factory=dict)
    said: tuple[Claim, ...] = ()
    restated: Restated | None = None
    shown: Shown = NOTHING_SHOWN
    behind: Callable[[int], Behind] = behind_nothing
    is_newest_shown: bool = True
    vintages: tuple[Vintage, ...] = ()
    drivers: Drivers | None = None
    gaps: tuple[MetricGaps, ...] = ()
    budget: Budget | None = None
    denials: Denials | None = None
    benchmarks: Benchmarks | None = None

    @property
    def withholds(self) -> bool:
        """Whether small numbers are withheld in this report."""
        return self.privacy != "internal"
