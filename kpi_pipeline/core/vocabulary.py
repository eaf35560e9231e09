"""Words that several rooms share, each defined once: which way is better, who reads, and the whole system."""

from __future__ import annotations

from typing import Literal

Better = Literal["lower", "higher", "neither"]
"""Which way of a figure is good; `neither` where no direction is."""

Privacy = Literal["internal", "board", "external"]
"""Who reads a report: board and external withhold small numbers."""

WHOLE_SYSTEM = "all"
"""The facility_id of figures over all facilities; no facility may bear it."""
