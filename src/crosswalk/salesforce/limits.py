"""How many API calls the org has used and has left, by its own account: a rolling count of the last 24 hours, of all applications."""

from collections.abc import Mapping
from dataclasses import dataclass

from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client


@dataclass(frozen=True, slots=True)
class Usage:
    """The org's API calls of the last 24 hours."""

    used: int
    max: int

    @property
    def left(self) -> int:
        """How many calls may still be made."""
        return max(0, self.max - self.used)


async def usage(client: Client) -> Usage:
    """Ask the org, which costs a call; raise `RetryLater` when it gives no usable answer."""
    body = (await client.get("limits", purpose=Purpose.LIMITS)).body
    daily = body.get("DailyApiRequests") if isinstance(body, Mapping) else None
    most, remaining = (daily.get("Max"), daily.get("Remaining")) if isinstance(daily, Mapping) else (None, None)
    if not isinstance(most, int) or not isinstance(remaining, int):
        raise client.unreadable(Purpose.LIMITS, None, "the limits name no API requests")
    return Usage(most - remaining, most)
