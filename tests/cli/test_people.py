"""Files that name case managers: written for a declared manager alone, put on record, shown by nothing else."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.groups import Span, groupable_by
from kpi_pipeline.metrics.people.appraisal import can_be_appraised, compute_by_person, read_appraisal
from kpi_pipeline.metrics.people.staff_due import query_staff_due
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.report.words.appraisal import appraisal_lines, chance_words
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import chain_faults, read_events
from kpi_pipeline.state.journal import state_url
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.metrics.test_gaps import sums
from tests.support.landings import land
from tests.support.terminal import Ran, Terminal, open_terminal, rows_of

METRICS = load_metrics()
DECLARED = 'people: {managers: {D. Rivera: ""}}\n'
SWITCHED_ON = 'people: {managers: {D. Rivera: ""}, appraisal: true}\n'


def _tasks(manager: str, first: int, n: int, n_late: int) -> list[tuple[str, str, str]]:
    """A case and a task each, due on October 10, the first few done a day late; (encounter, case, task) lines."""
    found = []
    for at in range(first, first + n):
        done = "2026-10-11" if at < first + n_late else "2026-10-09"
        found.append(
            (
                f"E{at},P{at},F1,acute inpatient,2026-10-01,2026-10-05",
                f"C{at},E{at},{manager},2026-10-01,2026-10-05",
                f"T{at},C{at},call,2026-10-10,{done}",
            )
        )
    return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M1 has 30 tasks, 6 of them late; M2 has 30, none late; M3 has 24 on time; a state lies beside it."""
    folder = tmp_path_factory.mktemp("people")
    lines = [*_tasks("M1", 100, 30, 6), *_tasks("M2", 200, 30, 0), *_tasks("M3", 300, 24, 0), *_tasks("", 400, 2, 2)]
    encounters, cases, tasks = ("\n".join(column) + "\n" for column in zip(*lines, strict=True))
    people = "M1 M2 M3"
    landing = land(
        folder / "landing",
        {
            "landing.yaml": "complete_through: 2026-11-15\nplausible_until: 2027-12-31\n",
            "encounters.csv": "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at\n"
            + encounters,
            "cm_cases.csv": "cm_case_id,encounter_id,case_manager_id,opened_at,closed_at\n" + cases,
            "cm_tasks.csv": "task_id,cm_case_id,task_type,due_at,done_at\n" + tasks,
            "staffing.csv": "facility_id,unit_id,shift_on,case_manager_id,paid_hours\n"
            + "".join(f"F1,U,2026-10-{day},{one},8\n" for one in people.split() for day in (10, 20, 31)),
            "training.csv": "case_manager_id,course,due_on,completed_on\n"
            "M1,ethics,2026-09-30,\nM2,ethics,2026-09-30,2026-09-30\nM2,law,2026-12-30,\nM2,safety,2026-12-31,\n"
            "M3,law,2026-10-15,2026-11-02\n",
            "licences.csv": "case_manager_id,licence,expires_on\n"
            "M1,nurse,2026-10-31\nM2,nurse,2026-11-01\nM3,=nurse,2026-12-30\nM3,social worker,2027-01-01\n",
        },
    )
    build_warehouse(landing, folder / "kpi.duckdb")
    Database(state_url(folder / "kpi.duckdb")).close()
    return folder / "kpi.duckdb"


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


def events_of(warehouse: Path) -> list[tuple[str, str, str, object]]:
    database = Database(state_url(warehouse))
    with database.reading() as session:
        assert chain_faults(session) == []
        found = [(one.kind, one.subject, one.actor, one.body["people"]) for one in read_events(session)]
        assert not any("M1" in str(one) for one in read_events(session))  # the chain names nobody who was looked at
    database.close()
    return found


# ---- what is owed ----


def test_the_list_holds_what_the_measures_count_and_what_falls_due_next(warehouse: Path) -> None:
    with open_warehouse(warehouse) as connection:
        found = query_staff_due(connection)
    columns = ["case_manager_id", "state", "item", "due_on", "days_left"]
    assert list(found.frame[columns].itertuples(index=False, name=None)) == [
        ("M1", "course overdue", "ethics", date(2026, 9, 30), -31),
        ("M1", "licence expired", "nurse", date(2026, 10, 31), 0),
        ("M2", "licence expires in 60 days", "nurse", date(2026, 11, 1), 1),
        ("M2", "course due in 60 days", "law", date(2026, 12, 30), 60),  # safety, a day later, is not due yet
        ("M3", "course overdue", "law", date(2026, 10, 15), -16),  # done since, after the month that is told
        ("M3", "licence expires in 60 days", "=nurse", date(2026, 12, 30), 60),
    ]  # fmt: skip
    assert set(found.frame["as_of"]) == {date(2026, 10, 31)}  # the data reach the middle of November
    values = read_values(warehouse).values
    october = values[(values["facility_id"] == "all") & (values["month"] == "2026-10")].set_index("metric")
    states = found.frame["state"].value_counts()
    assert states["course overdue"] == october.loc["training_overdue", "numerator"]
    assert states["licence expired"] == october.loc["licences_expired", "numerator"]
    assert states["licence expires in 60 days"] == october.loc["licences_expiring_60d", "numerator"]


def test_the_file_is_for_its_owner_alone_and_every_writing_is_on_record(kpi: Terminal, warehouse: Path) -> None:
    Path("kpi.yaml").write_text(DECLARED)
    before = len(events_of(warehouse))
    ran = kpi("people", "due", "--warehouse", warehouse, "--by", "d. rivera", "--out", "due.csv")
    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE(Path("due.csv").stat().st_mode) == 0o600
    rows = rows_of(Path("due.csv").read_text())
    assert [row["case_manager_id"] for row in rows] == ["M1", "M1", "M2", "M2", "M3", "M3"]
    assert rows[-1]["item"] == "'=nurse"  # no formula for whoever opens it in a spreadsheet
    assert not any(name in ran.out for name in ("M1", "M2", "M3"))
    again = kpi("people", "due", "--warehouse", warehouse, "--by", "D. Rivera", "--out", "due.csv")
    assert (again.code, "is there already" in again.err) == (3, True)
    kpi("people", "due", "--warehouse", warehouse, "--by", "D. Rivera", "--out", "two.csv", "--facility", "F1")
    told = [("list of names written", "due.csv", "d. rivera", 3), ("list of names written", "two.csv", "D. Rivera", 3)]
    assert events_of(warehouse)[before:] == told


@pytest.mark.parametrize(
    ("settings", "by", "out", "message"),
    [
        ("", "D. Rivera", "a.csv", "no manager is declared. Name those who may below people: managers in kpi.yaml"),
        (DECLARED, "M. Alvarez", "a.csv", "M. Alvarez may not have the names"),
        ('people: {managers: {D. Rivera: "somebodyelse"}}\n', "D. Rivera", "a.csv", "is not this account"),
        (DECLARED, "", "a.csv", "--by: is empty"),
        (DECLARED, "D. Rivera", "no/such/a.csv", "no/such: there is no such folder"),
    ],
)
def test_nobody_else_gets_one_and_nothing_is_written(
    kpi: Terminal, warehouse: Path, settings: str, by: str, out: str, message: str
) -> None:
    Path("kpi.yaml").write_text(settings)
    before = events_of(warehouse)
    ran = kpi("people", "due", "--warehouse", warehouse, "--by", by, "--out", out)
    assert ran.code in (3, 8)
    assert message in ran.err
    assert not Path(out).exists()
    assert events_of(warehouse) == before


# ---- figures by case manager ----


def appraise(kpi: Terminal, warehouse: Path, settings: str, out: str = "people.md") -> Ran:
    Path("kpi.yaml").write_text(settings)
    return kpi("people", "appraisal", "2026-10", "--warehouse", warehouse, "--by", "D. Rivera", "--out", out)


def test_figures_of_single_people_are_off_until_the_hospital_declares_them(kpi: Terminal, warehouse: Path) -> None:
    ran = appraise(kpi, warehouse, DECLARED)
    assert (ran.code, ran.out) == (8, "")
    assert "switched off. It is the hospital's decision: write appraisal: true below people in kpi.yaml" in ran.err
    assert not Path("people.md").exists()


def test_the_file_has_each_persons_figure_with_its_interval_in_the_order_of_ids(kpi: Terminal, warehouse: Path) -> None:
    before = len(events_of(warehouse))
    ran = appraise(kpi, warehouse, SWITCHED_ON)
    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE(Path("people.md").stat().st_mode) == 0o600
    text = Path("people.md").read_text()
    on_time = text.partition("## Follow-ups done on time")[2].splitlines()
    # 24 of 30 on time: Wilson's interval 62.7 to 90.5; 30 of 30: 88.6 to 100; 24 cases are too few; 78 of 86 in all.
    assert on_time[6:10] == [
        "| M1 | 30 | 80.0% | 62.7% to 90.5% |",
        "| M2 | 30 | 100.0% | 88.6% to 100.0% |",
        "| M3 | 24 | too few | |",
        "| All | 86 | 90.7% | 82.7% to 95.2% |",
    ]
    assert on_time[11] == '2 cases of no recorded case manager are in "All" alone.'
    assert "would by chance alone" in text
    assert "no rank is meant" in text
    assert not any(name in ran.out for name in ("M1", "M2", "M3"))
    assert events_of(warehouse)[before:] == [("appraisal written", "people.md", "D. Rivera", 3)]


def test_a_hospital_that_shows_rates_of_fewer_cases_still_shows_none_of_a_person(warehouse: Path) -> None:
    with open_warehouse(warehouse) as connection:
        values = read_values(warehouse).values
        found = read_appraisal(
            connection, Month(2026, 10), metrics=METRICS, values=values, settings=Settings(min_denominator=5)
        )
    by_name = {one.metric.name: one for one in found}
    assert [one.value is None for one in by_name["follow_ups_on_time"].people] == [False, False, True]
    assert {one.metric.section for one in found} == {"case management"}


def test_outcomes_of_patients_and_counts_are_nobodys_own_and_no_table_is_cut_by_persons() -> None:
    apart = {name for name, one in METRICS.items() if one.section == "case management" and can_be_appraised(one)}
    assert {"follow_ups_done", "follow_ups_on_time", "cm_cases_reopened_30d"} <= apart
    assert not can_be_appraised(METRICS["readmission_30d"])
    assert not can_be_appraised(METRICS["cm_cases_closed"])
    assert not any("case_manager" in dimension for one in METRICS.values() for dimension in groupable_by(one))


def test_the_words_say_how_many_intervals_miss_by_chance_and_ids_are_text() -> None:
    counts = {"M|2": (20, 100), "a*": (95, 100), "b": (50, 60)}
    frame = sums(*(("person", name, n_events, n) for name, (n_events, n) in counts.items()))
    frame["is_whole"] = frame["dimension"] == ""
    frame["person"] = frame["group"]
    one = compute_by_person(frame, METRICS["follow_ups_on_time"], Span(12, Month(2026, 10)), settings=Settings())
    assert [person.case_manager_id for person in one.people] == ["M|2", "a*", "b"]  # by id, whatever the value
    assert chance_words([one]).startswith("Of 3 intervals, 3 leave out the figure of all; about 0.2 would by chance")
    lines = list(appraisal_lines([one], place="All hospitals", by="D. Rivera"))
    assert any(line.startswith("| M\\|2 | 100 | 20.0% |") for line in lines)
    assert any(line.startswith("| a\\* | 100 |") for line in lines)
    assert not any(word in " ".join(lines).lower() for word in ("best", "worst", "top", "rank 1", "below average"))
