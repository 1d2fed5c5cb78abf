"""What the edge may read: one file a question, answered from the read tables."""
