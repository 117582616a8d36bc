"""Livestorm: registrations, attendance and replays of webinars."""

from crosswalk.sources.livestorm.source import Livestorm

__all__ = ["Livestorm"]
