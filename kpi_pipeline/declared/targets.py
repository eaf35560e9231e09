"""Targets that change over time or differ between facilities, from `targets.yaml`, over the metric's own target.

A target says from which month it holds, until which (none: until replaced), and who set it. The most
particular one wins: this facility's, then every facility's, then the target in the metric's own file. `value: null`
removes a target. The shipped metrics carry none: what a hospital aims at is its own to say.
Not here: whether a target is met (`signals`), how it is written (`report`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.core.yaml_files import read_list
from kpi_pipeline.metrics.declaration import Metric, Target, Words


def _month(value: Any) -> Month:
    if isinstance(value, Month):
        return value
    try:
        return Month.parse(str(value))
    except InputError as error:
        raise ValueError(f"must be a month such as 2026-10; got {str(value)!r}.") from error


MonthField = Annotated[Month, BeforeValidator(_month)]


class DatedTarget(BaseModel):
    """One line of `targets.yaml`. Without facility_id it holds for the whole system and for every facility.

    value is on the printed scale: 13.5 means 13.5%; null says that no target holds.
    `to` is the last month it holds, included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    metric: str
    facility_id: Annotated[str, Field(min_length=1)] | None = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None
    from_month: Annotated[MonthField, Field(alias="from")]
    to_month: Annotated[MonthField | None, Field(alias="to")] = None
    source: Words

    def holds_in(self, month: Month) -> bool:
        """Whether this target is in force in that month."""
        return self.from_month <= month and (self.to_month is None or month <= self.to_month)


@dataclass(frozen=True, slots=True)
class Targets:
    """All dated targets of a hospital; empty means that only the metrics' own targets count."""

    lines: tuple[DatedTarget, ...] = ()

    def target_of(self, metric: Metric, month: Month, *, facility_id: str = WHOLE_SYSTEM) -> Target | None:
        """The target in force for a metric in a month, or None."""
        for scope in (facility_id, None):
            for line in self.lines:
                if line.metric == metric.name and line.facility_id == scope and line.holds_in(month):
                    return None if line.value is None else Target(value=line.value, source=line.source)
        return metric.target


def read_targets(path: Path | None, metrics: Mapping[str, Metric]) -> Targets:
    """Reads `targets.yaml` (None: no dated targets). Raises DefinitionError with every fault of the file."""
    if path is None:
        return Targets()
    where = shown_path(path)
    if not path.is_file():
        raise DefinitionError(Fault(where, "there is no such targets file.", "Check `targets` in the settings."))
    lines, faults = _read_lines(where, read_list(path, of="targets", first_key="metric"))
    faults += _meaning_faults(where, lines, metrics)
    if faults:
        raise DefinitionError(faults)
    return Targets(tuple(line for _, line in lines))


def _read_lines(where: str, raw: list[Any]) -> tuple[list[tuple[int, DatedTarget]], list[Fault]]:
    """Each target with its place in the file, counted from 1, and the faults of those that cannot be read."""
    lines: list[tuple[int, DatedTarget]] = []
    faults: list[Fault] = []
    for number, item in enumerate(raw, start=1):
        try:
            lines.append((number, DatedTarget.model_validate(item)))
        except ValidationError as error:
            faults.extend(faults_of(f"{where}: target {number}", error))
    return lines, faults


def _meaning_faults(where: str, lines: Iterable[tuple[int, DatedTarget]], metrics: Mapping[str, Metric]) -> list[Fault]:
    faults: list[Fault] = []
    earlier: list[tuple[int, DatedTarget]] = []
    for number, line in lines:
        place = f"{where}: target {number}"
        metric = metrics.get(line.metric)
        if metric is None:
            faults.append(
                Fault(place, f"{line.metric!r} is not a metric.", f"Use one of {', '.join(sorted(metrics))}.")
            )
        elif metric.better == "neither":
            faults.append(
                Fault(place, f"{line.metric} is better neither high nor low, so it can have no target.", "Remove it.")
            )
        if line.to_month is not None and line.to_month < line.from_month:
            faults.append(Fault(place, f"ends ({line.to_month}) before it begins ({line.from_month})."))
        faults.extend(
            Fault(place, f"overlaps target {other_number} for {line.metric}.", "End the earlier one with `to`.")
            for other_number, other in earlier
            if _overlap(line, other)
        )
        earlier.append((number, line))
    return faults


def _overlap(one: DatedTarget, other: DatedTarget) -> bool:
    if (one.metric, one.facility_id) != (other.metric, other.facility_id):
        return False
    starts_before_other_ends = other.to_month is None or one.from_month <= other.to_month
    ends_after_other_starts = one.to_month is None or other.from_month <= one.to_month
    return starts_before_other_ends and ends_after_other_starts
