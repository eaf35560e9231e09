"""Commands that bring data in: build, check, mapping, extract, reference, new measures."""
