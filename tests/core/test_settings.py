"""The hospital's settings file: every field has a default, every fault is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.settings import Settings, read_settings


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "kpi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_settings(path)
    return [str(fault).replace(str(path), "kpi.yaml") for fault in caught.value.faults]


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KPI_SETTINGS", raising=False)
    assert read_settings() == Settings()
    assert read_settings(settings_file(tmp_path, "")) == Settings()
    assert (Settings().min_denominator, Settings().quarantine_limit_pct) == (25, 5.0)


def test_the_file_here_is_found_and_the_named_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KPI_SETTINGS", raising=False)
    settings_file(tmp_path, "hospital_name: Here\n")
    assert read_settings().hospital_name == "Here"
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("KPI_SETTINGS", str(settings_file(tmp_path / "other", "hospital_name: Other\n")))
    assert read_settings().hospital_name == "Other"
    assert read_settings(tmp_path / "kpi.yaml").hospital_name == "Here"


def test_a_file_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = "kpi.yaml: there is no such settings file. Check the path, or leave it out."
    assert faults_of(tmp_path / "kpi.yaml") == [absent]
    monkeypatch.setenv("KPI_SETTINGS", str(tmp_path / "absent.yaml"))
    with pytest.raises(DefinitionError, match="there is no such settings file"):
        read_settings()


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = "min_denominator: 0\nmin_denominatr: 25\nreport: {paper: a3}\nmemory_limit: much\n"
    found = faults_of(settings_file(tmp_path, text))
    assert len(found) == 4
    for part in (
        "kpi.yaml: min_denominatr is not a known field.",
        "min_denominator must be greater than or equal to 1; got 0.",
        "report.paper must be 'letter' or 'a4'; got 'a3'.",
        "memory_limit",
    ):
        assert any(part in fault for fault in found), f"{part} is not told in {found}"


def test_a_file_that_is_not_yaml_says_so(tmp_path: Path) -> None:
    for text, line in (("hospital_name: [\n", 2), ("hospital_name: 2026-02-30\n", 1)):
        (fault,) = faults_of(settings_file(tmp_path, text))
        assert fault.startswith(f"kpi.yaml:{line}: is not YAML: ")
    assert faults_of(settings_file(tmp_path, "- hospital_name\n")) == [
        "kpi.yaml: is no list of `name: value` lines. Write one on each line."
    ]


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = "targets: targets.yaml\nreport: {logo: images/logo.png, commentary: /elsewhere/words.yaml}\n"
    settings = read_settings(settings_file(tmp_path, text))
    assert settings.targets == tmp_path / "targets.yaml"
    assert settings.report.logo == tmp_path / "images" / "logo.png"
    assert settings.report.commentary == Path("/elsewhere/words.yaml")


def test_a_text_of_the_report_that_cannot_be_printed_is_refused_where_it_is_written(tmp_path: Path) -> None:
    text = "hospital_name: 東京\nreport: {title: 'Łódź 😀', contact: Ærø}\nowners: {length_of_stay_days: 北}\n"
    told = faults_of(settings_file(tmp_path, text))
    assert [one.split(";")[0] for one in told] == [
        "kpi.yaml: hospital_name: holds characters that cannot be printed: U+4EAC, U+6771",
        "kpi.yaml: report.title: holds characters that cannot be printed: U+1F600",
        "kpi.yaml: owners.length_of_stay_days: holds characters that cannot be printed: U+5317",
    ]
