"""Who asks, and what they may: tokens, keys, permissions and the rate that each client may ask at."""
