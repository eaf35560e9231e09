"""Commands that answer a question about a figure or a series."""
