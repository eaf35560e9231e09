"""`kpi initiative`, `kpi rebase` and `kpi signals --chart-file`: what they print, and the exit code of each refusal."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from kpi_pipeline.cli import main as cli
from kpi_pipeline.journal import current_initiatives, open_journal
from kpi_pipeline.metrics import values as stored_values
from kpi_pipeline.pipeline import build as pipeline
from kpi_pipeline.state.journal import state_url
from tests.journal.test_decisions import ROUNDS
from tests.journal.test_rebases import KEY, LONGER, SHORTER

Run = Callable[..., tuple[int, list[str], list[str]]]
"""Arguments of `kpi` → exit code, lines of standard output, lines of standard error."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "utc_now", lambda: datetime(2026, 11, 4, 15, 0, tzinfo=UTC))
    monkeypatch.setattr(stored_values, "read_values", lambda _: SHORTER)

    def run(*arguments: str) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["kpi", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return run


def write_file(folder: Path, *initiatives: dict[str, object]) -> str:
    path = folder / "initiatives.yaml"
    path.write_text(yaml.safe_dump(list(initiatives)), encoding="utf-8")
    return str(path)


PLANNED = {**ROUNDS, "declared_on": "2026-11-01", "starts_on": "2027-01-04"}
BESIDE = ("--warehouse", "hospital.duckdb")


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Run:
    """A journal with one planned initiative."""
    assert run("initiative", "import", write_file(tmp_path, PLANNED), "--by", "Director", *BESIDE)[0] == 0
    return run


# ── initiatives ──────────────────────────────────────────────────────────────────────────────────────────────


def test_importing_says_what_is_new_and_what_was_there(run: Run, tmp_path: Path) -> None:
    file = write_file(tmp_path, PLANNED)
    assert run("initiative", "import", file, "--by", "Director", *BESIDE) == (
        0,
        ["rounds: recorded, version 1", "0 of 1 were on record as they are."],
        [],
    )
    assert run("initiative", "import", file, "--by", "Director", *BESIDE)[1] == ["1 of 1 were on record as they are."]
    changed = write_file(tmp_path, {**PLANNED, "owner": "Nurse director"})
    assert run("initiative", "import", changed, "--by", "Director", *BESIDE)[1][0] == (
        "rounds: recorded, version 2, changed owner"
    )
    assert (tmp_path / "hospital.state.sqlite").is_file()


def test_a_declaration_that_comes_too_late_is_told_when_it_is_imported(run: Run, tmp_path: Path) -> None:
    code, _, told = run("initiative", "import", write_file(tmp_path, ROUNDS), "--by", "Director", *BESIDE)
    assert code == 0
    assert told == [
        "Warning: rounds says it was declared on 2025-09-01, before it started on 2025-11-01; the journal shows that "
        "only since 2026-11-04: it is not declared beforehand."
    ]


def test_every_fault_of_a_file_is_told_and_nothing_is_recorded(run: Run, tmp_path: Path) -> None:
    file = write_file(tmp_path, {**PLANNED, "outcomes": ["los"], "owner": ""}, {"id": "Bad Id"})
    code, _, told = run("initiative", "import", file, "--by", "Director", *BESIDE)
    assert code == 4
    assert any("'los' is not a metric" in line for line in told)
    assert any("rounds: owner" in line for line in told)
    assert any("Bad Id: title is missing" in line for line in told)
    assert not (tmp_path / "hospital.state.sqlite").exists()


def test_a_missing_file_and_a_missing_journal_are_input_errors(run: Run, tmp_path: Path) -> None:
    assert run("initiative", "import", "none.yaml", "--by", "Director", *BESIDE)[0] == 3
    for command in (("initiative", "list"), ("initiative", "show", "rounds"), ("rebase", "list")):
        code, _, told = run(*command, *BESIDE)
        assert code == 3
        assert "there is no journal of decisions" in told[0]
    assert run("initiative", "list") == (
        3,
        [],
        ["Error: --warehouse: is missing. Name the warehouse, or the journal with --state URL."],
    )
    assert list(tmp_path.iterdir()) == []


def test_a_cycle_is_added_finished_and_shown_with_who_and_when(imported: Run) -> None:
    asked = ("--by", "Analyst", *BESIDE)
    plan = ("--plan", "Rounds at nine.", "--on", "2027-01-04")
    assert imported("initiative", "add-cycle", "rounds", *plan, *asked) == (0, ["rounds: cycle recorded"], [])
    found = ("--did", "Held on 18 of 20 days.", "--learned", "It helped.", "--decision", "adapt", "--on", "2027-02-01")
    assert imported("initiative", "finish-cycle", "rounds", "1", *found, *asked)[0] == 0
    code, shown, _ = imported("initiative", "show", "rounds", *BESIDE)
    assert code == 0
    (one,) = yaml.safe_load("\n".join(shown[: shown.index("")]))
    (cycle,) = one["cycles"]
    assert (str(cycle["began_on"]), str(cycle["decided_on"]), cycle["decision"]) == (
        "2027-01-04",
        "2027-02-01",
        "adapt",
    )
    assert shown[shown.index("") + 1 :] == [
        "Declared beforehand: its declaration stands since 2026-11-04, it started on 2027-01-04.",
        "Version 1, 2026-11-04 10:00, Director: recorded",
        "Version 2, 2026-11-04 10:00, Analyst: changed cycles",
        "Version 3, 2026-11-04 10:00, Analyst: changed cycles",
    ]


def test_a_cycle_can_be_added_whole_with_its_own_first_day(imported: Run, tmp_path: Path) -> None:
    whole = ("--plan", "Rounds at nine.", "--did", "Held.", "--learned", "It helped.", "--decision", "adopt")
    days = ("--began", "2027-01-04", "--on", "2027-02-01")
    assert imported("initiative", "add-cycle", "rounds", *whole, *days, "--by", "Analyst", *BESIDE)[0] == 0
    with open_journal(state_url(tmp_path / "hospital.duckdb")) as journal:
        (cycle,) = current_initiatives(journal).find("rounds").cycles
    assert (str(cycle.began_on), str(cycle.decided_on), cycle.decision) == ("2027-01-04", "2027-02-01", "adopt")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("add-cycle", "rounds", "--plan", "Nine", "--on", "2027-01-04", "--decision", "adopt"),
            3,
            "fill in do and study",
        ),
        (("add-cycle", "round", "--plan", "Nine", "--on", "2027-01-04"), 3, "there is no 'round'. Known: rounds."),
        (("add-cycle", "rounds", "--plan", "Nine", "--on", "4 January"), 2, ""),
        (("add-cycle", "rounds", "--plan", "For patient 12345678", "--on", "2027-01-04"), 3, "may identify a patient"),
        (("finish-cycle", "rounds", "2", "--decision", "adopt", "--on", "2027-01-04"), 3, "has no cycle 2; it has 0"),
        (("close", "rounds", "--on", "2026-12-01", "--conclusion", "Done early"), 3, "before it started on 2027-01-04"),
    ],
)
def test_what_cannot_be_recorded_is_refused(imported: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    found, _, told = imported("initiative", *arguments, "--by", "Analyst", *BESIDE)
    assert found == code
    assert words in " ".join(told)
    assert "12345678" not in " ".join(told)


def test_closing_needs_every_cycle_decided_and_stays_closed(imported: Run) -> None:
    asked = ("--by", "Director", *BESIDE)
    close = ("initiative", "close", "rounds", "--on", "2027-06-30", "--conclusion", "Shorter by 0.3 days.", *asked)
    imported("initiative", "add-cycle", "rounds", "--plan", "Rounds at nine.", "--on", "2027-01-04", *asked)
    code, _, told = imported(*close)
    assert (code, "a cycle has no decision" in told[0]) == (3, True)
    found = ("--did", "Held.", "--learned", "It helped.", "--decision", "adopt", "--on", "2027-02-01")
    imported("initiative", "finish-cycle", "rounds", "1", *found, *asked)
    assert imported(*close) == (0, ["rounds: completed on 2027-06-30"], [])
    code, _, told = imported(*close)
    assert (code, "was closed on 2027-06-30" in told[0]) == (3, True)


def test_the_list_can_be_read_by_programs_and_the_export_imported_again(imported: Run, tmp_path: Path) -> None:
    code, lines, _ = imported("initiative", "list", "--format", "csv", *BESIDE)
    assert code == 0
    assert lines == [
        "id,title,status,starts_on,declared,outcomes,cycles,owner",
        'rounds,Daily rounds,planned,2027-01-04,"2026-11-04, beforehand",length_of_stay_days,0,Nurse manager',
    ]
    assert imported("initiative", "export", "out.yaml", *BESIDE)[1] == ["1 initiatives are in out.yaml"]
    again = imported("initiative", "import", "out.yaml", "--by", "Director", *BESIDE)
    assert again == (0, ["1 of 1 were on record as they are."], [])


def test_the_journal_can_be_named_by_its_url(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    run("initiative", "import", write_file(tmp_path, PLANNED), "--by", "Director", "--state", url)
    assert (tmp_path / "elsewhere.sqlite").is_file()
    assert len(run("initiative", "list", "--format", "csv", "--state", url)[1]) == 2
    assert run("initiative", "list", "--state", "nowhere")[0] == 3


# ── rebases ──────────────────────────────────────────────────────────────────────────────────────────────────

REBASE = ("rebase", "add", "length_of_stay_days", "--from", "2025-11", "--why", "Daily rounds", "--by", "Committee")


def test_a_rebase_is_recorded_listed_and_withdrawn(run: Run) -> None:
    assert run(*REBASE, *BESIDE) == (0, [f"Recorded: {KEY}"], [])
    assert run("rebase", "list", "--format", "csv", *BESIDE)[1] == [
        "key,reason,decided_by,decided_on,trial",
        f"{KEY},Daily rounds,Committee,2026-11-04,False",
    ]
    assert run("rebase", "withdraw", KEY, "--by", "Director", *BESIDE) == (0, [f"Withdrawn: {KEY}"], [])
    assert run("rebase", "list", "--format", "csv", *BESIDE)[1] == ["key,reason,decided_by,decided_on,trial"]
    assert run("rebase", "withdraw", KEY, "--by", "Director", *BESIDE)[0] == 3


def test_only_listed_names_move_limits_and_each_step_is_in_the_chain(run: Run, tmp_path: Path) -> None:
    listed = {"delivery": {"approvers": {"Director": ""}, "deciders": {"Committee": ""}}}
    (tmp_path / "kpi.yaml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    asked = (*BESIDE, "--settings", "kpi.yaml")
    stranger = tuple("Analyst" if word == "Committee" else word for word in REBASE)
    assert (
        "Analyst may not give a chart new limits. Those who may: Committee, Director." in run(*stranger, *asked)[2][0]
    )
    assert run(*REBASE, *asked)[0] == 0
    assert run("rebase", "withdraw", KEY, "--by", "Analyst", *asked)[0] != 0
    assert run("rebase", "withdraw", KEY, "--by", "Director", *asked)[0] == 0
    told = [line.split(",")[2:6] for line in run("audit", "--format", "csv", *asked)[1][1:]]
    assert [(by, what, key) for by, _, what, key in told] == [
        ("Committee", "rebase recorded", KEY), ("Director", "rebase retired", KEY),
    ]  # fmt: skip


def test_a_rebase_that_hides_a_deterioration_ends_with_exit_code_6(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_values, "read_values", lambda _: LONGER)
    code, printed, told = run(*REBASE, "--trial", *BESIDE)
    assert (code, printed) == (6, [])
    assert f"Error: rebase {KEY}: is refused: The new centre 5.3 is worse than the old 4.8 (lower is better)" in told[0]


def test_too_few_months_end_with_exit_code_6_and_trial_says_so(run: Run) -> None:
    short = ("rebase", "add", "length_of_stay_days", "--from", "2026-04", "--why", "Rounds", "--by", "Committee")
    code, _, told = run(*short, *BESIDE)
    assert (code, "mark the decision as trial" in told[0]) == (6, True)
    code, printed, told = run(*short, "--trial", *BESIDE)
    assert (code, printed) == (0, ["Recorded: length_of_stay_days:all:2026-04"])
    assert told == ["Warning: Trial limits from 7 points; compute them again at 12."]


def test_every_fault_of_a_request_is_told_at_once(run: Run, tmp_path: Path) -> None:
    code, _, told = run("rebase", "add", "los", "--from", "2025", "--why", "", "--by", "C", "--facility", "Z", *BESIDE)
    assert code == 3
    assert [line.split(":")[1].strip() for line in told] == ["--by", "--why", "metric", "--facility", "--from"]
    assert list(tmp_path.iterdir()) == []


# ── charts of any series ─────────────────────────────────────────────────────────────────────────────────────


def series(folder: Path, *periods: str) -> str:
    lines = [f"{period},{10 + place % 3}" for place, period in enumerate(periods)]
    (folder / "waits.csv").write_text("\n".join(["period,value", *lines, ""]), encoding="utf-8")
    return "waits.csv"


def test_a_chart_is_drawn_as_svg_with_the_series_own_periods(run: Run, tmp_path: Path) -> None:
    file = series(tmp_path, *[f"2026-W{week:02d}" for week in range(1, 21)])
    code, printed, told = run("signals", file, "--chart", "xmr", "--chart-file", "waits.svg")
    assert (code, told) == (0, [])
    assert printed  # the table is printed as ever
    root = ElementTree.parse(tmp_path / "waits.svg").getroot()  # noqa: S314  our own file
    texts = ["".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "2026-W20" in texts
    assert "Mean 11.0" in texts  # 10, 11, 12 … over 20 weeks: 219 / 20 = 10.95
    assert not any("2000" in text for text in texts)


def test_a_series_too_short_for_an_icon_says_so_and_names_none(run: Run, tmp_path: Path) -> None:
    _, printed, _ = run("signals", series(tmp_path, *[str(week) for week in range(1, 9)]), "--chart", "xmr")
    (verdict,) = [line for line in printed if line.startswith("Variation: ")]
    assert verdict == "Variation: too few points for an icon: 8 where 13 are needed."


def test_months_are_labelled_as_in_the_report(run: Run, tmp_path: Path) -> None:
    file = series(tmp_path, *[f"2026-{month:02d}" for month in range(1, 13)])
    assert run("signals", file, "--chart", "run", "--chart-file", "waits.svg")[0] == 0
    text = (tmp_path / "waits.svg").read_text(encoding="utf-8")
    assert ">Jan 2026<" in text
    assert ">Median 11.0<" in text


def test_a_chart_is_drawn_as_png_at_twice_its_size(run: Run, tmp_path: Path) -> None:
    file = series(tmp_path, *[str(number) for number in range(1, 16)])
    assert run("signals", file, "--chart", "xmr", "--chart-file", "waits.png")[0] == 0
    content = (tmp_path / "waits.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2 * (690 + 24), 2 * (300 + 24))


@pytest.mark.parametrize("name", ["waits.pdf", "waits", "no_such_folder/waits.svg"])
def test_a_chart_that_cannot_be_written_is_an_input_error(run: Run, tmp_path: Path, name: str) -> None:
    file = series(tmp_path, *[str(number) for number in range(1, 16)])
    assert run("signals", file, "--chart", "xmr", "--chart-file", name)[0] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["waits.csv"]


def test_a_series_too_long_to_draw_is_an_input_error(run: Run, tmp_path: Path) -> None:
    file = series(tmp_path, *[str(number) for number in range(1, 602)])
    code, _, told = run("signals", file, "--chart", "xmr", "--chart-file", "waits.svg")
    assert (code, told) == (
        3,
        ["Error: waits: has 601 points; a chart can show 600. Shorten the series, or print it with --format csv."],
    )
