"""What starts a run or tells of one: new files in the landing folder, and a run that failed.

Delivery's own sensors are in `delivery`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import dagster as dg

from kpi_pipeline.orchestration.delivery import tell
from kpi_pipeline.orchestration.resources import Hospital


class FailureLog(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Tells of a failed run in Dagster's log. Any resource with the same `tell` may take its place.

    web_url: where Dagster's page is, for the link to the run.
    """

    web_url: str = "http://127.0.0.1:3000"

    def tell(self, job_name: str, run_id: str) -> None:
        """Names the run and nothing of its error text, which could quote a value from a source file."""
        dg.get_dagster_logger().error(f"{job_name} failed. See {self.web_url}/runs/{run_id}")


class FailureMail(FailureLog):
    """Tells of a failed run in Dagster's log and by mail to the operators, where a mail server is set."""

    hospital: Hospital

    def tell(self, job_name: str, run_id: str) -> None:
        """Names the run, nothing of its error text. A mail that cannot be sent fails the tick, where it is seen."""
        super().tell(job_name, run_id)
        tell(
            self.hospital,
            f"Case management reports: {job_name} failed",
            [f"The run is at {self.web_url}/runs/{run_id}", "Its page says what stopped it, and what to do."],
        )


@dg.run_failure_sensor(
    name="failed_run_notice",
    monitor_all_code_locations=False,
    description="Passes the name of every failed run to the `failure_notice` resource.",
)
def failed_run_notice(context: dg.RunFailureSensorContext, failure_notice: dg.ResourceParam[FailureLog]) -> None:
    """Tells of every failed run of this code location, whichever job it belongs to."""
    failure_notice.tell(context.dagster_run.job_name, context.dagster_run.run_id)


def build_landing_sensor(job_name: str) -> dg.SensorDefinition:
    """Rebuilds the warehouse when the landing folder has changed and has then been still for one look."""

    @dg.sensor(
        name="new_files_in_landing",
        job_name=job_name,
        minimum_interval_seconds=60,
        description="Rebuilds the warehouse and every metric when files arrive. Makes no report.",
    )
    def new_files_in_landing(context: dg.SensorEvaluationContext, hospital: Hospital) -> dg.SensorResult:
        seen = folder_state(Path(hospital.landing))
        before: dict[str, Any] = (
            json.loads(context.cursor) if context.cursor else {"seen": "", "built": "", "builds": 0}
        )
        if not seen:
            return dg.SensorResult(skip_reason="The landing folder is missing or empty.")
        builds = int(before.get("builds", 0))
        cursor = {"seen": seen, "built": before["built"], "builds": builds}
        if seen == before["built"]:
            return dg.SensorResult(skip_reason="Nothing has changed since the last build.", cursor=json.dumps(cursor))
        if seen != before["seen"]:  # a copy may be under way: build only what two looks agree on
            return dg.SensorResult(
                skip_reason="Files have changed; waiting until they stay.", cursor=json.dumps(cursor)
            )
        cursor |= {"built": seen, "builds": builds + 1}
        # A file that came and was taken away again is two changes: the key counts them, and names what is there.
        key = f"{builds + 1}-{seen[:32]}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key)], cursor=json.dumps(cursor))

    return new_files_in_landing


def folder_state(folder: Path) -> str:
    """One text that changes when a file comes, goes, grows or is written anew; empty when there is no file."""
    if not folder.is_dir():
        return ""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest() if states else ""
