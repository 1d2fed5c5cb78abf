"""What is true: the stock ledger in Postgres, one table a file, and the read tables."""
