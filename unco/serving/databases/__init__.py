"""Where the service keeps its state: SQLite files for the workers of one machine, Postgres for many machines."""
