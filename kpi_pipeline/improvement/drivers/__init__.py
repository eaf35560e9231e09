"""What moves a figure: Pareto, decomposition, excess days, opportunity."""
