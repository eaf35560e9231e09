"""Commands of the report and its issues: draft, send, verify, and what people declare."""
