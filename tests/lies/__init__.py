"""Statements that make a table lie, each with the check that finds it and the row that it names."""
