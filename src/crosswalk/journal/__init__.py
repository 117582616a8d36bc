"""Stage 7: what happened."""
