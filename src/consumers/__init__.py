"""Who reads from Kafka: the batch loop over commands, the decisions, the projector."""
