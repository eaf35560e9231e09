"""Sentences about charts: verdicts, warnings, rule sets, rebases."""
