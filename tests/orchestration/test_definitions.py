"""What Dagster loads: complete, without a warning of ours, and nowhere else in the package."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.orchestration.assets import metric_key, table_key
from kpi_pipeline.orchestration.calendar import ReportCalendar
from kpi_pipeline.orchestration.definitions import BUILD_JOB, REPORT_JOB, build_defs
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.orchestration.schedules import decide_report
from tests.support.projects import write_own_measure

ROOT = Path(__file__).parent.parent.parent


def run_python(code: str, *options: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=False, cwd=cwd, timeout=120,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_definitions_load_without_any_warning() -> None:
    result = run_python(
        "from kpi_pipeline.orchestration.definitions import defs; defs.get_repository_def()", "-W", "error"
    )
    assert result.returncode == 0, result.stderr


def test_the_command_line_starts_without_dagster() -> None:
    code = "import sys, kpi_pipeline.cli.main, kpi_pipeline.pipeline.build; sys.exit('dagster' in sys.modules)"
    result = run_python(code)
    assert result.returncode == 0, result.stderr or "kpi_pipeline.cli.main or .pipeline imports dagster"


def test_loading_the_definitions_leaves_heavy_modules_alone() -> None:
    # Each run of Dagster starts a fresh process that loads the definitions: half a second here is paid every time.
    code = (
        "import sys, kpi_pipeline.orchestration.definitions; "
        "print(sorted({'pandas', 'scipy', 'statsmodels', 'weasyprint'} & sys.modules.keys()))"
    )
    assert run_python(code).stdout.strip() == "[]"


def test_the_measures_of_the_hospitals_own_folder_are_assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_own_measure(tmp_path / "ours")
    settings = tmp_path / "kpi.yaml"
    settings.write_text("project: ours\n", encoding="utf-8")
    monkeypatch.setenv("KPI_SETTINGS", str(settings))
    monkeypatch.setenv("KPI_PROJECT", "")  # put back afterwards: the code location sets it for its whole life
    graph = build_defs().resolve_asset_graph()
    assert metric_key("long_stays") in graph.get_all_asset_keys()
    assert metric_key("long_stays") in graph.get(dg.AssetKey("monthly_report")).parent_keys


def test_workspace_and_project_file_name_the_same_module() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]["project"]
    module = "kpi_pipeline.orchestration.definitions"
    assert workspace["load_from"][0]["python_module"]["module_name"] == module
    assert project["code_location_target_module"] == module


def test_every_declared_table_and_metric_is_an_asset_with_its_sources() -> None:
    graph = build_defs().resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    for table in load_contracts():
        assert dg.AssetKey(["staged", table]) in keys
        assert table_key(table) in keys
    for name in load_metrics():
        assert graph.get(metric_key(name)).parent_keys
    report = graph.get(dg.AssetKey("monthly_report"))
    assert report.parent_keys == {metric_key(name) for name in load_metrics()}


def test_dependencies_are_read_from_the_sql_also_through_temporary_tables() -> None:
    graph = build_defs().resolve_asset_graph()
    assert table_key("index_discharges") in graph.get(metric_key("readmission_30d")).parent_keys
    assert table_key("stay_planned_care") in graph.get(table_key("index_discharges")).parent_keys
    # encounters is made from timed_encounters, a temporary table made from staged_encounters.
    assert dg.AssetKey(["staged", "encounters"]) in graph.get(table_key("encounters")).parent_keys
    assert table_key("timed_encounters") not in graph.get_all_asset_keys()


def test_every_check_blocks_what_comes_after_it() -> None:
    graph = build_defs().resolve_asset_graph()
    assert len(graph.asset_check_nodes) == 2 * len(load_contracts()) + 3 * len(load_metrics()) + sum(
        metric.flows is not None for metric in load_metrics().values()
    )
    assert all(check.blocking for check in graph.asset_check_nodes)


def test_only_the_report_is_made_by_month_and_a_range_is_one_run() -> None:
    graph = build_defs().resolve_asset_graph()
    by_month = [key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).partitions_def]
    assert sorted(by_month) == ["monthly_issue_draft", "monthly_report"]
    assert graph.get(dg.AssetKey("monthly_report")).backfill_policy == dg.BackfillPolicy.single_run()


def test_the_environment_names_the_hospital() -> None:
    hospital = Hospital.from_environment({"KPI_LANDING": "/srv/landing", "KPI_PRIVACY": "board", "OTHER": "x"})
    assert str(hospital.landing_folder) == "/srv/landing"
    assert hospital.privacy == "board"
    assert hospital.warehouse == "data/warehouse.duckdb"
    assert hospital.source_name is None
    assert hospital.reference_folder is None


def test_an_unknown_privacy_is_refused_with_its_name() -> None:
    with pytest.raises(DefinitionError, match="privacy"):
        Hospital.from_environment({"KPI_PRIVACY": "public"})


def test_a_wrong_first_month_stops_loading_with_one_plain_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_FIRST_MONTH", "November")
    with pytest.raises(DefinitionError, match=r"\$KPI_FIRST_MONTH"):
        build_defs()


def test_the_months_end_in_the_hospitals_time_zone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kpi.yaml").write_text("time_zone: Pacific/Auckland\n", encoding="utf-8")
    monkeypatch.setenv("KPI_SETTINGS", str(tmp_path / "kpi.yaml"))
    report = build_defs().resolve_asset_graph().get(dg.AssetKey("monthly_report"))
    assert isinstance(report.partitions_def, dg.TimeWindowPartitionsDefinition)
    assert report.partitions_def.timezone == "Pacific/Auckland"
    assert report.partitions_def.get_first_partition_key() == str(ReportCalendar().first_month)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-11-05T06:00:00-05:00", None),
        ("2026-11-06T06:00:00-05:00", "2026-10"),
        ("2026-11-09T06:00:00-05:00", "2026-10"),  # the daemon was away on Friday
        ("2026-11-30T06:00:00-05:00", "2026-10"),
        ("2026-12-01T06:00:00-05:00", None),
        ("2026-08-07T06:00:00-04:00", "2026-07"),
        ("2026-08-10T06:00:00-04:00", "2026-07"),
        ("2027-01-07T11:00:00+00:00", "2026-12"),
    ],
)
def test_the_schedule_asks_for_last_month_from_the_fifth_working_day_until_it_is_made(
    moment: str, month: str | None
) -> None:
    assert build_defs().resolve_schedule_def("report_on_working_day").execution_timezone == "America/New_York"
    with dg.DagsterInstance.ephemeral() as instance:
        asked = decide_report(instance, REPORT_JOB, ReportCalendar(), datetime.fromisoformat(moment))
    assert (asked.partition_key if isinstance(asked, dg.RunRequest) else None) == month


@pytest.mark.parametrize(
    ("started", "status", "asked"),
    [
        ("2026-11-06T06:00:05-05:00", dg.DagsterRunStatus.SUCCESS, False),
        ("2026-11-06T06:00:05-05:00", dg.DagsterRunStatus.STARTED, False),
        ("2026-11-06T06:00:05-05:00", dg.DagsterRunStatus.FAILURE, True),
        ("2026-11-06T06:00:05-05:00", dg.DagsterRunStatus.CANCELED, True),
        ("2026-11-02T09:00:00-05:00", dg.DagsterRunStatus.SUCCESS, True),  # a preview, before all files were there
    ],
)
def test_a_month_is_asked_for_until_a_run_since_it_fell_due_has_not_failed(
    started: str, status: dg.DagsterRunStatus, asked: bool
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.DagsterRun(
            job_name=REPORT_JOB, run_id=str(uuid.uuid4()), tags={"dagster/partition": "2026-10"}, status=status
        )
        instance.run_storage.add_historical_run(run, datetime.fromisoformat(started).astimezone(UTC))
        monday = datetime.fromisoformat("2026-11-09T06:00:00-05:00")
        answer = decide_report(instance, REPORT_JOB, ReportCalendar(), monday)
    assert isinstance(answer, dg.RunRequest) == asked


def test_every_asset_has_an_owner_a_kind_and_words_and_groups_follow_the_house() -> None:
    graph = build_defs().resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert all(node.owners and node.kinds and node.description for node in nodes)
    assert {node.group_name for node in nodes} == {"intake", "warehouse", "metrics", "report", "delivery"}
    unwatched = {node.key.to_user_string() for node in nodes if node.freshness_policy is None}
    assert unwatched == {"landing", "reference"}  # a sensor watches what arrives


def test_nothing_publishes_or_sends_but_its_own_job() -> None:
    defs = build_defs()
    for name in (REPORT_JOB, BUILD_JOB):
        assert not {"publish", "send"} & set(defs.resolve_job_def(name).graph.node_dict)


def test_the_schedule_runs_the_job_that_ends_with_the_report() -> None:
    defs = build_defs()
    assert defs.resolve_schedule_def("report_on_working_day").job_name == REPORT_JOB
    assert "monthly_report" in defs.resolve_job_def(REPORT_JOB).graph.node_dict
    assert "monthly_report" not in defs.resolve_job_def(BUILD_JOB).graph.node_dict


@pytest.mark.parametrize("asset", ["monthly_report", "monthly_issue_draft"])
def test_the_month_counts_as_late_at_noon_of_the_latest_day_it_can_fall_due(asset: str) -> None:
    policy = build_defs().resolve_asset_graph().get(dg.AssetKey(asset)).freshness_policy
    expected = dg.FreshnessPolicy.cron(
        deadline_cron="0 12 7 * *", lower_bound_delta=timedelta(days=3), timezone="America/New_York"
    )
    assert policy == expected
