"""Who writes to Kafka: commands on the way in, results and events on the way out."""
