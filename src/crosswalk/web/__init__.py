"""The HTTP faces: hooks, the data plane, operations."""
