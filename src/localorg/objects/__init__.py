"""Standard objects as data."""
