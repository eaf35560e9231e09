"""From the landing folder to staged rows: what is read, kept, current, and stored."""
