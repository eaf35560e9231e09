"""Attacks on the other commands: series, mappings, references, backups, audits, drawings, and words of a command."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.attacks.attack import HEADER, Attack, Place, csv_text
from tests.attacks.in_landing import BAD
from tests.attacks.texts import CONTROLS, EVERY, FORMULAS, MARKUP, SQL, TEMPLATES


def series() -> Iterator[Attack]:
    """`kpi signals` on hostile files, with and without a drawing; `kpi map` on hostile headers."""
    for number, text in enumerate((*MARKUP[:8], *CONTROLS[:8], *TEMPLATES[:6], "1e308", "nan", "-inf", "9" * 400, "")):
        for at in ("period", "value"):
            command = ("signals", "FOLDER/<b>{{7}}.csv", "--chart", "xmr", "--chart-file", "FOLDER/x.svg")
            yield Attack(f"signals {at} {number}", partial(_series, at, text), command)
    for number, text in enumerate(
        (*SQL[:8], *CONTROLS, *FORMULAS[:4], "a: b", "- x", "# x", "*a", "!!python/x", "\u2028")
    ):
        yield Attack(f"map header {number}", partial(_mapped, text), ("map", "FOLDER/file.csv"))


def _series(at: str, text: str, place: Place) -> None:
    rows = [(f"2025-{month:02}", str(10 + month % 3)) for month in range(1, 13)]
    rows[5] = (place.aim(text), rows[5][1]) if at == "period" else (rows[5][0], place.aim(text))
    path = place.folder / "<b>{{7}}.csv"
    path.write_text(csv_text(("period", "value"), *rows), encoding="utf-8", newline="")


def _mapped(text: str, place: Place) -> None:
    rows = csv_text((*HEADER[:5], place.aim(text)), BAD)
    (place.folder / "file.csv").write_text(rows, encoding="utf-8", newline="")


KINDS = ("readmission-value-sets", "ccs-icd10", "ccs-icd9", "ms-drg-table5", "benchmarks-hrrp")
REFERENCES: dict[str, bytes] = {
    "texts": "".join(f"{text}\t{text}\n" for text in EVERY).encode("utf-8", "surrogatepass"),
    "zeros": bytes(200_000),
    "quotes": b'"' * 9999,
    "one long line": b"x" * 5_000_000,
    "an archive": b"PK\x03\x04" + b"x" * 500,
    "nothing": b"",
}


def references() -> Iterator[Attack]:
    """Reference files that are none."""
    for kind in KINDS:
        for name, content in REFERENCES.items():
            yield Attack(f"reference {kind}: {name}", partial(_reference, content),
                         ("reference", "import", kind, "FOLDER/given", "--reference", "FOLDER/kept",
                          *(("--fiscal-year", "2026") if kind.startswith(("ms", "bench")) else ())),
                         must="be refused")  # fmt: skip


def _reference(content: bytes, place: Place) -> None:
    folder = place.folder / "given"
    folder.mkdir()
    for name in ("readmissions__planned.csv", "dxccsr.csv", "$prref 2015.csv", "table5.txt"):
        (folder / name).write_bytes(content)


BACKUPS: dict[str, dict[str, Any]] = {
    "a path out": {"../outside/written": b"x"},
    "a path out, in our part": {"archive/../../outside/written": b"x"},
    "a path from the root": {"{written}": b"x"},
    "a path of backslashes": {"archive\\..\\..\\outside\\written": b"x"},
    "a drive": {"C:/written": b"x"},
    "no contents": {},
    "contents that lie": {"archive/x": b"x"},
}


def backups() -> Iterator[Attack]:
    """`kpi restore` of archives that lead out, lie, or are bombs."""
    for name, files in BACKUPS.items():
        command = ("restore", "FOLDER/b.zip", "--warehouse", "WAREHOUSE")
        yield Attack(f"restore: {name}", partial(_backup, files), command, must="be refused")


def _backup(files: dict[str, bytes], place: Place) -> None:
    import hashlib

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        hashes = {}
        for name, content in files.items():
            archive.writestr(place.aim(name), content)
            hashes[place.aim(name)] = hashlib.sha256(content).hexdigest()
        if files:
            archive.writestr("contents.json", json.dumps(hashes))
    (place.folder / "b.zip").write_bytes(packed.getvalue())


AUDITED: dict[str, tuple[bytes, bytes]] = {
    "deep": (b"metric\n", b"[" * 100_000 + b"]" * 100_000),
    "no JSON": (b"metric\n", b"{"),
    "another thing": (b"metric\n", b'{"appendix": {"definitions": 7}, "facility_id": [1]}'),
    "no CSV": (b"\0\0\0\n\"", b"{}"),
    "a long field": (b"metric,month\n" + b"x" * 300_000 + b",2026-01\n", b"{}"),
    "no UTF-8": (b"\xff\xfe", b'{"appendix": {"definitions": []}, "facility_id": "all"}'),
    "hostile texts": (
        b"metric,facility_id,month,numerator,denominator,value\n"
        + "".join(csv_text((text, text, text, text, text, text)) for text in EVERY).encode("utf-8", "surrogatepass"),
        b'{"appendix": {"definitions": []}, "facility_id": "all"}',
    ),
    "known measure, hostile numbers": (
        b"reference,metric,facility_id,month,numerator,denominator,value\n"
        + b"".join(
            b"x,discharges,all,2026-01,%s,%s,%s\n" % (one, one, one)
            for one in (b"1e999", b"nan", b"-5", b"9" * 400, b"withheld")
        ),
        b'{"appendix": {"definitions": []}, "facility_id": "all"}',
    ),
}  # fmt: skip


def audits() -> Iterator[Attack]:
    """`kpi audit-disclosure` on reports that are none."""
    for name, files in AUDITED.items():
        yield Attack(
            f"audit: {name}", partial(_audited, files), ("audit-disclosure", "FOLDER/r.pdf"), must="be refused"
        )


def _audited(files: tuple[bytes, bytes], place: Place) -> None:
    (place.folder / "r.figures.csv").write_bytes(files[0])
    (place.folder / "r.model.json").write_bytes(files[1])


_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'
)
LOGOS: dict[str, str] = {
    "image of a file": _SVG.format('<image href="file://{secret}"/>'),
    "image of a file, the old way": _SVG.format('<image xlink:href="file://{secret}"/>'),
    "image of the network": _SVG.format('<image href="http://192.0.2.1/x.png"/>'),
    "use of a file": _SVG.format('<use href="file://{secret}#x"/>'),
    "style": _SVG.format("<style>@import url(file://{secret});</style>"),
    "style as an attribute": _SVG.format('<rect style="fill:url(file://{secret}#x)" width="9" height="9"/>'),
    "fill": _SVG.format('<rect fill="url( \'file://{secret}#x\' )" width="9" height="9"/>'),
    "script": _SVG.format("<script>x</script>"),
    "event": _SVG.format('<rect onload="x()" width="9" height="9"/>'),
    "foreign object": _SVG.format("<foreignObject><iframe src='file://{secret}'/></foreignObject>"),
    "entity": "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file://{secret}'>]>" + _SVG.format("<text>&x;</text>"),
    "laughs": "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>" + _SVG.format("<text>&b;</text>"),
    "style sheet": '<?xml version="1.0"?><?xml-stylesheet href="file://{secret}"?>' + _SVG.format(""),
    "base": _SVG.format('<g xml:base="file://{secret}"><rect width="9" height="9"/></g>'),
    "data in data": _SVG.format('<image href="data:image/svg+xml,&lt;svg/>"/>'),
    "href to a script": _SVG.format('<a href="javascript:x">x</a>'),
    "no XML": "<svg",
    "huge": "<svg width='1e9' height='1e9' xmlns='http://www.w3.org/2000/svg'/>",
    "deep": "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g>" * 20_000 + "</g>" * 20_000 + "</svg>",
    "another thing": "not an image",
}
ADDRESSES = (
    "file:///etc/passwd",
    "file://{secret}",
    "file:///proc/self/environ",
    "FILE:///etc/passwd",
    "file://localhost{secret}",
    "file:{secret}",
    "{secret}",
    "http://192.0.2.1/",
    "https://192.0.2.1/",
    "ftp://192.0.2.1/",
    "gopher://192.0.2.1/",
    "jar:file://{secret}!/",
    "data:text/html,<script>",
    "data:text/css,@import url(file://{secret})",
    "file:///{templates}/../../../../../../../../etc/passwd",
    "file:///{templates}/%2e%2e/%2e%2e/pyproject.toml",
    "file:///{templates}/report.css\0",
    "about:blank",
    "//192.0.2.1/x.css",
    "\\\\192.0.2.1\\x",
)


def drawings() -> Iterator[Attack]:
    """Logos, and addresses that the drawing of a page might be made to fetch."""
    for name, text in LOGOS.items():
        yield Attack(f"logo: {name}", partial(_logo, text), ("logo",))
    for number, text in enumerate(ADDRESSES):
        yield Attack(f"address {number}", partial(_logo, text), ("fetch",), must="be refused")


def _logo(text: str, place: Place) -> None:
    (place.folder / "logo.svg").write_text(place.aim(text), encoding="utf-8")


_REPORT = ("report", "--warehouse", "WAREHOUSE", "--out", "FOLDER/out")
WORDS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "metric": lambda text: ("cases", text, "--warehouse", "WAREHOUSE"),
    "facility": lambda text: (
        "report",
        "2026-10",
        "--warehouse",
        "WAREHOUSE",
        "--out",
        "FOLDER/out",
        "--facility",
        text,
    ),
    "month": lambda text: (*_REPORT, text),
    "new metric": lambda text: ("new-metric", text),
    "landing": lambda text: ("build", "--landing", text, "--warehouse", "WAREHOUSE"),
    "source": lambda text: ("build", "--landing", "LANDING", "--warehouse", "WAREHOUSE", "--source", text),
    "state": lambda text: ("initiative", "list", "--state", text),
}


def words() -> Iterator[Attack]:
    """Hostile words of a command."""
    for kind, make in WORDS.items():
        for number, text in enumerate(
            ("'; DROP--", "../../x", "\x1b[31m", "{{7*7}}", "a\0b", "x" * 5000, "=1+1", "\udcff", "")
        ):
            yield Attack(f"word {kind} {number}", lambda place: place.landing, make(text))
