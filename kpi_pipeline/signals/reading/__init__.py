"""What the points of a chart say: rules, runs, verdict."""
