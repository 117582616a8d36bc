"""Stage 1: what a system sends or serves becomes events."""
