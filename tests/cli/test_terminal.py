"""Whatever a file holds, no way of printing it steers a terminal; and there are no other ways of printing."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import kpi_pipeline
from kpi_pipeline.cli import console
from kpi_pipeline.cli.console import Format, print_errors, print_frame, say, warn
from kpi_pipeline.core.errors import Fault, InputError
from tests.attacks.texts import EVERY

STEERING = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0x202A, 0x202F))}
STEERING |= {*map(chr, range(0x2066, 0x206A)), *"\u200e\u200f\u061c\u2028\u2029", *map(chr, range(0xD800, 0xE000))}
STEERING -= {"\n"}
TEXTS = (*EVERY, *(f"a{one}b" for one in sorted(STEERING)[:85]), "\ud800", "[/]", "[bold", "\\[red]x", "[@click=x]y[/]")
WAYS: dict[str, Callable[[str], object]] = {
    "say": say,
    "warn": warn,
    "error": lambda text: print_errors(InputError(Fault(text, text, text))),
    "cell": lambda text: print_frame(pd.DataFrame({"a": [text]}), output=Format.table, title="t"),
    "title": lambda text: print_frame(pd.DataFrame({"a": [1]}), output=Format.table, title=text),
    "column": lambda text: print_frame(pd.DataFrame({text: [1]}), output=Format.table, title="t"),
    "csv": lambda text: print_frame(pd.DataFrame({"a": [text]}), output=Format.csv, title="t"),
    "csv column": lambda text: print_frame(pd.DataFrame({text: [1]}), output=Format.csv, title="t"),
    "json": lambda text: print_frame(pd.DataFrame({"a": [text]}), output=Format.json, title="t"),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_text_steers_a_terminal(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    for text in TEXTS:
        if way not in ("say", "warn", "error", "title"):
            text = text.encode("utf-8", "replace").decode()  # no frame can hold halves of characters
        WAYS[way](text)
        said = out.getvalue() + err.getvalue()
        steers = {f"U+{ord(one):04X}" for one in STEERING.intersection(said)} - ({"U+0009"} if "csv" in way else set())
        assert steers == set(), ascii(text)
        assert said
        for stream in (out, err):
            stream.seek(0)
            stream.truncate()


def test_a_file_and_json_hold_what_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"a": ["x\x1b[31m"]})
    print_frame(frame, output=Format.csv, title="t", into=tmp_path / "cases.csv")
    assert (tmp_path / "cases.csv").read_text() == "a\nx\x1b[31m\n"
    capsys.readouterr()
    print_frame(frame, output=Format.json, title="t")
    assert json.loads(capsys.readouterr().out) == {"a": "x\x1b[31m"}


def test_nothing_else_prints() -> None:
    """Every word on the screen goes through `cli.console`, which is attacked above."""
    root = Path(kpi_pipeline.__file__).parent
    told = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted(root.rglob("*.py"))
        if path != Path(console.__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.ImportFrom) and _prints(node)
    ]
    assert told == []


def _prints(node: ast.Call | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] == "rich"
    name = ast.unparse(node.func)
    return name in ("print", "pprint") or name.endswith((".echo", ".secho", "stdout.write", "stderr.write"))
