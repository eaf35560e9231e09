"""Sentences that follow up: claims, restatements, decisions, answers."""
