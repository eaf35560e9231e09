"""The named corruptions of the bench: what real feeds do to their files, each in one table, facility, month or file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from tests.support.corruption_bench import Corruption, Landing, Rows
from tests.support.further_corruptions import further_corruptions
from tests.support.spoiling import (
    NEW_FILE,
    OLD_FILE,
    SHARES,
    Change,
    Chosen,
    a_year_ahead,
    as_bytes,
    cells,
    discharged,
    everywhere,
    in_file,
    in_turn,
    of_facility,
    of_month,
    pick,
    set_to,
    shares,
    stripped,
    undeclared,
    without,
)

_UNMATCHED = r"belong to no encounter"


def every_corruption() -> list[Corruption]:
    """All of them, in the order of the document."""
    return [
        *_rows_of_nothing(),
        *_codes(),
        *_people(),
        *_versions(),
        *_money(),
        *_feeds(),
        *_times(),
        *_files(),
        *further_corruptions(),
    ]


# ---- rows that belong to nothing ----


def _rows_of_nothing() -> Iterator[Corruption]:
    yield from shares(
        "denials: encounter numbers lost their zeros",
        lambda share: cells("denials", "encounter_id", stripped, share=share),
        _UNMATCHED,
    )
    yield Corruption(
        "denials: numbers of another system",
        "one facility's",
        cells("denials", "encounter_id", lambda c: "X" + c, share=40),
        _UNMATCHED,
    )
    yield from shares(
        "avoidable days: encounter numbers lost their zeros",
        lambda share: cells("avoidable_days", "encounter_id", stripped, share=share),
        _UNMATCHED,
        1,
        10,
        60,
    )
    yield from shares(
        "case management: encounter numbers lost their zeros",
        lambda share: cells("cm_cases", "encounter_id", stripped, share=share),
        _UNMATCHED,
        1,
        60,
    )
    yield from shares(
        "procedures: encounter numbers lost their zeros",
        lambda share: cells("procedures", "encounter_id", stripped, share=share),
        _UNMATCHED,
        1,
        60,
    )
    yield Corruption(
        "encounters: numbers lost their zeros",
        "one file",
        cells("encounters_2026", "encounter_id", stripped),
        _UNMATCHED,
    )


# ---- codes ----


def _codes() -> Iterator[Corruption]:
    kinds = "encounter_type that is not one of"

    def acute(rows: Rows) -> pd.Series[bool]:
        return rows["encounter_type"] == "acute inpatient"

    for share in SHARES:
        yield Corruption(
            "encounter_type written 'Inpatient'",
            f"{share} % of rows",
            cells("encounters", "encounter_type", set_to("Inpatient"), share=share, where=acute),
            kinds,
        )
    yield Corruption(
        "encounter_type written 'IP'",
        "one facility",
        cells("encounters", "encounter_type", set_to("IP"), where=lambda r: acute(r) & of_facility(r)),
        kinds,
    )
    yield Corruption(
        "encounter_type written 'IP'",
        "one month",
        cells("encounters", "encounter_type", set_to("IP"), where=lambda r: acute(r) & of_month(r)),
        kinds,
    )
    yield from shares(
        "dispositions lost their zeros",
        lambda share: cells("encounters", "discharge_disposition_code", stripped, share=share),
        "disposition",
    )
    yield Corruption(
        "dispositions empty",
        "60 % of one facility",
        cells("encounters", "discharge_disposition_code", set_to(""), share=60, where=of_facility),
        "disposition",
    )
    yield from shares(
        "DRGs lost their zeros", lambda share: cells("encounters", "drg_code", stripped, share=share), "DRG", 10, 100
    )
    yield Corruption(
        "DRGs of another grouper", "10 % of rows", cells("encounters", "drg_code", lambda c: c + "-2", share=10), "DRG"
    )
    yield Corruption(
        "DRGs empty",
        "60 % of one month",
        cells("encounters", "drg_code", set_to(""), share=60, where=of_month),
        "DRG|drg",
    )
    yield Corruption(
        "diagnoses empty",
        "60 % of one facility",
        cells("encounters", "primary_diagnosis_code", set_to(""), share=60, where=of_facility),
        "diagnos",
    )
    yield Corruption(
        "diagnoses written with a dot",
        "60 % of rows",
        cells("encounters", "primary_diagnosis_code", lambda c: c.str[:3] + "." + c.str[3:], share=60),
    )
    yield from shares(
        "procedures as CPT codes",
        lambda share: cells("procedures", "procedure_code", set_to("99221"), share=share),
        "procedure",
        10,
        60,
    )
    yield Corruption(
        "facility_id misspelt",
        "1 % of rows",
        cells("encounters", "facility_id", set_to("ERLH"), share=1, where=of_facility),
        "facilit",
    )
    yield Corruption(
        "facility_id in lower case",
        "10 % of rows",
        cells("encounters", "facility_id", lambda c: c.str.lower(), share=10),
        "facilit",
    )


# ---- people and numbers ----


def _people() -> Iterator[Corruption]:
    for word in ("UNKNOWN", "0"):
        yield from shares(
            f"person_id {word}",
            lambda share, word=word: cells("encounters", "person_id", set_to(word), share=share),  # type: ignore[misc]
            "person",
            *((1, 10, 60) if word == "UNKNOWN" else (10,)),
        )
    yield Corruption(
        "person_id 99999999",
        "one facility",
        cells("encounters", "person_id", set_to("99999999"), where=of_facility),
        "person",
    )
    yield Corruption(
        "person_id a dummy that looks real",
        "10 % of rows",
        cells("encounters", "person_id", set_to("P5555555"), share=10),
        "person",
    )
    yield from shares(
        "person_id empty", lambda share: cells("encounters", "person_id", set_to(""), share=share), "person_id", 1, 10
    )
    yield Corruption(
        "ids became floats",
        "encounter_id of denials, 60 %",
        cells("denials", "encounter_id", lambda c: c.str.lstrip("0") + ".0", share=60),
        _UNMATCHED,
    )
    yield Corruption(
        "ids became floats",
        "person_id, one file",
        cells("encounters_2026", "person_id", lambda c: c.str.lstrip("P").str.lstrip("0") + ".0"),
        "person",
    )
    yield Corruption(
        "ids in scientific notation",
        "1 % of rows",
        cells("encounters", "encounter_id", set_to("3.1E+09"), share=1),
        "scientific",
    )
    for share in (1, 10):
        yield Corruption(
            "encounter_id used again for another patient", f"{share} % of rows", _reused(share), "encounter_id|same"
        )


def _reused(share: float) -> Callable[[Landing], None]:
    def change(rows: Rows, landing: Landing) -> None:
        old = landing.read(OLD_FILE)["encounter_id"].to_numpy()
        chosen = pick(rows, landing.rng, share)
        rows.loc[chosen, "encounter_id"] = landing.rng.choice(old, size=int(chosen.sum()), replace=False)

    return in_file(NEW_FILE, change)


# ---- versions ----


def _versions() -> Iterator[Corruption]:
    def doubled(share: float, change: Change) -> Callable[[Rows, Landing], Rows]:
        def double(rows: Rows, landing: Landing) -> Rows:
            again = rows[pick(rows, landing.rng, share)].copy()
            change(again, landing)
            return pd.concat([rows, again])

        return double

    def same(rows: Rows, landing: Landing) -> None:
        del rows, landing

    def other(rows: Rows, landing: Landing) -> None:
        rows["updated_at"] = ""
        rows["total_cost"] = "1000.00"
        del landing

    def undated(share: float) -> Callable[[Landing], None]:
        def change(rows: Rows, landing: Landing) -> Rows:
            rows["updated_at"] = ""
            return doubled(share, other)(rows, landing)

        return in_file(NEW_FILE, change)

    def unit(rows: Rows, landing: Landing) -> None:
        rows["unit_id"] = rows["facility_id"] + "-ICU"
        rows["updated_at"] = ""
        rows["discharged_at"] = rows["admitted_at"]
        del landing

    def by_unit(rows: Rows, landing: Landing) -> Rows:
        rows["updated_at"] = ""
        return doubled(60, unit)(rows, landing)

    yield from shares("rows twice", lambda share: in_file(NEW_FILE, doubled(share, same)), "", 10, 60)
    yield from shares("corrected rows that nobody dated", undated, "differing from another row")
    yield Corruption("one row for each unit", "60 % of rows", in_file(NEW_FILE, by_unit), "differing from another row")

    def again(landing: Landing) -> None:
        (landing.folder / "encounters_again.csv").write_bytes((landing.folder / NEW_FILE).read_bytes())

    yield Corruption("a file twice", "under another name", again)


# ---- money ----


def _money() -> Iterator[Corruption]:
    def cost(change: Callable[[pd.Series[str]], pd.Series[str]], **how: Any) -> Callable[[Landing], None]:
        return cells("encounters", "total_cost", change, **how)

    yield from shares("cost 0", lambda share: cost(set_to("0"), share=share), "cost")
    yield Corruption("cost 0", "one month", cost(set_to("0.00"), where=of_month), "cost")
    yield from shares(
        "cost with thousands separators",
        lambda share: cost(lambda c: c.astype(float).map("{:,.2f}".format), share=share),
        "total_cost",
        10,
        60,
    )
    yield Corruption(
        "cost with decimal commas",
        "one file",
        cells("encounters_2026", "total_cost", lambda c: c.str.replace(".", ",")),
        "total_cost",
    )
    yield Corruption(
        "cost in cents",
        "one file",
        cells("encounters_2026", "total_cost", lambda c: c.str.replace(".", "")),
        "total_cost",
    )
    yield from shares("cost empty", lambda share: cost(set_to(""), share=share), "cost", 10, 60)
    yield Corruption("cost empty", "60 % of one facility", cost(set_to(""), share=60, where=of_facility), "cost")


# ---- feeds ----


def _feeds() -> Iterator[Corruption]:
    held = "held back|hardly a row|no rows|far fewer|missing"

    def since(day: str, column: str = "discharged_at", where: Chosen = everywhere) -> Chosen:
        return lambda rows: where(rows) & ((rows[column] >= day) | (rows[column] == ""))

    def within(month: str, column: str = "discharged_at", where: Chosen = everywhere) -> Chosen:
        return lambda rows: where(rows) & rows[column].str.startswith(month)

    yield Corruption(
        "encounters stop",
        "one facility, three weeks early",
        without("encounters", since("2026-10-10", where=of_facility)),
        held,
    )
    yield Corruption(
        "encounters stop",
        "one facility, its last month",
        without("encounters", since("2026-10-01", where=of_facility)),
        held,
    )
    yield Corruption(
        "encounters stop", "all facilities, the last month", without("encounters", since("2026-10-01")), held
    )
    yield Corruption(
        "encounters thin out",
        "60 % of one facility's last month",
        without("encounters", since("2026-10-01", where=of_facility), share=60),
        held,
    )
    yield Corruption(
        "a month is missing", "one facility", without("encounters", within("2026-03", where=of_facility)), held
    )
    yield Corruption("a month is missing", "all facilities", without("encounters", within("2026-03")), held)
    yield Corruption("a month is missing", "60 % of its rows", without("encounters", within("2026-03"), share=60), held)
    yield Corruption(
        "denials stop", "two months early", without("denials", since("2026-09-01", "denied_on")), f"denials.*({held})"
    )
    yield Corruption(
        "denials: a month is missing",
        "all facilities",
        without("denials", within("2026-03", "denied_on")),
        f"denials.*({held})",
    )
    yield Corruption(
        "avoidable days stop",
        "two months early",
        without("avoidable_days", since("2026-09-01", "starts_on")),
        f"avoidable_days.*({held})",
    )
    yield Corruption(
        "case management stops",
        "two months early",
        without("cm_cases", since("2026-09-01", "opened_at")),
        f"cm_cases.*({held})",
    )
    yield Corruption(
        "staffing stops",
        "two months early",
        without("staffing", since("2026-09-01", "shift_on")),
        f"staffing.*({held})",
    )
    yield Corruption(
        "procedures stop",
        "two months early",
        without("procedures", since("2026-09-01", "performed_on")),
        f"procedures.*({held})",
    )


# ---- times ----


def _times() -> Iterator[Corruption]:
    def american(column: pd.Series[str]) -> pd.Series[str]:
        return pd.to_datetime(column).dt.strftime("%m/%d/%Y %H:%M")

    yield from shares(
        "discharges written 10/31/2026",
        lambda share: cells("encounters", "discharged_at", american, share=share),
        "discharged_at",
    )
    yield Corruption(
        "admissions in 2062",
        "1 % of rows",
        cells("encounters", "admitted_at", lambda c: "2062" + c.str[4:], share=1),
        "plausible|before",
    )
    for share in (1, 10):
        yield Corruption(
            "discharges a year ahead, no plausible_until",
            f"{share} % of rows",
            in_turn(undeclared("plausible_until"), cells("encounters", "discharged_at", a_year_ahead, share=share)),
            "plausible|after the day|longer than|hardly a row|discharges",
        )
    yield Corruption(
        "a week of discharges is missing",
        "one facility",
        without("encounters", discharged(of_facility, "2026-03-09", "2026-03-15")),
        "not one discharge",
    )
    yield Corruption(
        "three days of discharges are missing",
        "one facility",
        without("encounters", discharged(of_facility, "2026-03-10", "2026-03-12")),
        "not one discharge",
    )
    yield Corruption(
        "admissions in 0206",
        "1 % of rows",
        cells("encounters", "admitted_at", lambda c: "0206" + c.str[4:], share=1),
        "before 1900",
    )
    yield Corruption(
        "stays of ten years",
        "1 % of rows",
        cells("encounters", "admitted_at", lambda c: (c.str[:4].astype(int) - 10).astype(str) + c.str[4:], share=1),
        "long|year|admi",
    )
    yield from shares(
        "discharges lost",
        lambda share: cells("encounters", "discharged_at", set_to(""), share=share),
        "discharge",
        1,
        10,
    )

    def swapped(share: float) -> Callable[[Landing], None]:
        def change(rows: Rows, landing: Landing) -> None:
            chosen = pick(rows, landing.rng, share) & (rows["discharged_at"] != "")
            rows.loc[chosen, ["admitted_at", "discharged_at"]] = rows.loc[
                chosen, ["discharged_at", "admitted_at"]
            ].to_numpy()

        return in_file(NEW_FILE, change)

    yield from shares("admission and discharge swapped", swapped, "before the admission", 1, 10)


# ---- files ----


def _files() -> Iterator[Corruption]:
    def renamed(file: str, **names: str) -> Callable[[Landing], None]:
        return in_file(file, lambda rows, _: rows.rename(columns=names))

    def cut(content: bytes, share: float, *, whole: bool) -> bytes:
        end = int(len(content) * (1 - share))
        return content[: content.rindex(b"\n", 0, end) + 1] if whole else content[:end]

    yield Corruption(
        "cut short within a row", "10 % of a file", as_bytes(NEW_FILE, lambda b: cut(b, 0.1, whole=False)), ""
    )
    yield Corruption(
        "cut short between rows", "10 % of a file", as_bytes(NEW_FILE, lambda b: cut(b, 0.1, whole=True)), "held back"
    )
    yield Corruption(
        "cut short between rows", "60 % of a file", as_bytes(NEW_FILE, lambda b: cut(b, 0.6, whole=True)), "held back"
    )
    yield Corruption(
        "a quotation mark left open",
        "one row",
        as_bytes(NEW_FILE, lambda b: b.replace(b",Medicare,", b',"Medicare,', 1)),
        "",
    )
    yield Corruption(
        "saved as cp1252", "one file", as_bytes(NEW_FILE, lambda b: b.replace(b"Summit", "Sümmit".encode("cp1252"))), ""
    )
    yield Corruption("saved with semicolons", "one file", as_bytes(NEW_FILE, lambda b: b.replace(b",", b";")))
    yield Corruption("saved as UTF-16", "one file", as_bytes(NEW_FILE, lambda b: b.decode().encode("utf-16")))
    yield Corruption(
        "admitted_at and discharged_at named the wrong way round",
        "one file",
        renamed(NEW_FILE, admitted_at="discharged_at", discharged_at="admitted_at"),
        "before the admission",
    )
    yield Corruption(
        "facility_id and unit_id named the wrong way round",
        "one file",
        renamed(NEW_FILE, facility_id="unit_id", unit_id="facility_id"),
        "facilit",
    )
    yield Corruption("drg_code has another name", "one file", renamed(NEW_FILE, drg_code="final_drg"), "drg")
    yield Corruption(
        "denials: a header and no rows", "the file", in_file("denials.csv", lambda rows, _: rows.iloc[:0]), "denials"
    )
    yield Corruption(
        "denials are not there", "the file", lambda landing: (landing.folder / "denials.csv").unlink(), "denials"
    )
    yield Corruption(
        "last year's encounters are not there",
        "the file",
        lambda landing: (landing.folder / OLD_FILE).unlink(),
        "no rows|begin|missing|belong",
    )
    yield Corruption(
        "denials sent again under new numbers",
        "60 % of rows",
        in_file(
            "denials.csv",
            lambda rows, landing: pd.concat(
                [rows, rows[pick(rows, landing.rng, 60)].assign(denial_id=lambda r: "N" + r["denial_id"])]
            ),
        ),
        "denials",
    )
