"""False signals of stable charts, simulated. Written by benchmarks/signals_simulation.py, not by hand."""

from __future__ import annotations

PROVENANCE = (
    "10,000 stable independent normal series per cell, XmR (run chart for anhoej), seed 20261101, "
    "benchmarks/signals_simulation.py"
)

FALSE_SIGNALS: dict[str, dict[int, tuple[float, float]]] = {
    "nhs-2024": {
        13: (0.1043, 0.0182),
        18: (0.1910, 0.0242),
        24: (0.2835, 0.0299),
        36: (0.4491, 0.0324),
        48: (0.5652, 0.0325),
        60: (0.6671, 0.0333),
    },
    "nhs-classic": {
        13: (0.0787, 0.0140),
        18: (0.1259, 0.0142),
        24: (0.1843, 0.0190),
        36: (0.2944, 0.0177),
        48: (0.3806, 0.0176),
        60: (0.4707, 0.0196),
    },
    "ihi": {
        13: (0.0584, 0.0092),
        18: (0.0934, 0.0108),
        24: (0.1394, 0.0125),
        36: (0.2265, 0.0122),
        48: (0.3050, 0.0127),
        60: (0.3899, 0.0124),
    },
    "anhoej": {
        13: (0.0107, 0.0098),
        18: (0.0122, 0.0122),
        24: (0.0304, 0.0296),
        36: (0.0430, 0.0318),
        48: (0.0371, 0.0299),
        60: (0.0436, 0.0256),
    },
}
"""Rule set, points: (share of charts with any flag, share with a coloured icon)."""
