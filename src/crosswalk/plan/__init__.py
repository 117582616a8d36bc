"""Stage 5: drafts and answers become the fewest, safest changes. Pure."""
