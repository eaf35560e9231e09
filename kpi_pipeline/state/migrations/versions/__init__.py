"""One module per schema, named after it."""
