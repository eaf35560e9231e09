"""Backup, restore, doctor: proved by losing everything."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.delivery_settings import DeliverySettings
from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.outbox import claim, counts, settle
from kpi_pipeline.pipeline.upkeep import backup
from kpi_pipeline.pipeline.upkeep.backup import restore_backup, write_backup
from kpi_pipeline.pipeline.upkeep.doctor import Finding, examine
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import chain_faults
from tests.support.delivery import NOON, OCTOBER, StubDesk, issue_month
from tests.support.smtp_sink import PASSWORD, settings_for, start_sink


def test_what_was_lost_comes_back_whole(desk: StubDesk, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    issue_month(desk)
    file = tmp_path / "backup.zip"
    write_backup(file, warehouse=desk.warehouse, state_url=desk.url, archive=desk.archive)  # while the state is open
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="is there already"):
        write_backup(file, warehouse=desk.warehouse, state_url=desk.url, archive=desk.archive)

    new = tmp_path / "new"
    url = f"sqlite:///{new / 'hospital.state.sqlite'}"
    if "postgresql" in desk.url:
        url = request.getfixturevalue("state_server").create_database(f"restored_{tmp_path.name[-8:]}".lower())
    restore_backup(file, warehouse=new / "hospital.duckdb", state_url=url, archive=new / "archive")
    restored = Database(url)
    assert counts(restored) == {"queued": 3}
    with restored.reading() as session:
        assert chain_faults(session) == []
    restored.close()
    folders = [path.parent for path in (new / "archive").rglob("manifest.json")]
    assert [folder_faults(folder) for folder in folders] == [[], []]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o500}
    with pytest.raises(InputError, match="writes over nothing"):
        restore_backup(file, warehouse=new / "hospital.duckdb", state_url=url, archive=new / "archive")


def test_a_report_issued_while_the_backup_runs_is_in_it_whole_or_not_at_all(
    desk: StubDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Else the archive would hold a number that the restored state never gave, and nothing could be published."""
    issue_month(desk)
    copied = backup._copy_state

    def then_issue(*given: Any) -> Any:
        made = copied(*given)
        issue_month(desk, month=OCTOBER.plus(1))
        return made

    monkeypatch.setattr(backup, "_copy_state", then_issue)
    file, new = tmp_path / "backup.zip", tmp_path / "new"
    write_backup(file, warehouse=desk.warehouse, state_url=desk.url, archive=desk.archive)
    url = f"sqlite:///{new / 'hospital.state.sqlite'}"
    if "postgresql" in desk.url:
        url = request.getfixturevalue("state_server").create_database(f"during_{tmp_path.name[-8:]}".lower())
    restore_backup(file, warehouse=new / "hospital.duckdb", state_url=url, archive=new / "archive")
    assert {one.parent.parent.name for one in (new / "archive").rglob("manifest.json")} == {"2026-10"}
    desk.url, desk.archive = url, new / "archive"
    desk.reopen()
    assert {one.issue.number for one in issue_month(desk, month=OCTOBER.plus(1))} == {2}


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_a_damaged_backup_is_named(desk: StubDesk, tmp_path: Path) -> None:
    issue_month(desk)
    file = tmp_path / "backup.zip"
    write_backup(file, warehouse=desk.warehouse, state_url=desk.url, archive=desk.archive)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged"):
        restore_backup(file, warehouse=tmp_path / "n" / "h.duckdb", state_url="sqlite:///n.db", archive=tmp_path / "n")


def test_the_doctor_finds_what_is_ill(hospital: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    sink = start_sink(tmp_path, days=10)
    mail = settings_for(sink, tmp_path)
    settings = Settings(delivery=DeliverySettings(audiences=hospital / "audiences.yaml", mail=mail))
    found = {one.what: one for one in examine(hospital / "hospital.duckdb", settings=settings, now=NOON)}
    assert "its certificate ends on" in found["mail server"].found
    assert {"fonts and drawing", "time zone", "disk", "warehouse", "rights", "state", "audiences"} <= found.keys()
    sink.stop()
    shutil.rmtree(hospital / "hospital.store", ignore_errors=True)
    (hospital / "hospital.duckdb").unlink()
    (hospital / "audiences.yaml").write_text("allowed_domains: []\n", encoding="utf-8")
    later = NOON + timedelta(days=1)
    ill = {one.what for one in examine(hospital / "hospital.duckdb", settings=settings, now=later) if not one.is_well}
    assert {"warehouse", "audiences", "mail server"} <= ill


def test_the_doctor_says_what_waits_and_which_certificate_ends(
    desk: StubDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPI_SMTP_PASSWORD", PASSWORD)
    issue_month(desk)
    sink = start_sink(tmp_path, days=5, size=8_000_000)
    delivery = desk.settings.delivery.model_copy(update={"mail": settings_for(sink, tmp_path)})
    settings = desk.settings.model_copy(update={"delivery": delivery, "state_url": desk.url})

    def look(now: datetime) -> dict[str, Finding]:
        return {one.what: one for one in examine(desk.warehouse, settings=settings, now=now)}

    now = datetime.now(UTC)
    found = look(now)
    assert not found["mail server"].is_well
    assert "days: have it renewed" in found["mail server"].found
    assert "takes 8 MB and max_message_mb says 20" in found["size of mails"].found
    assert (look(NOON)["outbox"].is_well, look(NOON)["outbox"].found) == (True, "3 mails waiting")
    late = look(NOON + timedelta(days=3))["outbox"]
    assert (late.is_well, late.found) == (False, f"3 mails waiting, since {NOON:%Y-%m-%d}: kpi outbox says why")
    mail = claim(desk.database, now=NOON)
    assert mail is not None
    settle(desk.database, mail, "uncertain", "lost", now=NOON)
    assert "1 mail of which nobody knows" in look(NOON)["outbox"].found
    sink.stop()
