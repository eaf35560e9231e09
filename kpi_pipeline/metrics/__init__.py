"""Metrics: one file declares one measure; one aggregation turns its cases into values."""
