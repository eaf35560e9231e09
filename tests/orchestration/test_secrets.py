"""No page of Dagster shows a password: neither the one of the state's database nor the one of the mail server."""

from __future__ import annotations

import traceback
from pathlib import Path

import dagster as dg
import pytest

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.orchestration.definitions import build_defs
from kpi_pipeline.orchestration.delivery import SEND_JOB
from kpi_pipeline.orchestration.resources import Hospital

SECRETS = ("correct-horse", "battery-staple")


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """A hospital whose database of decisions does not answer, its password in the URL, and a mail server."""
    (tmp_path / "landing").mkdir()
    settings = tmp_path / "kpi.yaml"
    settings.write_text(
        f"state_url: postgresql+psycopg://kpi:{SECRETS[0]}@127.0.0.1:1/kpi\n"
        "delivery: {mail: {host: 127.0.0.1, port: 1, sender: kpi@hospital.example, user: kpi}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("KPI_SMTP_PASSWORD", SECRETS[1])
    return Hospital(landing=str(tmp_path / "landing"), warehouse=str(tmp_path / "kpi.duckdb"), settings=str(settings))


def test_a_job_that_fails_on_the_database_shows_no_password(
    hospital: Hospital, capfd: pytest.CaptureFixture[str]
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        definition = build_defs({"hospital": hospital}).resolve_job_def(SEND_JOB)
        ran = definition.execute_in_process(instance=instance, raise_on_error=False)
        told = "\n".join(repr(one) for one in instance.all_logs(ran.run_id))
    assert not ran.success
    assert "STEP_FAILURE" in told
    assert "state: the database of decisions cannot be read or written." in told
    printed = capfd.readouterr()
    for secret in SECRETS:
        assert secret not in told + printed.out + printed.err


def test_a_sensor_that_fails_on_the_database_shows_no_password(hospital: Hospital) -> None:
    sensor = build_defs().resolve_sensor_def("waiting_mails")
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(Exception) as caught:  # noqa: PT011
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance, resources={"hospital": hospital}))
    told = "".join(traceback.format_exception(caught.value))
    assert "KpiError" in told or any(kind.__name__ in told for kind in KpiError.__subclasses__())
    assert not any(secret in told for secret in SECRETS)
