"""Every sentence of the report, made once from fields."""
