"""The clinic's own file of encounters: what another system than the hospital's knows of the same patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.columns import as_written, days, moments, names, texts
from kpi_pipeline.synthetic.care.encounters import ENCOUNTER_TEXT, draw_backgrounds
from kpi_pipeline.synthetic.care.people import People
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import FACILITY_IDS
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, Plan
from kpi_pipeline.synthetic.work.writing import Writer

FILE = "encounters_visits.csv"
_OF_PATIENTS = ("person_id", "birth_date", "sex", "language", "race")


def write_clinic_visits(plan: Plan, writer: Writer, *, clinic: pd.DataFrame, people: People) -> None:
    """Numbered on their own, in order of time; without unit, DRG or cost."""
    visits = clinic.sort_values(["admitted", "stay"], kind="stable")
    who = visits["person"].to_numpy()
    frame = pd.DataFrame(
        {
            "visit": np.arange(1, len(visits) + 1),
            "facility_id": names(visits["facility"].to_numpy(), FACILITY_IDS),
            "admitted_at": moments(visits["admitted"].to_numpy()),
            "discharged_at": moments(visits["discharged"].to_numpy()),
            "primary_diagnosis_code": texts(visits["diagnosis_code"].to_numpy()),
            "payer": names(people.payer[who], arrays.PAYER_NAMES),
            "person": who,
            "birth_date": days(people.born_on[who]),
            "is_female": people.is_female[who],
            **draw_backgrounds(plan, len(people), who),
            "updated_at": moments((visits["discharged"].to_numpy() // MINUTES_PER_DAY + 1) * MINUTES_PER_DAY + 120),
        }
    )
    filled = {
        **as_written("facility_id", "admitted_at", "discharged_at", "primary_diagnosis_code", "payer", "updated_at"),
        **{column: ENCOUNTER_TEXT[column] for column in _OF_PATIENTS},
        "encounter_id": "printf('%012d', 3200000000 + visit)",
        "encounter_type": "'outpatient'",
        "discharge_disposition_code": "'01'",
    }
    writer.write(FILE, frame, columns={column: filled.get(column, "NULL") for column in ENCOUNTER_TEXT})
