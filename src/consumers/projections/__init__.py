"""Events become read tables: one file a table, each with the events it is made of and its SQL."""
