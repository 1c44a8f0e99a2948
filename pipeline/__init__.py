"""The driver behind ``make run``: Meltano, the tap, DuckDB, and a check that every row arrived."""
