"""The hospital's own settings, from `kpi.yaml`: names, look, thresholds. Every field has a default.

What a landing folder says about its own files is in its `landing.yaml` (see `intake/reading/landing_options`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kpi_pipeline.core.delivery_settings import DeliverySettings
from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.project import SETTINGS_FILE, open_project, project_in_force
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.text.glyphs import letters_without_glyph, named_characters
from kpi_pipeline.core.yaml_files import read_mapping

RuleSetName = Literal["frozen-2026", "nhs-2024", "nhs-classic", "ihi", "anhoej"]
RULE_SET_OF_MOVING_BASELINE: RuleSetName = "nhs-2024"
"""The rules of limits that move where no others are named; frozen limits need longer runs."""

BASELINE_MONTHS = 24
"""A frozen baseline is the first so many final months."""

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


def _has_glyphs(text: str) -> str:
    if missing := letters_without_glyph(text):
        raise ValueError(
            f"holds characters that cannot be printed: {named_characters(missing)}; write it in Latin, Greek or "
            "Cyrillic letters"
        )
    return text


Printed = Annotated[str, AfterValidator(_has_glyphs)]
"""A text that stands in the report."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colours(_Frozen):
    """The palette of the report; each colour is doubled by a shape and a word."""

    ink: Colour = "#14202B"
    brand: Colour = "#12355B"
    improvement: Colour = "#0067B1"
    concern: Colour = "#D95F02"
    neither: Colour = "#490092"


class ReportSettings(_Frozen):
    """What the report looks like and holds."""

    title: Printed = "Case management performance"
    prepared_by: Printed = "Prepared for senior management by the Director of Case Management"
    confidentiality: Printed = "Confidential. For senior management."
    contact: Printed = ""
    logo: Path | None = None
    paper: Literal["letter", "a4"] = "letter"
    language: Literal["en-US"] = "en-US"
    colours: Colours = Colours()
    months_shown: Annotated[int, Field(ge=12, le=60)] = 24
    headline_metrics: tuple[str, ...] = (
        "readmission_30d",
        "length_of_stay_days",
        "case_mix_adjusted_cost_per_case_usd",
        "avoidable_days_per_100_discharges",
        "denials_per_100_discharges",
        "initial_assessment_within_24h",
    )
    commentary: Path | None = None
    decisions: Path | None = None


class FreedDay(_Frozen):
    """What finance says a freed bed-day is worth, where beds are full enough for it to be used."""

    contribution_margin_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    backfill_probability: Annotated[float, Field(ge=0, le=1)]
    occupancy_threshold_pct: Annotated[float, Field(gt=0, le=100)] = 85.0
    source: Annotated[str, Field(min_length=3)]


class StayComparator(_Frozen):
    """The observed over expected days of somebody worth comparing with: a benchmark, a target, the own best year."""

    observed_over_expected: Annotated[float, Field(gt=0, le=5)]
    name: Annotated[Printed, Field(min_length=3)]
    source: Annotated[Printed, Field(min_length=3)]


class OpportunitySettings(_Frozen):
    """How days are valued. comparator: whose stays ours are held against; without one there is no such gap.
    last_day_share: what a late day costs, as a share of the stay's mean variable direct cost per day; None takes the
    published assumption, and the report says so."""

    last_day_share: Annotated[float, Field(gt=0, le=1)] | None = None
    freed_day: FreedDay | None = None
    comparator: StayComparator | None = None


class PeopleSettings(_Frozen):
    """What may be told of single case managers, in files for their manager alone.

    managers: who may have such a file, each with the machine's user who may speak for the name ('' for any); nobody by
    default. appraisal: whether figures by case manager are made at all.
    """

    managers: dict[Annotated[str, Field(min_length=1, max_length=80)], str] = {}
    appraisal: bool = False


class Limits(_Frozen):
    """How large an untrusted file may be. Each limit says its own name when it is reached.

    files: in a landing folder; workbook_mb: an Excel workbook, unpacked; unpacked_gb: a packed or Parquet file,
    unpacked.
    """

    files: Annotated[int, Field(ge=1)] = 10_000
    workbook_mb: Annotated[int, Field(ge=1)] = 1_000
    unpacked_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 50.0


class Settings(_Frozen):
    """Everything a hospital may set. Paths are relative to the settings file.

    A build stops when more than quarantine_limit_pct of a table's rows are refused, and they are at least
    quarantine_limit_from_rows: a handful of bad rows in a small file is no broken feed.
    unmatched_limit_pct: above this share of a table's rows that belong to no encounter, its measures are not computed.
    parts_limit_pct: above this share of a file's keys with several rows that nothing puts in order (one row per unit,
    say), the file is refused.
    removed_limit_pct: a full extract (feed: full) that lost more than this share of its rows at once is refused.
    zero_cost_is_not_costed: an encounter's cost of 0 (total, direct or variable) means that it is not costed yet.
    baseline: `frozen` computes limits from the first 24 final months and continues them until a rebase is recorded;
    `moving` computes them anew from the months shown. rule_set: when left out, the rules that go with the baseline.
    avoidable_day_reasons, denial_reasons: reason code → the name printed for it.
    owners: measure → the person who answers for it, as printed; default: the role its file names.
    cms_certification_numbers: facility → the number CMS knows it by, for published figures beside ours.
    year_starts_in: the month in which the budget year begins (10: October); the year to date starts there.
    state_url: the database of decisions, as SQLAlchemy writes it; None is the SQLite file beside the warehouse.
    project: the folder of the hospital's own mappings and measures (see `core/project`).
    """

    hospital_name: Printed = "Your hospital"
    time_zone: str = "America/New_York"
    report: ReportSettings = ReportSettings()
    baseline: Literal["frozen", "moving"] = "frozen"
    rule_set: RuleSetName = "frozen-2026"
    min_denominator: Annotated[int, Field(ge=1)] = 25
    min_cost_cases: Annotated[int, Field(ge=1)] = 100
    small_number_threshold: Annotated[int, Field(ge=2)] = 11
    quarantine_limit_pct: Annotated[float, Field(ge=0, le=100)] = 5.0
    unmatched_limit_pct: Annotated[float, Field(ge=0, le=100)] = 20.0
    parts_limit_pct: Annotated[float, Field(ge=0, le=100)] = 1.0
    removed_limit_pct: Annotated[float, Field(ge=0, le=100)] = 5.0
    quarantine_limit_from_rows: Annotated[int, Field(ge=1)] = 11
    zero_cost_is_not_costed: bool = True
    lost_discharge_after_days: Annotated[int, Field(ge=1)] = 120
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?(MB|GB)$")] = "4GB"
    threads: Annotated[int, Field(ge=1)] | None = None
    limits: Limits = Limits()
    targets: Path | None = None
    state_url: str | None = None
    project: Path | None = None
    avoidable_day_reasons: dict[str, Annotated[Printed, Field(min_length=1, max_length=80)]] = {}
    owners: dict[str, Annotated[Printed, Field(min_length=1, max_length=80)]] = {}
    cms_certification_numbers: dict[str, Annotated[str, Field(pattern=r"^[0-9A-Z]{6}$")]] = {}
    year_starts_in: Annotated[int, Field(ge=1, le=12)] = 1
    denial_reasons: dict[str, Annotated[Printed, Field(min_length=1, max_length=80)]] = {}
    opportunity: OpportunitySettings = OpportunitySettings()
    people: PeopleSettings = PeopleSettings()
    delivery: DeliverySettings = DeliverySettings()

    @model_validator(mode="before")
    @classmethod
    def _with_the_rules_of_the_baseline(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("baseline") == "moving":
            return {"rule_set": RULE_SET_OF_MOVING_BASELINE, **given}
        return given

    def fewest_cases(self, *, is_cost: bool) -> int:
        """The fewest cases of a figure that is shown; costs, with their long tail, need more."""
        return max(self.min_denominator, self.min_cost_cases) if is_cost else self.min_denominator

    @property
    def frozen_months(self) -> int | None:
        """How many first final months the limits are frozen at; None where they move with the months shown."""
        return BASELINE_MONTHS if self.baseline == "frozen" else None


def read_settings(path: Path | None = None) -> Settings:
    """Reads the settings file, or $KPI_SETTINGS, or `kpi.yaml` of the project or here; without any, the defaults.

    Raises DefinitionError with all faults; also when the file names another project than the one in force.
    """
    path = path or find_settings_file()
    if path is None:
        return Settings()
    settings, project = _read_file(path), project_in_force()
    if settings.project is not None and (project is None or settings.project != project.folder):
        now = "none is" if project is None else f"{project.folder} is"
        what = f"project: names {settings.project}, but {now} in force."
        raise DefinitionError(Fault(str(path), what, "Name one: with --project, or $KPI_PROJECT, or in this file."))
    if project is not None and project.folder in (settings.project, path.resolve().parent):
        return _with_files_beside(settings, project.folder)
    return settings


def find_settings_file() -> Path | None:
    """The settings file that holds where none is given: $KPI_SETTINGS, the project's, the one here, or none."""
    named, project = os.environ.get("KPI_SETTINGS"), project_in_force()
    if named:
        return Path(named)
    if project is not None and project.settings_file.is_file():
        return project.settings_file
    return Path(SETTINGS_FILE) if Path(SETTINGS_FILE).is_file() else None


def project_of(path: Path | None = None) -> Path | None:
    """The project folder that a settings file names, found as `read_settings` finds it.

    Raises DefinitionError when the folder holds settings of its own: nobody could tell which of the two count.
    """
    path = path or find_settings_file()
    folder = _read_file(path).project if path is not None else None
    if path is None or folder is None:
        return None
    own = open_project(folder).settings_file
    if own.is_file() and own.resolve() != path.resolve():
        what = f"project: names {folder}, which has a {SETTINGS_FILE} of its own."
        raise DefinitionError(Fault(str(path), what, "Keep one of the two files; or give --project instead."))
    return folder


def _read_file(path: Path) -> Settings:
    if not path.is_file():
        raise DefinitionError(Fault(str(path), "there is no such settings file.", "Check the path, or leave it out."))
    try:
        settings = Settings.model_validate(read_mapping(path, where=str(path)))
    except ValidationError as error:
        raise DefinitionError(faults_of(str(path), error)) from error
    return _with_absolute_paths(settings, path.resolve().parent)


def _with_files_beside(settings: Settings, folder: Path) -> Settings:
    """Files of the project that bear their usual name need not be named."""

    def found(named: Path | None, name: str) -> Path | None:
        return folder / name if named is None and (folder / name).is_file() else named

    report = settings.report.model_copy(
        update={
            "commentary": found(settings.report.commentary, "commentary.yaml"),
            "decisions": found(settings.report.decisions, "decisions.yaml"),
        }
    )
    audiences = found(settings.delivery.audiences, "audiences.yaml")
    delivery = settings.delivery.model_copy(update={"audiences": audiences})
    targets = found(settings.targets, "targets.yaml")
    return settings.model_copy(update={"report": report, "delivery": delivery, "targets": targets})


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    def absolute(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    report = settings.report.model_copy(
        update={name: absolute(getattr(settings.report, name)) for name in ("logo", "commentary", "decisions")}
    )
    delivery = settings.delivery.model_copy(
        update={name: absolute(getattr(settings.delivery, name)) for name in ("audiences", "archive", "signing_key")}
    )
    if delivery.mail is not None:
        mail = delivery.mail.model_copy(update={"ca_file": absolute(delivery.mail.ca_file)})
        delivery = delivery.model_copy(update={"mail": mail})
    project = None if settings.project is None else (folder / settings.project).resolve()
    targets = absolute(settings.targets)
    return settings.model_copy(update={"report": report, "targets": targets, "delivery": delivery, "project": project})
