"""Intake: landing files → staged rows | quarantine. Nothing is lost: rows in = staged + quarantined + duplicate + superseded."""
