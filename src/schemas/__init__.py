"""What is said: commands, results and events, their headers, topics and settings."""
