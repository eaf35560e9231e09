"""What may leave the hospital: small counts, and whatever would give one away. No words, no pages.

`counts` reasons about sums, `tables` about a table with a total, `small_numbers` about a report's figures.
"""

from kpi_pipeline.judgement.disclosure.counts import Number, Sum, Withheld, is_small, withhold_counts
from kpi_pipeline.judgement.disclosure.tables import withhold_table

__all__ = ["Number", "Sum", "Withheld", "is_small", "withhold_counts", "withhold_table"]
