"""Where one hospital's files are, as a Dagster resource with defaults under `data/`.

Plain paths and names: opening, reading and computing are the library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import dagster as dg
from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.settings import Settings, read_settings
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.vocabulary import Privacy


class Hospital(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The folders and files of one hospital.

    source and reference empty: as the landing folder says, and the reference tables that come with the package.
    settings empty: $KPI_SETTINGS, or `kpi.yaml` in the working folder, or the defaults.
    reports_url: where a web server shows the reports folder, so that Dagster can link to each PDF.
    """

    landing: str = "data/landing"
    warehouse: str = "data/warehouse.duckdb"
    reports: str = "data/reports"
    source: str = ""
    reference: str = ""
    settings: str = ""
    privacy: Privacy = "internal"
    reports_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Takes $KPI_LANDING, $KPI_WAREHOUSE and so on: each field from the variable of its name."""
        given = {name: environment.get(f"KPI_{name.upper()}", "") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value})
        except ValidationError as error:
            raise DefinitionError(faults_of("environment variables KPI_…", error)) from error

    @property
    def landing_folder(self) -> Path:
        """Where the source files land."""
        return Path(self.landing).resolve()

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file; staged rows and metric values lie beside it."""
        return Path(self.warehouse).resolve()

    @property
    def reports_folder(self) -> Path:
        """Where the reports are written."""
        return Path(self.reports).resolve()

    @property
    def source_name(self) -> str | None:
        """The kind of source, or None: what `landing.yaml` says."""
        return self.source or None

    @property
    def reference_folder(self) -> Path | None:
        """The hospital's own reference tables, or None: those of the package."""
        return Path(self.reference).resolve() if self.reference else None

    @property
    def settings_file(self) -> Path | None:
        """The settings file that is named, or None: the one that `read_settings` finds."""
        return Path(self.settings) if self.settings else None

    def read_settings(self) -> Settings:
        """The hospital's settings."""
        return read_settings(self.settings_file)
