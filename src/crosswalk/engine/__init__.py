"""Keeps the flow going: workers and schedules."""
