"""The edge: translates REST calls into commands, and reads into queries of the read tables."""
