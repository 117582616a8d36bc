"""An org inside the test, and a client for it, in two lines.

`org = LocalOrg(clock=clock)`, then `async with org.client() as client:`. The client speaks to the application directly; a dropped
answer reaches it as httpx2's own transport error.
"""

from typing import Any

import httpx2
from starlette.applications import Starlette

from localorg.app import create_app
from localorg.clock import Clock
from localorg.org import Org
from localorg.settings import OrgSettings

HOST = "http://org.localorg.example"


class LocalOrg:
    """An org with its application, and short cuts to what tests ask it."""

    def __init__(self, settings: OrgSettings | None = None, clock: Clock | None = None) -> None:
        self.app: Starlette = create_app(settings, clock)
        self.org: Org = self.app.state.org

    @property
    def token(self) -> str:
        """Return a fresh access token."""
        return self.org.sessions.issue(self.org.user, self.org.clock.now())

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return a transport that leads to this org."""
        return httpx2.ASGITransport(app=self.app)

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Return a client that is logged in."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return httpx2.AsyncClient(transport=self.transport(), base_url=HOST, headers=headers, **options)

    async def close(self) -> None:
        """Stop what still runs and close the database."""
        await self.org.close()
