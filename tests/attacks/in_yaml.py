"""Attacks by the YAML that people and feeds write: settings, targets, commentary, initiatives, audiences, landing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import yaml

from tests.attacks.attack import HEADER, Attack, Place, csv_text, good_landing
from tests.attacks.texts import CONTROLS, FORMULAS, MARKUP, SQL, TEMPLATES

_ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
STRUCTURES: dict[str, str | bytes] = {
    "a tag that runs": "x: !!python/object/apply:os.system ['touch {written}']\n",
    "a tag that makes": "x: !!python/object/new:type {args: [z, !!python/tuple [], {extend: !!python/name:exec}]}\n",
    "a tag of a module": "x: !!python/module:{secret}\n",
    "a tag of ours": "x: !evil {secret}\n",
    "a million aliases": _ALIASES,
    "an alias to itself": "x: &x [*x]\n",
    "a merge": "<<: {a: 1}\n",
    "deep lists": "x: " + "[" * 5000 + "]" * 5000 + "\n",
    "deep names": "".join(" " * n + f"k{n}:\n" for n in range(400)),
    "a name twice": "x: 1\nx: 2\n",
    "a name that is a list": "? [a, b]\n: c\n",
    "a name that is a map": "{a: b}: c\n",
    "an unhashable set": "x: !!set {? [a]}\n",
    "an endless number": "x: " + "9" * 6000 + "\n",
    "a number of 60s": "x: 190:20:30:40:50:60:70:80:90\n",
    "no number": "x: .nan\ny: -.inf\n",
    "a day that is none": "x: 2026-13-45\n",
    "bytes": "x: !!binary R0lGODlhDAAMAIQAAP//9/X\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a directive": "%YAML 9.9\n%TAG ! tag:evil,2026:\n---\na: 1\n",
    "a zero byte": "a: \0\n",
    "an escape": "a: \x1b[31m\n",
    "an escape that is written": 'a: "\\e[31m\\x9b\\u202e"\n',
    "a surrogate": 'a: "\\ud800"\n',
    "UTF-16": "a: 1\n".encode("utf-16"),
    "no UTF-8": b"a: \xff\xfe\n",
    "tabs": "a:\n\t- b\n",
    "two megabytes": "a: " + "x" * 2_000_000 + "\n",
    "a list": "- a\n- b\n",
    "one word": "x\n",
    "nothing": "",
    "a hundred thousand names": "".join(f"k{n}: 1\n" for n in range(60_000)),
    "unclosed": 'a: "\n',
}
FILES = ("kpi", "targets", "commentary", "initiatives", "audiences", "landing")


def structures() -> Iterator[Attack]:
    """What YAML itself can be made to do, in every file we read."""
    for file in FILES:
        for name, text in STRUCTURES.items():
            yield Attack(f"{file}.yaml: {name}", partial(_structure, file, text), _command(file))


def _command(file: str) -> tuple[str, ...]:
    return {
        "kpi": ("declared",),
        "targets": ("declared",),
        "commentary": ("declared",),
        "initiatives": ("initiative", "import", "FOLDER/initiatives.yaml", "--by", "x", "--state",
                        "sqlite:///FOLDER/state.sqlite"),
        "audiences": ("audiences",),
        "landing": ("intake",),
    }[file]  # fmt: skip


def _structure(file: str, text: str | bytes, place: Place) -> None:
    content = text if isinstance(text, bytes) else place.aim(text).encode("utf-8", "surrogatepass")
    if file == "landing":
        good_landing(place)
        (place.landing / "landing.yaml").write_bytes(content)
        return
    (place.folder / f"{file}.yaml").write_bytes(content)


HOSTILE = (*SQL, *MARKUP[:8], *TEMPLATES, *FORMULAS[:4], *CONTROLS[:10])
_COLUMNS = {name: name for name in HEADER}
OPTIONS: dict[str, object] = {
    "a file outside": {"files": "../../outside/secret*"},
    "a file from the root": {"files": "{secret}"},
    "a file by a link up": {"files": "x/../../../outside/*"},
    "every file of every folder": {"files": ["*", "*/*", "*/*/*", "*/*/*/*/*/*/*/*"]},
    "a pattern that takes for ever": {"files": "*a" * 140 + "b"},
    "an open bracket": {"files": "encounters[.csv"},
    **{f"the encoding {name}": {"encoding": name} for name in
       ("rot13", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "zip", "base64", "utf-7", "undefined",
        "mbcs", "hz", "utf-8-sig", "../../x", "cp1252\0")},
    "a quote as delimiter": {"delimiter": "'"},
    "a zero byte as delimiter": {"delimiter": "\0"},
    "an escape as delimiter": {"delimiter": "\x1b"},
    "two bytes as delimiter": {"delimiter": "€"},
    "a dash as delimiter": {"delimiter": "-"},
    "a header far down": {"header_row": 1000},
    "a footer of all": {"skip_footer": 1000},
    "a sheet of markup": {"sheet": "'; <script>"},
    "a date form that quotes": {"dates": "%Y-%m-%d') --"},
    "a date form of everything": {"dates": "%d%m%Y" + "%%" * 200},
    "a date form by column": {"dates": {"admitted_at'); --": "%Y-%m-%d"}},
    "a column of none": {"columns": {"encounter_id'; --": "encounter_id"}},
    "a value of none": {"values": {"x": {"a": "b"}}},
}  # fmt: skip


def options() -> Iterator[Attack]:
    """landing.yaml that maps files: hostile names of headers, constants and values; patterns, encodings, forms."""
    for number, text in enumerate(HOSTILE):
        yield Attack(f"landing.yaml mapping {number}", partial(_mapping, text), n_inputs=4)
    for name, option in OPTIONS.items():
        yield Attack(f"landing.yaml: {name}", partial(_option, option))
    for key in ("source", "time_zone", "complete_through", "plausible_until", "icd9", "tables"):
        yield Attack(f"landing.yaml: {key} is hostile", partial(_one_key, key))


def _mapping(text: str, place: Place) -> None:
    """A header, a constant, a foreign value and its meaning, all of them hostile."""
    hostile = place.aim(text)
    header = tuple(hostile if name == "person_id" else name for name in HEADER)
    good = ("E1", "P1", "F1", hostile, "2026-10-01", "2026-10-05")
    (place.landing / "encounters.csv").write_text(csv_text(header, good), encoding="utf-8", newline="")
    table = {
        "columns": {**_COLUMNS, "person_id": hostile},
        "constants": {"payer": hostile},
        "values": {"encounter_type": {hostile: "acute inpatient"}, "service_line": {"x": hostile}},
    }
    _write_options(place, {"tables": {"encounters": table}})


def _option(option: object, place: Place) -> None:
    good_landing(place)
    aimed = yaml.safe_load(place.aim(yaml.safe_dump(option, width=10_000)))
    _write_options(place, {"tables": {"encounters": aimed}})


def _one_key(key: str, place: Place) -> None:
    good_landing(place)
    _write_options(place, {key: "'; ../../x \x1b[31m<script>{{7*7}}"})


def _write_options(place: Place, content: object) -> None:
    (place.landing / "landing.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


WRITERS: dict[str, Callable[[str], object]] = {
    "kpi": lambda text: {"hospital_name": text, "report": {"title": text, "contact": text}},
    "kpi path": lambda text: {"report": {"logo": text, "commentary": text}, "targets": text},
    "kpi state": lambda text: {"state_url": text, "avoidable_day_reasons": {text: text[:70] or "x"}},
    "targets": lambda text: [{"metric": text, "value": 1.0, "from": "2024-01", "source": text}],
    "commentary": lambda text: {"months": {"2026-10": {"written_on": "2026-11-06", "headline": text,
                                "comments": {"readmission_30d": {"why": text}}}}},
    "audiences": lambda text: {"allowed_domains": ["h.example"], "operators": [f"{text}@h.example"],
                               "audiences": [{"name": text, "scope": text, "profile": "board", "people":
                                              [{"address": "a@h.example", "name": text}]}]},
    "initiatives": lambda text: [{"id": text, "title": text, "aim": text, "owner": text, "declared_on": "2025-10-01",
                                  "starts_on": "2025-11-01", "scope": {"facilities": [text]},
                                  "outcomes": [text]}],
}  # fmt: skip


def people_texts() -> Iterator[Attack]:
    """Hostile texts where people write: titles, headlines, names, aims, paths."""
    for kind, write in WRITERS.items():
        file = kind.split()[0]
        for number, text in enumerate((*MARKUP[:6], *TEMPLATES[:4], *CONTROLS, *SQL[:3], "../../../x", "{secret}")):
            if kind in ("kpi path", "kpi state") and number > 14:
                continue
            yield Attack(f"{kind} text {number}", partial(_text, file, write, text), _command(file))


def _text(file: str, write: Callable[[str], object], text: str, place: Place) -> None:
    content = yaml.safe_dump(write(place.aim(text)), allow_unicode=False)
    _structure(file, content.encode(), place)
