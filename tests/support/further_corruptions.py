"""Further corruptions: tables that hang on the stays, columns as a whole, and faults that look like hospital life.

What is to become of each was written down before it was tried: without `told` the figures must be right or held back.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from decimal import Decimal

import pandas as pd

from tests.support.corruption_bench import Corruption, Landing, Rows
from tests.support.spoiling import (
    CHANGED_MONTH,
    NEW_FILE,
    Chosen,
    cells,
    in_file,
    in_turn,
    of_facility,
    of_month,
    pick,
    set_to,
    stripped,
    without,
)


def further_corruptions() -> list[Corruption]:
    """All of them, in the order of the document."""
    return [
        *_stays(),
        *_times_of_day(),
        *_people(),
        *_amounts(),
        *_work_of_the_department(),
        *_words_of_another_system(),
        *_places(),
        *_thinner_feeds(),
        *_copies(),
    ]


def acute(rows: Rows) -> pd.Series[bool]:
    return rows["encounter_type"] == "acute inpatient"


def in_months(column: str, first: str, last: str = "9999") -> Chosen:
    return lambda rows: rows[column].str[:7].between(first, last)


def both(*chosen: Chosen) -> Chosen:
    def every(rows: Rows) -> pd.Series[bool]:
        found = chosen[0](rows)
        for one in chosen[1:]:
            found &= one(rows)
        return found

    return every


def shifted(days: int) -> Callable[[pd.Series[str]], pd.Series[str]]:
    """Moves a day or a time by so many days, in the form it has."""

    def change(column: pd.Series[str]) -> pd.Series[str]:
        moved = (pd.to_datetime(column.str[:10]) + pd.Timedelta(days=days)).dt.strftime("%Y-%m-%d")
        return moved + column.str[10:]

    return change


def to_day(column: pd.Series[str]) -> pd.Series[str]:
    return column.str[:10]


def to_midnight(column: pd.Series[str]) -> pd.Series[str]:
    return column.str[:10] + " 00:00:00"


def added(table: str, make: Callable[[Rows, Landing], Rows]) -> Callable[[Landing], None]:
    """Adds rows to every file of a table."""

    def spoil(landing: Landing) -> None:
        for file in landing.files(table):
            rows = landing.read(file)
            landing.write(file, pd.concat([rows, make(rows, landing)]))

    return spoil


# ---- stays ----


def _stays() -> Iterator[Corruption]:
    def cut_in_two(rows: Rows, landing: Landing) -> Rows:
        """The earlier part is an interim bill (status 30) with a number of its own, and stands further down."""
        stay = (pd.to_datetime(rows["discharged_at"]) - pd.to_datetime(rows["admitted_at"])).dt.days
        chosen = acute(rows) & (stay >= 4) & pick(rows, landing.rng, 30)
        middle = shifted(2)(rows.loc[chosen, "admitted_at"])
        interim = rows[chosen].assign(
            encounter_id="I" + rows["encounter_id"], discharged_at=middle, discharge_disposition_code="30"
        )
        for amount in (one for one in rows if one.endswith(("cost", "charges", "amount"))):
            of_chosen = rows.loc[chosen & (rows[amount] != ""), amount].map(Decimal)
            half = (of_chosen / 2).map(lambda one: one.quantize(Decimal("0.01")))
            interim.loc[half.index, amount] = half.map(str)
            rows.loc[half.index, amount] = (of_chosen - half).map(str)
        rows.loc[chosen, "admitted_at"] = middle
        return pd.concat([rows, interim]).sample(frac=1, random_state=7)

    yield Corruption("interim bills of one stay, in any order", "30 % of longer stays", in_file(NEW_FILE, cut_in_two))

    def donors(rows: Rows, landing: Landing) -> Rows:
        del landing
        dead = rows[acute(rows) & (rows["discharge_disposition_code"] == "20")]
        return dead.assign(
            encounter_id="D" + dead["encounter_id"],
            admitted_at=dead["discharged_at"],
            discharged_at=shifted(1)(dead["discharged_at"]),
            primary_diagnosis_code="Z529",
            drg_code="",
            total_cost="",
            direct_cost="",
            variable_direct_cost="",
        )

    yield Corruption("admission after death, for organs", "every death", added("encounters", donors), "after.*death")

    def newborns(rows: Rows, landing: Landing) -> Rows:
        mothers = rows[acute(rows) & pick(rows, landing.rng, 5)]
        return mothers.assign(
            encounter_id="N" + mothers["encounter_id"],
            admitted_at=shifted(1)(mothers["admitted_at"]),
            primary_diagnosis_code="Z3800",
            drg_code="795",
            total_cost="2500.00",
        )

    yield Corruption("newborns under the mother's number", "5 % of stays", added("encounters", newborns), "newborn")
    yield Corruption(
        "discharges a day before the admission",
        "3 % of rows",
        cells("encounters", "discharged_at", shifted(-60), share=3),
        "before the admission",
    )
    yield Corruption(
        "observation stays sent as inpatient",
        "one month",
        cells(
            "encounters",
            "encounter_type",
            set_to("acute inpatient"),
            where=both(lambda r: r["encounter_type"] == "observation", of_month),
        ),
        "observation",
    )
    yield Corruption(
        "emergency visits are missing",
        "one month",
        without("encounters", both(lambda r: r["encounter_type"] == "emergency department", of_month)),
        "emergency",
    )
    yield Corruption(
        "observation stays are missing",
        "one facility, since August",
        without(
            "encounters",
            both(
                lambda r: r["encounter_type"] == "observation",
                of_facility,
                in_months("admitted_at", "2026-08", "2026-10"),
            ),
        ),
        "observation",
    )
    yield Corruption("DRGs with decimals", "every row", cells("encounters", "drg_code", lambda c: c + ".0"), "DRG")


# ---- times of day ----


def _times_of_day() -> Iterator[Corruption]:
    times = "time"
    yield Corruption(
        "discharges without a time", "half the rows", cells("encounters", "discharged_at", to_day, share=50), times
    )
    yield Corruption(
        "discharges at midnight",
        "one facility",
        cells("encounters", "discharged_at", to_midnight, where=of_facility),
        times,
    )
    yield Corruption(
        "admissions at midnight", "one month", cells("encounters", "admitted_at", to_midnight, where=of_month), times
    )
    yield Corruption("assessments at midnight", "every row", cells("cm_cases", "first_assessed_at", to_midnight), times)
    yield Corruption("reviews done at midnight", "every row", cells("reviews", "done_at", to_midnight), times)
    yield Corruption("reviews done without a time", "every row", cells("reviews", "done_at", to_day), times)
    yield Corruption(
        "hours of another time zone",
        "one month",
        cells(
            "encounters",
            "discharged_at",
            lambda c: (pd.to_datetime(c) + pd.Timedelta(hours=5)).dt.strftime("%Y-%m-%d %H:%M:%S"),
            where=of_month,
        ),
        times,
    )


# ---- people ----


def _people() -> Iterator[Corruption]:
    yield Corruption(
        "person numbers with the facility before them",
        "one facility, every file",
        cells("encounters", "person_id", lambda c: "L" + c, where=of_facility),
        "person",
    )

    def two_systems(rows: Rows, landing: Landing) -> None:
        chosen = of_facility(rows) & pick(rows, landing.rng, 50)
        rows.loc[chosen, "person_id"] = "M" + rows.loc[chosen, "person_id"].str[1:]

    yield Corruption(
        "person numbers of two systems", "half of one facility", in_file(NEW_FILE, _alone(two_systems)), "person"
    )

    def strangers(landing: Landing) -> None:
        """A facility's own numbering, which begins at 1 as the others' does."""
        files = landing.files("encounters")
        frames = {file: landing.read(file) for file in files}
        people = pd.concat([rows.loc[of_facility(rows), "person_id"] for rows in frames.values()]).unique()
        anew = dict(zip(people, landing.rng.permutation(people), strict=True))
        del anew
        numbers = {person: f"P{number:07}" for number, person in enumerate(people, start=1)}
        for file, rows in frames.items():
            chosen = of_facility(rows)
            rows.loc[chosen, "person_id"] = rows.loc[chosen, "person_id"].map(numbers)
            landing.write(file, rows)

    yield Corruption("one person number at two facilities for strangers", "one facility", strangers, "person|birth")
    yield Corruption(
        "birth dates after the admission",
        "10 % of rows",
        cells("encounters", "birth_date", lambda c: (c.str[:4].astype(int) + 100).astype(str) + c.str[4:], share=10),
        "birth",
    )


def _alone(change: Callable[[Rows, Landing], None]) -> Callable[[Rows, Landing], Rows]:
    def changed(rows: Rows, landing: Landing) -> Rows:
        change(rows, landing)
        return rows

    return changed


# ---- amounts ----


def _amounts() -> Iterator[Corruption]:
    def charges_as_cost(rows: Rows, landing: Landing) -> None:
        del landing
        chosen = of_facility(rows) & of_month(rows)
        rows.loc[chosen, "total_cost"] = rows.loc[chosen, "total_charges"]

    yield Corruption(
        "charges written as cost", "one facility's month", in_file(NEW_FILE, _alone(charges_as_cost)), "cost"
    )

    def tripled(rows: Rows, landing: Landing) -> None:
        del landing
        chosen = of_facility(rows) & of_month(rows) & (rows["total_cost"] != "")
        rows.loc[chosen, "total_cost"] = (rows.loc[chosen, "total_cost"].astype(float) * 3).map("{:.2f}".format)

    yield Corruption("costs three times as high", "one facility's month", in_file(NEW_FILE, _alone(tripled)), "cost")
    yield Corruption(
        "denied amounts empty",
        "60 % of rows",
        cells("denials", "denied_amount", set_to(""), share=60),
        "denied_amount|denial",
    )
    yield Corruption(
        "denied amounts empty",
        "one month",
        cells("denials", "denied_amount", set_to(""), where=in_months("denied_on", CHANGED_MONTH, CHANGED_MONTH)),
        "denied_amount|denial",
    )
    last, one = in_months("month", "2026-10"), in_months("month", CHANGED_MONTH, CHANGED_MONTH)
    yield Corruption(
        "actual spending 0", "the newest month", cells("budget", "actual_usd", set_to("0"), where=last), "budget|actual"
    )
    yield Corruption(
        "actual spending empty",
        "the newest month",
        cells("budget", "actual_usd", set_to(""), where=last),
        "budget|actual",
    )
    yield Corruption(
        "budget in thousands",
        "one month",
        cells("budget", "budget_usd", lambda c: (c.astype(float) / 1000).map("{:.3f}".format), where=one),
        "budget",
    )
    yield Corruption(
        "budget months are missing",
        "one facility's quarter",
        without("budget", both(of_facility, in_months("month", "2026-05", "2026-07"))),
        "budget",
    )
    yield Corruption(
        "budget stops",
        "one facility, two months early",
        without("budget", both(of_facility, in_months("month", "2026-09"))),
        "budget",
    )
    yield Corruption("budget lines are missing", "half of one month's", without("budget", one, share=50), "budget")


# ---- the department's work ----


def _work_of_the_department() -> Iterator[Corruption]:
    yield Corruption(
        "delays longer than the stay",
        "10 % of rows",
        cells("avoidable_days", "ends_on", shifted(90), share=10),
        "outside",
    )
    yield Corruption(
        "delays without an end",
        "half the rows",
        cells("avoidable_days", "ends_on", set_to(""), share=50),
        "ends_on|avoidable",
    )
    yield Corruption(
        "reviews done a year before they were due",
        "10 % of rows",
        cells("reviews", "done_at", shifted(-365), share=10),
        "review|outside",
    )
    yield Corruption(
        "reviews without a due time", "60 % of rows", cells("reviews", "due_at", set_to(""), share=60), "due_at|review"
    )
    yield Corruption(
        "assessments a month before the admission",
        "10 % of rows",
        cells("cm_cases", "first_assessed_at", shifted(-30), share=10),
        "assess|outside",
    )
    yield Corruption(
        "assessments empty",
        "60 % of one month's cases",
        cells(
            "cm_cases",
            "first_assessed_at",
            set_to(""),
            share=60,
            where=in_months("opened_at", CHANGED_MONTH, CHANGED_MONTH),
        ),
        "first_assessed_at|assess",
    )
    yield Corruption(
        "tasks never closed",
        "60 % of one month's",
        cells("cm_tasks", "done_at", set_to(""), share=60, where=in_months("due_at", CHANGED_MONTH, CHANGED_MONTH)),
        "done_at|task",
    )
    yield Corruption(
        "appeals before the denial", "20 % of rows", cells("denials", "appealed_on", shifted(-200), share=20), "appeal"
    )
    yield Corruption(
        "decisions before the appeal",
        "20 % of rows",
        cells("denials", "decided_on", shifted(-400), share=20),
        "appeal|decid",
    )
    yield Corruption(
        "denials dated on the day of the extract",
        "60 % of rows",
        cells("denials", "denied_on", set_to("2026-10-30"), share=60),
        "denial",
    )
    yield Corruption(
        "denials in 2062", "5 % of rows", cells("denials", "denied_on", lambda c: "2062" + c.str[4:], share=5), "denial"
    )
    yield Corruption(
        "paid hours empty",
        "half of one facility's",
        cells("staffing", "paid_hours", set_to(""), share=50, where=of_facility),
        "paid_hours|staffing",
    )
    yield Corruption(
        "paid hours 0",
        "half of one month's",
        cells(
            "staffing", "paid_hours", set_to("0"), share=50, where=in_months("shift_on", CHANGED_MONTH, CHANGED_MONTH)
        ),
        "hours|staffing",
    )
    yield Corruption(
        "shifts sent again without their unit",
        "one month",
        added(
            "staffing",
            lambda rows, _: rows[in_months("shift_on", CHANGED_MONTH, CHANGED_MONTH)(rows)].assign(unit_id=""),
        ),
        "staffing|hours",
    )
    yield Corruption(
        "diagnoses numbered from 0",
        "every row",
        cells("diagnoses", "sequence", lambda c: (c.astype(int) - 1).astype(str)),
        "diagnos|sequence",
    )


# ---- words of another system ----


def _words_of_another_system() -> Iterator[Corruption]:
    yield Corruption("outcomes in capitals", "every row", cells("denials", "outcome", lambda c: c.str.upper()))
    yield Corruption(
        "outcomes written 'won' and 'lost'",
        "every row",
        cells("denials", "outcome", lambda c: c.replace({"overturned": "won", "upheld": "lost"})),
        "outcome",
    )
    yield Corruption(
        "outcomes written 'won' and 'lost'",
        "one month's",
        cells(
            "denials",
            "outcome",
            lambda c: c.replace({"overturned": "won", "upheld": "lost"}),
            where=in_months("appealed_on", "2026-02", "2026-02"),
        ),
        "outcome",
    )
    yield Corruption(
        "task types without the hyphen",
        "every row",
        cells("cm_tasks", "task_type", lambda c: c.str.replace("post-discharge", "post discharge")),
        "task_type|task",
    )
    yield Corruption(
        "task types written 'TCM'",
        "one month's",
        cells(
            "cm_tasks",
            "task_type",
            lambda c: c.where(~c.str.contains("post-discharge"), "TCM"),
            where=in_months("due_at", CHANGED_MONTH, CHANGED_MONTH),
        ),
        "task_type|task",
    )
    yield Corruption(
        "notices written 'Important Message'",
        "every row",
        cells("notices", "notice_type", lambda c: c.replace({"IM": "Important Message"})),
        "notice",
    )
    yield Corruption(
        "notices written 'Important Message'",
        "one month's",
        cells(
            "notices",
            "notice_type",
            lambda c: c.replace({"IM": "Important Message"}),
            where=in_months("delivered_at", CHANGED_MONTH, CHANGED_MONTH),
        ),
        "notice",
    )
    yield Corruption(
        "Medicare written 'MCR'",
        "every row",
        cells("encounters", "payer", lambda c: c.str.replace("Medicare", "MCR")),
        "payer|Medicare",
    )
    yield Corruption(
        "Medicare written 'MCR'",
        "one facility",
        cells("encounters", "payer", lambda c: c.str.replace("Medicare", "MCR"), where=of_facility),
        "payer|Medicare",
    )
    yield Corruption(
        "Medicare written 'MCR'",
        "one facility since August",
        cells(
            "encounters",
            "payer",
            lambda c: c.str.replace("Medicare", "MCR"),
            where=both(of_facility, in_months("discharged_at", "2026-08")),
        ),
        "payer|Medicare",
    )
    yield Corruption(
        "Medicare written 'Federal A/B'",
        "60 % of one facility",
        cells("encounters", "payer", lambda c: c.str.replace("Medicare", "Federal A/B"), where=of_facility, share=60),
        "payer|Medicare",
    )
    yield Corruption(
        "Medicare mistyped 'Medcare'",
        "10 % of rows",
        cells("encounters", "payer", lambda c: c.str.replace("Medicare", "Medcare"), share=10),
        "payer|Medicare",
    )
    yield Corruption(
        "calls written 'transition'",
        "every row since August",
        cells(
            "cm_tasks",
            "task_type",
            lambda c: c.where(~c.str.contains("post-discharge"), "transition"),
            where=in_months("due_at", "2026-08"),
        ),
        "task_type|task",
    )
    yield Corruption(
        "notices written 'Important Message'",
        "10 % of rows",
        cells("notices", "notice_type", lambda c: c.replace({"IM": "Important Message"}), share=10),
        "notice",
    )
    yield Corruption(
        "diagnoses of ICD-9",
        "10 % of rows",
        cells("encounters", "primary_diagnosis_code", set_to("4280"), share=10),
        "diagnos",
    )


# ---- places ----


def _places() -> Iterator[Corruption]:
    for table in ("staffing", "census", "budget"):
        yield Corruption(
            f"{table}: facility_id in lower case",
            "one facility",
            cells(table, "facility_id", lambda c: c.str.lower(), where=of_facility),
            "facilit",
        )
    yield Corruption(
        "census of a facility that does not exist",
        "10 % of one facility's rows",
        cells("census", "facility_id", set_to("ERHX"), where=of_facility, share=10),
        "facilit",
    )
    renamed = [
        cells(table, "facility_id", set_to("ERH-L"), where=both(of_facility, in_months(column, "2026-05")))
        for table, column in (
            ("encounters", "discharged_at"),
            ("staffing", "shift_on"),
            ("census", "census_on"),
            ("budget", "month"),
        )
    ]
    yield Corruption("a facility is renamed", "from May on", in_turn(*renamed), "facilit")
    yield Corruption(
        "encounters of two systems twice",
        "one facility's month under other numbers",
        added(
            "encounters",
            lambda rows, _: rows[both(of_facility, of_month)(rows)].assign(
                encounter_id=lambda r: "9" + r["encounter_id"]
            ),
        ),
        "encounters.*(twice|two systems|another row)",
    )
    yield Corruption(
        "encounters of two systems twice",
        "one facility's month under other numbers, of people too",
        added(
            "encounters",
            lambda rows, _: rows[both(of_facility, of_month)(rows)].assign(
                encounter_id=lambda r: "9" + r["encounter_id"], person_id=lambda r: "9" + r["person_id"].str[1:]
            ),
        ),
        "encounters.*(twice|two systems|another row)|person",
    )
    for table, column in (("denials", "denial_id"), ("cm_cases", "cm_case_id"), ("reviews", "review_id")):
        yield Corruption(
            f"{table} sent again under new numbers",
            "one facility's month",
            _again(table, column),
            f"{table}.*again",
        )
    yield Corruption(
        "cm_tasks sent again under new numbers",
        "one month",
        added(
            "cm_tasks",
            lambda rows, _: rows[in_months("due_at", CHANGED_MONTH, CHANGED_MONTH)(rows)].assign(
                task_id=lambda r: "9" + r["task_id"]
            ),
        ),
        "cm_tasks.*again",
    )
    yield Corruption(
        "shifts twice under other people",
        "one facility since August",
        added(
            "staffing",
            lambda rows, _: rows[both(of_facility, in_months("shift_on", "2026-08"))(rows)].assign(
                case_manager_id=lambda r: "9" + r["case_manager_id"]
            ),
        ),
        "staffing.*(more|twice)",
    )

    def closed(rows: Rows, landing: Landing) -> None:
        del landing
        rows.loc[of_facility(rows), "closed_on"] = "2016-10-31"

    yield Corruption(
        "a facility closed by a slip of the pen", "ten years ago", in_file("facilities.csv", _alone(closed)), "clos"
    )


def _again(table: str, column: str) -> Callable[[Landing], None]:
    """A facility's month of a table again, each row with a number of its own."""

    def spoil(landing: Landing) -> None:
        of_month_there = pd.concat(
            [
                rows.loc[both(of_facility, of_month)(rows), "encounter_id"]
                for rows in map(landing.read, landing.files("encounters"))
            ]
        )
        for file in landing.files(table):
            rows = landing.read(file)
            again = rows[rows["encounter_id"].isin(of_month_there)]
            landing.write(file, pd.concat([rows, again.assign(**{column: "9" + again[column]})]))

    return spoil


# ---- feeds that go on, thinner ----


def _thinner_feeds() -> Iterator[Corruption]:
    since = in_months("discharged_at", "2026-08")
    for share in (50, 35):
        yield Corruption(
            "a feed goes on with fewer rows",
            f"{share} % of one facility gone since August",
            without("encounters", both(of_facility, since), share=share),
            "fewer|usual",
        )
    yield Corruption(
        "a feed goes on with fewer rows",
        "half of all gone since August",
        without("encounters", since, share=50),
        "fewer|usual",
    )
    yield Corruption(
        "denials go on with fewer rows",
        "half gone since August",
        without("denials", in_months("denied_on", "2026-08"), share=50),
        "denials.*(fewer|usual)",
    )
    for table, column in (("notices", "delivered_at"), ("reviews", "done_at"), ("procedures", "performed_on")):
        yield Corruption(
            f"{table} go on with fewer rows",
            "half gone since August",
            without(table, in_months(column, "2026-08"), share=50),
            f"{table}.*(fewer|usual)",
        )
    yield Corruption(
        "emergency visits go on with fewer rows",
        "half gone since August",
        without(
            "encounters",
            both(lambda r: r["encounter_type"] == "emergency department", in_months("admitted_at", "2026-08")),
            share=50,
        ),
        "emergency.*(fewer|usual)",
    )
    yield Corruption(
        "shifts go on with fewer rows",
        "half gone since August",
        without("staffing", in_months("shift_on", "2026-08"), share=50),
        "staffing.*(fewer|usual)",
    )
    yield Corruption(
        "avoidable days go on with fewer rows",
        "half gone since August",
        without("avoidable_days", in_months("starts_on", "2026-08"), share=50),
        "avoidable.*(fewer|usual)",
    )
    for table, column in (
        ("reviews", "due_at"),
        ("notices", "delivered_at"),
        ("cm_tasks", "due_at"),
        ("census", "census_on"),
        ("diagnoses", ""),
    ):
        if column:
            yield Corruption(
                f"{table} stop in the middle of a month",
                "the newest",
                without(table, lambda rows, column=column: rows[column] >= "2026-10-16"),
                f"{table}|held back",
            )

    def without_new_diagnoses(landing: Landing) -> None:
        landing.write("diagnoses_2026.csv", landing.read("diagnoses_2026.csv").iloc[:2_000])

    yield Corruption("secondary diagnoses stop", "early in the year", without_new_diagnoses, "diagnos")


# ---- copies ----


def _copies() -> Iterator[Corruption]:
    def packed(landing: Landing) -> None:
        (landing.folder / "encounters_2026.csv.gz").write_bytes(gzip.compress((landing.folder / NEW_FILE).read_bytes()))

    yield Corruption("a file beside its packed copy", "the file", packed)
    yield Corruption(
        "header row again in the middle",
        "one row",
        in_file(
            NEW_FILE,
            lambda rows, _: pd.concat(
                [rows[:500], pd.DataFrame([dict.fromkeys(rows)]).assign(**{name: name for name in rows}), rows[500:]]
            ),
        ),
        "refused",
    )

    def in_folders(landing: Landing) -> None:
        (landing.folder / "2026").mkdir()
        (landing.folder / NEW_FILE).rename(landing.folder / "2026" / "encounters.csv")

    yield Corruption(
        "a year's encounters in a folder of its own", "one file", in_folders, "folder|held back|fewer|no rows"
    )
    yield Corruption(
        "reviews: a header and no rows", "the file", in_file("reviews.csv", lambda rows, _: rows.iloc[:0]), "reviews"
    )
    yield Corruption(
        "reviews: encounter numbers lost their zeros",
        "every row",
        cells("reviews", "encounter_id", stripped),
        "reviews",
    )

    def ahead(landing: Landing) -> None:
        path = landing.folder / "landing.yaml"
        text = path.read_text(encoding="utf-8").replace("2026-10-31", "2026-12-31").replace("2026-11-07", "2027-01-07")
        path.unlink()
        path.write_text(text, encoding="utf-8")

    yield Corruption("complete_through in the future", "two months ahead", ahead, "declared|held back|supported|hardly")
    yield Corruption("census with a total for each facility", "every day", added("census", _totals), "census")


def _totals(rows: Rows, landing: Landing) -> Rows:
    del landing
    by_day = rows.assign(patients=rows["patients"].astype(int)).groupby(["facility_id", "census_on"], as_index=False)
    return by_day["patients"].sum().assign(unit_id="", patients=lambda r: r["patients"].astype(str))
