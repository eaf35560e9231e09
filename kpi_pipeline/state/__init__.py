"""State: what people decided and must never be lost. SQLite by default, PostgreSQL by URL. Never rebuilt from data."""
