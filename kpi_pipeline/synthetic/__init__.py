"""A made-up hospital system with known truth: the demo, and the yardstick for the pipeline.

`hospital.generate_hospital` writes a landing folder in the canonical layout and, beside it, `truth.json`
with the figures a correct pipeline must find in it. Nothing here reads what the pipeline makes of it.
"""

from kpi_pipeline.synthetic.hospital import generate_hospital
from kpi_pipeline.synthetic.truth import Truth

__all__ = ["Truth", "generate_hospital"]
