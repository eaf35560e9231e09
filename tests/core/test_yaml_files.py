"""The one YAML reader: what people write is read once, safely, and a fault is named with its line."""

from __future__ import annotations

import contextlib
import random
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core import yaml_files
from kpi_pipeline.core.errors import DefinitionError, InputError
from kpi_pipeline.core.yaml_files import (
    DEEPEST,
    LARGEST_BYTES,
    key_lines,
    parse_yaml,
    read_list,
    read_mapping,
    render_yaml,
)
from kpi_pipeline.intake import contract


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fault_in(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_yaml(text, where="file.yaml")
    (fault,) = caught.value.faults
    return str(fault)


def test_values_are_typed_or_stay_text(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffid: 010\nday: 2026-10-31\nyes: true\n")
    assert read_mapping(path) == {"id": 8, "day": date(2026, 10, 31), True: True}
    assert read_mapping(path, as_text=True) == {"id": "010", "day": "2026-10-31", "yes": "true"}


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n", "null\n"])
def test_an_empty_file_holds_nothing(content: str, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    assert read_mapping(path) == {}
    assert read_list(path, of="targets", first_key="metric") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "file.yaml:3: the key 'a' is given twice, first on line 1. Keep one."),
        ("a:\n  b: 1\n  b: 1\n", "file.yaml:3: the key 'b' is given twice, first on line 2. Keep one."),
        ("- a: 1\n- {b: 1, b: 2}\n", "file.yaml:2: the key 'b' is given twice, first on line 2. Keep one."),
        ("a: &x [1]\nb: *x\n", "file.yaml:2: uses the alias *x. Write the value out."),
        ("a: 1\nb: [\n", "file.yaml:3: is not YAML: expected the node content, but found '<stream end>'."),
        ("a: 1\nday: 2026-02-30\n", "file.yaml:2: is not YAML: day is out of range for month."),
        ("a: !!python/object/apply:os.system [ls]\n", "file.yaml:1: is not YAML: could not determine a constructor"),
        ("a: 1\n? [1]\n: 2\n", "file.yaml:2: is not YAML: found unhashable key."),
        ("a: 1\n\tb: 2\n", "file.yaml:2: is not YAML: found character '\\t' that cannot start any token."),
        ("a: \0", "file.yaml: is not YAML: it holds a character that YAML does not allow."),
        ("a: 1\n---\nb: 2\n", "file.yaml:2: is not YAML: but found another document."),
        ("a: " + "9" * 5000, "file.yaml:1: is not YAML: Exceeds the limit"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, fault: str) -> None:
    assert fault_in(text).startswith(fault)


def test_depth_is_limited_and_a_bomb_is_refused_before_it_goes_off() -> None:
    deepest = "[" * DEEPEST + "]" * DEEPEST
    assert parse_yaml(deepest, where="file.yaml") is not None
    assert f"is nested more than {DEEPEST} levels deep" in fault_in(f"[{deepest}]")
    assert "levels deep" in fault_in("[" * 100_000)
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert fault_in(bomb) == "file.yaml:2: uses the alias *a. Write the value out."


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"file\.yaml:2: is not UTF-8 text\. Save it as UTF-8\."):
        read_mapping(written(tmp_path, b"a: 1\nb: \xfc\n"), where="file.yaml", error=InputError)
    with pytest.raises(DefinitionError, match="is larger than 1,000,000 bytes"):
        read_mapping(written(tmp_path, "#" * (LARGEST_BYTES + 1)))
    with pytest.raises(DefinitionError, match="cannot be read: Is a directory"):
        read_mapping(tmp_path)
    with pytest.raises(DefinitionError, match="cannot be read: No such file"):
        read_list(tmp_path / "absent.yaml", of="targets", first_key="metric")


def test_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is no list of `name: value` lines"):
        read_mapping(written(tmp_path, "- a\n"))
    for content in ("a: 1\n", "text\n"):
        with pytest.raises(DefinitionError, match=r"must be a list of targets; got .* Begin each with `- metric:`\."):
            read_list(written(tmp_path, content), of="targets", first_key="metric")


def test_keys_are_found_with_their_lines() -> None:
    assert key_lines("\na: 1\nb:\n  c: 2\nd: 3\n") == {"a": 2, "b": 3, "d": 5}
    assert key_lines("- a\n") == {}


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@,? \n\t01.~=<"), max_size=60))
def test_no_text_ends_in_anything_but_a_value_or_a_fault(text: str) -> None:
    with contextlib.suppress(DefinitionError):
        parse_yaml(text, where="file.yaml")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "source.yaml: title is missing."),
        ("title: [\n", "source.yaml:2: is not YAML: "),
        ("title: A\ntitle: B\n", "source.yaml:2: the key 'title' is given twice"),
        ("- title\n", "source.yaml: is no list of `name: value` lines."),
    ],
)
def test_a_broken_source_file_is_named(
    content: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sql" / "staged" / "broken").mkdir(parents=True)
    (tmp_path / "sql" / "staged" / "broken" / "source.yaml").write_text(content, encoding="utf-8")
    monkeypatch.setattr(contract, "resource_folder", lambda name: tmp_path / name)
    with pytest.raises(DefinitionError) as caught:
        contract.load_source("broken")
    assert any(fault in str(found) for found in caught.value.faults)


def test_yaml_is_parsed_in_one_place_only() -> None:
    package = Path(contract.__file__).parent.parent
    parsing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(call in path.read_text(encoding="utf-8") for call in ("yaml.load(", "yaml.safe_load(", "yaml.compose("))
    }
    assert parsing == {"core/yaml_files.py"}


def test_what_is_written_is_read_again_also_where_two_entries_share_a_value() -> None:
    day, codes = date(2026, 11, 1), ["207", "291"]
    content = [{"on": day, "codes": codes}, {"on": day, "codes": codes}]
    assert parse_yaml(render_yaml(content), where="x.yaml") == content


def test_a_file_of_endless_names_is_refused_before_it_takes_long() -> None:
    many = "".join(f"k{number}: 1\n" for number in range(30_000))
    assert fault_in(many) == (
        "file.yaml:10000: holds more than 20,000 names and values. Check that it is the right file."
    )


def test_the_fast_reader_reads_and_refuses_what_pyyamls_own_does() -> None:
    """Front matter with a few signs put in, left out and copied: same values, same faults."""
    signs = [*":-\n\t\"'{}[]#&*!|>%@`,?~=\\é😀\x85\u2028", "<<", "---", "...", "1_0", "2026-99-99", "!!int", "1:30"]
    dice = random.Random(3)
    heads = [path.read_text(encoding="utf-8")[5:].split("---*/")[0] for path in Path("sql/warehouse").glob("*.sql")]
    n_refused = 0
    for _ in range(400):
        text = dice.choice(heads)
        for _ in range(dice.randint(0, 3)):
            at, other = dice.randrange(len(text)), dice.randrange(len(text))
            text = dice.choice(
                [
                    text[:at] + dice.choice(signs) + text[at:],
                    text[:at] + text[at + 3 :],
                    text[:at] + text[other : other + 20] + text[at:],
                ]
            )
        for as_text, slow in ((False, yaml_files._TypedLoader), (True, yaml_files._TextLoader)):
            try:
                expected = repr(yaml.load(text, Loader=slow))  # noqa: S506  both are safe loaders
            except yaml.YAMLError as broken:
                expected = str(yaml_files._fault_of(broken, "x"))
                n_refused += 1
            try:
                read = repr(parse_yaml(text, where="x", as_text=as_text))
            except DefinitionError as error:
                (read,) = map(str, error.faults)
            assert read == expected, text
    assert 200 < n_refused < 600
