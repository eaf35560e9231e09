"""The proofs of the shipped measures, under the names tests use; what they say and how they run is the program's."""

from kpi_pipeline.metrics.proof import SpecCase, SpecFile, TextRow, differences, read_spec_file

__all__ = ["SpecCase", "SpecFile", "TextRow", "differences", "read_spec_file"]
