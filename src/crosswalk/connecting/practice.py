"""An org inside this process, for those who have none yet; whoever starts the process brings it."""

from typing import Protocol

import httpx2


class Practice(Protocol):
    """The practice org, as far as the rest of the product knows it."""

    url: str
    client_id: str
    client_secret: str
    key_field: str

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return a transport that leads to it."""
        ...

    async def prepared(self) -> str:
        """Make sure that it has a campaign, and return its id."""
        ...
