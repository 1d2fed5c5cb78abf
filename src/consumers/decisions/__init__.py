"""What each command means: pure functions from a command and the book to an outcome."""
