"""Dagster's view of the house: assets, checks, schedules, sensors. The only room that imports dagster."""
