"""Whether the feeds are whole: their last day, what is missing, gone or shrunk since last time."""
