"""The Kafka broker: its topics, and an embedded one for a machine that has none."""
