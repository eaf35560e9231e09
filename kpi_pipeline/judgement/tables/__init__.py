"""Tables beside the measures, withheld as one: totals, denials, fairness, size."""
