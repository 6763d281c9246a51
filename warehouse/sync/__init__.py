"""The host for one machine: runs the connector as a process and lands its streams in DuckDB or PostgreSQL."""
