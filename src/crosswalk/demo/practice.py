"""The practice org: a local org inside `serve`, so that somebody can see Crosswalk write before anything real is connected.

It listens nowhere: the process reaches it through its own HTTP client under a name that resolves to this machine alone. Its data stand in a
file beside Crosswalk's database.
"""

from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from crosswalk.errors import ConfigurationError
from crosswalk.provisioning.declare import KEY_FIELD
from localorg.app import create_app
from localorg.settings import OrgSettings

URL = "http://practice.localhost"
CAMPAIGN = "Practice webinar"
_FILE = "practice-org.db"


class PracticeOrg:
    """The org, opened when it is first asked."""

    url = URL
    key_field = KEY_FIELD

    def __init__(self, folder: Path) -> None:
        self._settings = OrgSettings(org_name="Practice org", data=folder / _FILE)
        self._app: Any = None
        self.client_id = self._settings.client_id
        self.client_secret = self._settings.client_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the org."""
        await self._opened()(scope, receive, send)

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return a transport that leads here."""
        return httpx2.ASGITransport(app=self)

    async def prepared(self) -> str:
        """Make a campaign unless it is there, and return its id; objects and fields come with each ready sync."""
        async with httpx2.AsyncClient(transport=self.transport(), base_url=URL) as org:
            found = await self._campaign(org)
            return found or str((await _post(org, "/localorg/seed", {"object": "Campaign", "records": [{"Name": CAMPAIGN}]}))["ids"][0])

    async def close(self) -> None:
        """Close the org's database."""
        if self._app is not None:
            await self._app.state.org.close()

    def _opened(self) -> ASGIApp:
        if self._app is None:
            self._app = create_app(self._settings)
        opened: ASGIApp = self._app
        return opened

    async def _campaign(self, org: httpx2.AsyncClient) -> str | None:
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        token = (await org.post("/services/oauth2/token", data=form)).json()["access_token"]
        query = {"q": f"SELECT Id FROM Campaign WHERE Name = '{CAMPAIGN}'"}  # noqa: S608 - a constant
        answer = await org.get("/services/data/v60.0/query", params=query, headers={"authorization": f"Bearer {token}"})
        records = answer.json()["records"]
        return str(records[0]["Id"]) if records else None


async def _post(org: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = await org.post(path, json=body)
    if not answer.is_success:
        raise ConfigurationError(f"The practice org cannot be prepared: {answer.text[:200]}")
    return answer.json()
