"""The tables about acute stays beside the encounters, from the generator's events to the canonical layout."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.columns import as_dates, as_written, days, dollars, moments, names, texts
from kpi_pipeline.synthetic.care.encounters import Numbers
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import SECONDARY_DIAGNOSES
from kpi_pipeline.synthetic.ground.plan import Ints, Plan
from kpi_pipeline.synthetic.work import casework, department, utilisation
from kpi_pipeline.synthetic.work.counting import Events
from kpi_pipeline.synthetic.work.writing import CASE_ID, CASE_MANAGER_ID, ENCOUNTER_ID, Writer

_ENCOUNTER = {"encounter_id": ENCOUNTER_ID}
_MEAN_SECONDARY_DIAGNOSES = 2.2
_MOST_SECONDARY_DIAGNOSES = 8
_SECONDARY_STEP = 5
"""Shares no factor with the number of secondary diagnoses, so that stepping through them repeats none."""


def write_stay_tables(
    plan: Plan, writer: Writer, *, events: Events, unit: Ints, others: pd.DataFrame, numbers: Numbers
) -> None:
    """Diagnoses, procedures, cases, tasks, waits, reviews, denials and notices."""
    _write_diagnoses(plan, writer, events, others, numbers)
    _write_procedures(plan, writer, events, numbers)
    _write_cases(plan, writer, events, unit, numbers)
    _write_waits(writer, events, numbers)
    _write_reviews(plan, writer, events, numbers)
    _write_denials(writer, events, numbers)
    _write_notices(plan, writer, events, others, numbers)


def _write_diagnoses(plan: Plan, writer: Writer, events: Events, others: pd.DataFrame, numbers: Numbers) -> None:
    """The principal diagnosis of every encounter, and a few more of the stays; a file per year of discharge."""
    rng = plan.stream("diagnoses")
    stays = events.stays
    rows = np.flatnonzero(~events.is_spoilt("missing_principal_diagnosis"))
    n_more = np.minimum(rng.poisson(_MEAN_SECONDARY_DIAGNOSES, len(rows)), _MOST_SECONDARY_DIAGNOSES)
    more = np.repeat(rows, n_more)
    place = np.arange(len(more)) - np.repeat(np.cumsum(n_more) - n_more, n_more)
    start = np.repeat(rng.integers(0, len(SECONDARY_DIAGNOSES), len(rows)), n_more)
    step = (start + _SECONDARY_STEP * place) % len(SECONDARY_DIAGNOSES)
    parts = [
        (numbers.stays[rows], 1, np.array(arrays.DIAGNOSIS_CODES)[stays["diagnosis"]][rows], stays["discharged"][rows]),
        (numbers.stays[more], place + 2, np.array(SECONDARY_DIAGNOSES)[step], stays["discharged"].to_numpy()[more]),
        (numbers.others, 1, others["diagnosis_code"], others["discharged"]),
    ]
    frame = pd.concat(
        [
            pd.DataFrame(
                {"encounter": number, "sequence": sequence, "code": np.asarray(code), "left": np.asarray(left)}
            )
            for number, sequence, code, left in parts
        ],
        ignore_index=True,
    ).sort_values(["encounter", "sequence"], kind="stable")
    frame["code"] = texts(frame["code"])
    frame["discharged"] = moments(frame.pop("left").to_numpy())
    frame["is_present"] = (frame["sequence"].to_numpy() == 1) | (rng.random(len(frame)) < 0.94)
    columns = {
        **_ENCOUNTER,
        **as_written("sequence", "code"),
        "code_type": "'icd-10-cm'",
        "present_on_admission": "CASE WHEN is_present THEN 'Y' ELSE 'N' END",
    }
    last = plan.last_month.year
    for year in range(plan.first_month.year, last + 1):
        where = f"COALESCE(year(discharged), {last}) = {year}"
        writer.write(f"diagnoses_{year}.csv", frame, columns=columns, where=where)


def _write_procedures(plan: Plan, writer: Writer, events: Events, numbers: Numbers) -> None:
    rng = plan.stream("procedures")
    stays = events.stays
    rows = np.flatnonzero(rng.random(len(stays)) < arrays.PROCEDURE_SHARE[stays["archetype"].to_numpy()])
    elective = arrays.IS_ELECTIVE[stays["archetype"].to_numpy()[rows]]
    wait = np.where(elective | (stays["los_days"].to_numpy()[rows] < 2), 0, rng.integers(0, 2, len(rows)))
    # nobody is operated on after the last day of the data
    day = np.minimum(stays["admitted_on"].to_numpy()[rows] + wait, plan.last_day)
    frame = pd.DataFrame(
        {
            "encounter": numbers.stays[rows],
            "procedure_code": texts(np.array(arrays.PROCEDURE_CODES)[stays["diagnosis"].to_numpy()[rows]]),
            "performed_on": days(day),
        }
    )
    columns = {**_ENCOUNTER, **as_written("procedure_code"), "sequence": "1", **as_dates("performed_on")}
    writer.write("procedures.csv", frame, columns=columns)


def _write_cases(plan: Plan, writer: Writer, events: Events, unit: Ints, numbers: Numbers) -> None:
    """Cases, and their tasks in a file per year in which the case was opened."""
    cases, stays = pd.concat([events.cases, events.reopened], ignore_index=True), events.stays
    stay = cases["stay"].to_numpy()
    admitted_on = stays["admitted_on"].to_numpy()[stay]
    frame = pd.DataFrame(
        {
            "cm_case": np.arange(1, len(cases) + 1),
            "encounter": numbers.stays[stay],
            "case_manager": department.case_managers_of(plan, unit[stay], admitted_on=admitted_on),
            "opened_at": moments(cases["opened"].to_numpy()),
            "first_assessed_at": moments(cases["assessed"].to_numpy()),
            "closed_at": moments(cases["closed"].to_numpy()),
            "close_reason": names(cases["close_reason"].to_numpy(), casework.CLOSE_REASONS),
        }
    )
    columns = {
        "cm_case_id": CASE_ID,
        **_ENCOUNTER,
        "case_manager_id": CASE_MANAGER_ID,
        **as_written("opened_at", "first_assessed_at", "closed_at", "close_reason"),
    }
    writer.write("cm_cases.csv", frame, columns=columns)
    tasks = casework.build_tasks(plan, stays, cases=events.cases, payer=events.payer)
    frame = pd.DataFrame(
        {
            "cm_case": tasks["case"] + 1,
            "task_type": names(tasks["task"].to_numpy(), casework.TASKS),
            "due_at": moments(tasks["due"].to_numpy()),
            "done_at": moments(tasks["done"].to_numpy()),
            "opened_at": frame["opened_at"].to_numpy()[tasks["case"].to_numpy()],
        }
    ).sort_values(["cm_case", "due_at"], kind="stable")
    frame["task"] = np.arange(1, len(frame) + 1)
    columns = {
        "task_id": "printf('T%08d', task)",
        "cm_case_id": CASE_ID,
        **as_written("task_type", "due_at", "done_at"),
    }
    first = plan.first_month.year
    for year in range(first, plan.last_month.year + 1):
        where = f"greatest(year(opened_at), {first}) = {year}"
        writer.write(f"cm_tasks_{year}.csv", frame, columns=columns, where=where)


def _write_waits(writer: Writer, events: Events, numbers: Numbers) -> None:
    waits = events.waits
    reasons, parties = zip(*utilisation.WAIT_REASONS, strict=True)
    frame = pd.DataFrame(
        {
            "encounter": numbers.stays[waits["stay"].to_numpy()],
            "starts_on": days(waits["starts_on"].to_numpy()),
            "ends_on": days(waits["ends_on"].to_numpy()),
            "reason_code": names(waits["reason"].to_numpy(), reasons),
            "responsible_party": texts(np.array(parties)[waits["reason"].to_numpy()]),
        }
    ).sort_values(["encounter", "starts_on"], kind="stable")
    columns = {**_ENCOUNTER, **as_dates("starts_on", "ends_on"), **as_written("reason_code", "responsible_party")}
    writer.write("avoidable_days.csv", frame, columns=columns)


def _write_reviews(plan: Plan, writer: Writer, events: Events, numbers: Numbers) -> None:
    reviews = utilisation.build_reviews(plan, events.stays)
    frame = pd.DataFrame(
        {
            "encounter": numbers.stays[reviews["stay"].to_numpy()],
            "review_type": names(reviews["kind"].to_numpy(), utilisation.REVIEW_TYPES),
            "due_at": moments(reviews["due"].to_numpy()),
            "done_at": moments(reviews["done"].to_numpy()),
            "outcome": names(reviews["outcome"].to_numpy(), utilisation.REVIEW_OUTCOMES),
        }
    ).sort_values(["encounter", "due_at"], kind="stable")
    frame["review"] = np.arange(1, len(frame) + 1)
    columns = {
        "review_id": "printf('R%08d', review)",
        **_ENCOUNTER,
        **as_written("review_type", "due_at", "done_at", "outcome"),
    }
    writer.write("reviews.csv", frame, columns=columns)


def _write_denials(writer: Writer, events: Events, numbers: Numbers) -> None:
    denials = events.denials.sort_values(["denied_on", "stay"], kind="stable")
    stay = denials["stay"].to_numpy()
    frame = pd.DataFrame(
        {
            "denial": np.arange(1, len(denials) + 1),
            "encounter": numbers.stays[stay],
            "payer": names(events.payer[stay], arrays.PAYER_NAMES),
            "denied_on": days(denials["denied_on"].to_numpy()),
            "denied_amount": dollars(denials["denied_amount"].to_numpy()),
            "reason_code": names(denials["reason"].to_numpy(), utilisation.DENIAL_REASONS),
            "appealed_on": days(denials["appealed_on"].to_numpy()),
            "decided_on": days(denials["decided_on"].to_numpy()),
            "outcome": names(denials["outcome"].to_numpy(), utilisation.DENIAL_OUTCOMES),
            "peer_to_peer_on": days(denials["peer_to_peer_on"].to_numpy()),
            "peer_to_peer_outcome": names(denials["peer_to_peer_outcome"].to_numpy(), utilisation.DENIAL_OUTCOMES),
        }
    )
    columns = {
        "denial_id": "printf('D%07d', denial)",
        **_ENCOUNTER,
        "payer": "payer",
        **as_dates("denied_on"),
        "denied_amount": "CAST(denied_amount AS DECIMAL(14, 2))",
        "reason_code": "reason_code",
        **as_dates("appealed_on", "decided_on"),
        "outcome": "outcome",
        **as_dates("peer_to_peer_on"),
        "peer_to_peer_outcome": "peer_to_peer_outcome",
    }
    writer.write("denials.csv", frame, columns=columns)


def _write_notices(plan: Plan, writer: Writer, events: Events, others: pd.DataFrame, numbers: Numbers) -> None:
    """Important Message (IM) of Medicare stays, and the observation notice (MOON) of observation over 24 hours."""
    notices = utilisation.build_notices(plan, events.stays, payer=events.payer)
    told = utilisation.build_observation_notices(plan, others)
    kind = np.full(len(told), utilisation.NOTICES.index("MOON"))
    frame = pd.DataFrame(
        {
            "encounter": np.concatenate(
                [numbers.stays[notices["stay"].to_numpy()], numbers.others[told["visit"].to_numpy()]]
            ),
            "notice_type": names(np.concatenate([notices["kind"].to_numpy(), kind]), utilisation.NOTICES),
            "delivered_at": moments(np.concatenate([notices["delivered"].to_numpy(), told["delivered"].to_numpy()])),
        }
    ).sort_values(["encounter", "delivered_at"], kind="stable")
    writer.write("notices.csv", frame, columns={**_ENCOUNTER, **as_written("notice_type", "delivered_at")})
