"""The steps that the command line and Dagster both call: build, report, check, demo."""
