"""Intake: landing files → staged rows | quarantine. Nothing is lost.

Rows in = staged + quarantined + duplicate + superseded.
"""
