"""The fixed ground of the made-up hospital: its places, plan, calendar and archetypes."""
