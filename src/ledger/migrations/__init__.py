"""How the tables came to be: one alembic history for the ledger, one for the read tables."""
