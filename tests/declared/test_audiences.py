"""audiences.yaml: every fault at once, and nobody outside the allowed domains."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.declared.audiences import read_audiences
from tests.support.delivery import AUDIENCES


def written(folder: Path, text: str) -> Path:
    file = folder / "audiences.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(folder: Path, text: str, **options: list[str]) -> list[str]:
    with pytest.raises(DefinitionError) as raised:
        read_audiences(written(folder, text), **options)
    return [str(fault) for fault in raised.value.faults]


def test_people_scopes_and_profiles_are_read(tmp_path: Path) -> None:
    read = read_audiences(written(tmp_path, AUDIENCES), facilities=["A", "B"])
    assert [(one.name, one.scopes, one.profile, len(one.people)) for one in read.audiences] == [
        ("executives", ("all",), "internal", 2),
        ("board", ("all",), "board", 1),
    ]
    facility = AUDIENCES.replace("scope: all\n    profile: board", "scope: [A, B]\n    profile: board")
    assert read_audiences(written(tmp_path, facility), facilities=["A", "B"]).audiences[1].scopes == ("A", "B")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = """
allowed_domains: [hospital.example]
operators: [it@elsewhere.example]
audiences:
  - name: board
    scope: [A, A]
    profile: board
    people:
      - {address: chair@elsewhere.example, name: Kim}
      - {address: ceo@hospital.example, name: Dana}
      - {address: CEO@hospital.example, name: Dana}
  - name: board
    scope: all
    profile: board
    people: [{address: x@hospital.example, name: X}]
"""
    told = faults(tmp_path, text)
    assert len(told) == 5
    for part in ("'board' is given twice", "facility 'A' is given twice", "chair@elsewhere.example is outside",
                 "ceo@hospital.example is given twice", "operators: it@elsewhere.example is outside"):  # fmt: skip
        assert any(part in fault for fault in told), part


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("scope: all=>scope: [Z]", "facility 'Z' is not in the data"),
        ("scope: all=>scope: [all, A]", "write `scope: all`"),
        ("profile: board=>profile: public", "profile"),
        ("name: board=>name: ../../etc", "name"),
        ("name: board=>name: Board", "name"),
        ("chair@hospital.example=>chair@hospital.example.evil.example", "is outside the allowed domains"),
        ("chair@hospital.example=>'chair@hospital.example\\r\\nBcc: t@evil.example'", "is no mail address"),
        ("chair@hospital.example=>'\"chair@hospital.example\"@evil.example'", "is no mail address"),
        ("chair@hospital.example=>vorständin@hospital.example", "plain letters (a-z)"),
        ("chair@hospital.example=>chair@häuser.example", "its xn-- form"),
        ("allowed_domains: [hospital.example]=>allowed_domains: [häuser.example]", "its xn-- form"),
        ('Kim Chair=>"Kim\\nBcc: t@evil.example"', "control character"),
        ("Kim Chair=>'=?utf-8?q?Kim=0ABcc=3A_t=40evil.example?='", "holds `=?`"),
        ("form: notice=>form: fax", "form"),
        ("people:=>people: []\n    persons:", "people: "),
        ("allowed_domains: [hospital.example]=>allowed_domains: []", "allowed_domains"),
        ("allowed_domains: [hospital.example]=>allowed_domains: ['*']", "is no mail domain"),
    ],
)
def test_a_file_that_tries_to_widen_itself_is_refused(tmp_path: Path, change: str, told: str) -> None:
    old, new = change.split("=>", 1)
    assert old in AUDIENCES
    assert any(told in fault for fault in faults(tmp_path, AUDIENCES.replace(old, new), facilities=["A"]))


def test_without_a_file_it_says_how_to_write_one() -> None:
    with pytest.raises(DefinitionError, match=r"Write audiences\.yaml"):
        read_audiences(None)
