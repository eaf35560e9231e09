"""Writes the skeletons of a new measure: its declaration and its proof. Used by `kpi new-metric`.

The proof passes as written. The words marked ‹…› are refused until somebody writes them.
"""

from __future__ import annotations

import re
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.project import Project
from kpi_pipeline.core.resources import resource_folder

_DECLARATION = """/*---
title: {title}
section: flow                # or readmissions, cost, utilisation, case management, compliance, experience, people
kind: proportion             # proportion | rate | mean | median | ratio | count
unit: percent                # percent | days | hours | usd | index | per 100 discharges | cases | discharges
better: lower                # lower | higher | neither
version: 1
effective_from: 2026-01-01
follows: ‹Whose definition it follows›
chart: p_prime               # xmr p p_prime u u_prime c g t xbar s i_prime run
decimals: 1
owner: case-management
why: ‹Why a director should care, in one sentence›
definition: ‹What the number says, in one sentence›
numerator: ‹What is counted›
denominator: ‹Out of what›
denominator_noun: discharges
exclusions:
  died: Died during the stay.
reviewed: 2026-01-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN length_of_stay_days > 7 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE WHEN discharge_disposition_code = '20' THEN 'died' END AS exclusion_reason
FROM stays
WHERE NOT is_in_house
"""

_PROOF = """# {title}: tiny tables in, expected cases out. Work the numbers by hand; show both sides of each boundary.
metric: {name}
{oracle}landing: {{complete_through: 2025-12-31, plausible_until: 2027-01-01}}
defaults:
  encounters: {{facility_id: Mercy, encounter_type: acute inpatient, primary_diagnosis_code: J189}}

specs:
  - name: eight days count and seven do not; who died is left out
    encounters: |
      encounter_id | person_id | admitted_at | discharged_at | discharge_disposition_code
      eight        | A         | 2024-05-01  | 2024-05-09    | 01
      seven        | B         | 2024-05-01  | 2024-05-08    | 01
      died         | C         | 2024-05-01  | 2024-05-09    | 20
    cases: |
      case_id | numerator | denominator | exclusion_reason | comment
      eight   | 1         | 1           |                  | longer than seven days
      seven   | 0         | 1           |                  | exactly seven days
      died    |           |             | died             | died during the stay
    values: |
      facility_id | month   | numerator | denominator | value | n_excluded
      Mercy       | 2024-05 | 1         | 2           | 50    | 1
"""


_ORACLE = (
    "oracle: \"of_discharges(lambda stay: stay.length_of_stay_days > 7, died=lambda stay: stay.disposition == '20')\"\n"
)
"""The second opinion of a shipped measure, which the project's own tests run."""


def write_metric_skeleton(name: str, *, checkout: Path, project: Project | None = None) -> list[Path]:
    """Writes a measure and its proof; returns both paths.

    In a hospital's project they are `metrics/<name>.sql` and `metrics/<name>.spec.yaml`, else, in a checkout,
    `sql/metrics/<name>.sql` and `tests/metrics/<name>.spec.yaml`. Raises InputError for a name that is no lower_case
    identifier or, in a project, that of a shipped measure; outside of both; and when a file exists.
    """
    faults = []
    if project is not None:
        declaration, proof = project.metrics / f"{name}.sql", project.metrics / f"{name}.spec.yaml"
        if (resource_folder("sql") / "metrics" / f"{name}.sql").is_file():
            what = "is the name of a measure that comes with the program."
            faults.append(Fault(name, what, "Choose another name; an upgrade then cannot get in its way."))
    else:
        declaration = checkout / "sql" / "metrics" / f"{name}.sql"
        proof = checkout / "tests" / "metrics" / f"{name}.spec.yaml"
        if not declaration.parent.is_dir() or not proof.parent.is_dir():
            cure = "Name your own folder with --project DIR, or run this in the checkout's top folder."
            faults.append(Fault(str(checkout), "is no checkout of the project.", cure))
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        what = f"must be lower-case words joined by _, got {name!r}."
        faults.append(Fault("name", what, "Try discharge_before_noon."))
    faults += [
        Fault(str(path), "exists already.", "Choose another name, or edit that file.")
        for path in (declaration, proof)
        if path.exists()
    ]
    if faults:
        raise InputError(faults)
    declaration.parent.mkdir(parents=True, exist_ok=True)
    title, oracle = name.replace("_", " ").capitalize(), "" if project is not None else _ORACLE
    declaration.write_text(_DECLARATION.format(title=title), encoding="utf-8")
    proof.write_text(_PROOF.format(title=title, name=name, oracle=oracle), encoding="utf-8")
    return [declaration, proof]
