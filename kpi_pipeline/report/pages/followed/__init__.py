"""Pages that follow up: what changed, what was said before, what is provisional, what will be asked."""
