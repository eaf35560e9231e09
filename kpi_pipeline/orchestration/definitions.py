"""What Dagster loads: `defs`, made by `build_defs`. Named in workspace.yaml and in [tool.dg] of pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping

import dagster as dg

from kpi_pipeline.core.project import project_in_force, put_in_force
from kpi_pipeline.core.settings import project_of
from kpi_pipeline.orchestration.assets import build_assets
from kpi_pipeline.orchestration.calendar import read_calendar
from kpi_pipeline.orchestration.checks import build_checks
from kpi_pipeline.orchestration.delivery import DRAFT, build_delivery_jobs, build_delivery_sensors, build_send_schedule
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.orchestration.schedules import build_monthly_schedule
from kpi_pipeline.orchestration.sensors import FailureMail, build_landing_sensor, failed_run_notice

REPORT_JOB = "build_and_report"
BUILD_JOB = "build"


def build_defs(resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """The code location. `resources` replace those of the environment: `hospital`, `failure_notice`.

    The hospital's own mappings and measures are those of $KPI_PROJECT, or of `project:` in its settings.
    """
    hospital = Hospital.from_environment(os.environ)
    if project_in_force() is None:
        put_in_force(project_of(hospital.settings_file))
    calendar = read_calendar(os.environ, hospital.read_settings())
    everything = dg.AssetSelection.all()
    build_and_report = dg.define_asset_job(
        REPORT_JOB, selection=everything, description="Reads the landing folder, builds, checks, and writes one month."
    )
    build = dg.define_asset_job(
        BUILD_JOB,
        selection=everything - dg.AssetSelection.assets("monthly_report", DRAFT),
        description="Reads the landing folder, builds and checks. Writes no report.",
    )
    return dg.Definitions(
        assets=build_assets(calendar),
        asset_checks=build_checks(),
        jobs=[build_and_report, build, *build_delivery_jobs()],
        schedules=[build_monthly_schedule(REPORT_JOB, calendar), build_send_schedule()],
        sensors=[build_landing_sensor(BUILD_JOB), failed_run_notice, *build_delivery_sensors()],
        resources={"hospital": hospital, "failure_notice": FailureMail(hospital=hospital), **(resources or {})},
        # A step in its own process costs seconds, and brings nothing: the steps follow one another.
        executor=dg.in_process_executor,
    )


defs = build_defs()
