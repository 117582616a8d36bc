"""RudderStack, and Segment's compatible clients: events posted to our data plane."""

from crosswalk.sources.rudderstack.source import RudderStack

__all__ = ["RudderStack"]
