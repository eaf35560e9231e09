"""The same made-up hospital as other systems would export it: FHIR R4, OMOP CDM 5.4, the Tuva input layer.

Each writer reads a landing folder in the canonical layout and writes the same facts, faults included, in the other
form; what the other form has no place for lies beside it in the canonical layout.
"""

from kpi_pipeline.synthetic.roads.fhir import write_as_fhir
from kpi_pipeline.synthetic.roads.omop import write_as_omop
from kpi_pipeline.synthetic.roads.tuva import write_as_tuva, write_with_dates_only

__all__ = ["write_as_fhir", "write_as_omop", "write_as_tuva", "write_with_dates_only"]
