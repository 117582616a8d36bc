"""Stage 3: events become drafts. Pure."""
