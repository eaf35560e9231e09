"""The life of a month's issue: draft, gate, approval, publication, mail."""
