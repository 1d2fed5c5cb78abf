"""The machine we run on: what is fetched to it, the processes started on it, what it lacks."""
