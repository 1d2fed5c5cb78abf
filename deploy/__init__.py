"""How it runs: the `stockyard` command, embedded Kafka and Postgres, the demo and the bench."""
