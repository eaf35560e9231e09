"""Pages of what moves a measure and of the programmes that should."""
