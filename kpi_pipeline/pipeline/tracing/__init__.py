"""From something printed back to its cases: explain, compare, verify, reproduce, attack."""
