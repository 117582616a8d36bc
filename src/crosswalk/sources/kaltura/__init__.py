"""Kaltura: registration, attendance, engagement and polls of virtual events."""

from crosswalk.sources.kaltura.source import Kaltura

__all__ = ["Kaltura"]
