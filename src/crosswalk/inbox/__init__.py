"""Stage 2: what has arrived and whose turn it is."""
