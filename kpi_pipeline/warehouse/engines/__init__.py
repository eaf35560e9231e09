"""What computes the warehouse and the sums of cases: DuckDB, or Apache Spark from the same SQL."""
