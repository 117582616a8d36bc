"""Bulk API 1.0, as much of it as its clients use: CSV, JSON and XML batches, queries, control by XML and JSON."""
