"""The Postgres server: an embedded one for a machine that has none."""
