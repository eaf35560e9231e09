"""What may be said of the figures: withheld, charted, judged. No words, no pages."""
