"""The practice org: a local org inside `serve`, so that somebody can see Crosswalk write before anything real is connected.

It listens nowhere: the process reaches it through its own HTTP client under a name that resolves to this machine alone. Its data stand in a
file beside Crosswalk's database.
"""

from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from crosswalk.demo.seed import KEY_FIELD, KEYED, STATUSES
from crosswalk.errors import ConfigurationError
from crosswalk.presets import loader
from localorg.app import create_app
from localorg.settings import OrgSettings

URL = "http://practice.localhost"
CAMPAIGN = "Practice webinar"
_FILE = "practice-org.db"
_FIELD_TYPES = {"Text": "string", "Number": "double", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime", "Url": "url"}
_FIRST_ORDER = 3  # Sent and Responded come with every campaign


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
        """Make the fields the ready syncs need and a campaign, unless they are there, and return the campaign's id."""
        async with httpx2.AsyncClient(transport=self.transport(), base_url=URL) as org:
            found = await self._campaign(org)
            return found or await _prepare(org)

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


async def _prepare(org: httpx2.AsyncClient) -> str:
    keys = [
        {"object": name, "name": KEY_FIELD, "label": "Crosswalk Key", "length": 80, "unique": True, "externalId": True} for name in KEYED
    ]
    for field in [*keys, *_needed()]:
        await _post(org, "/localorg/fields", field)
    campaign: str = (await _post(org, "/localorg/seed", {"object": "Campaign", "records": [{"Name": CAMPAIGN}]}))["ids"][0]
    statuses = [
        {"CampaignId": campaign, "Label": label, "HasResponded": responded, "SortOrder": _FIRST_ORDER + at}
        for at, (label, responded) in enumerate(STATUSES)
    ]
    await _post(org, "/localorg/seed", {"object": "CampaignMemberStatus", "records": statuses})
    return campaign


def _needed() -> list[dict[str, Any]]:
    """Return the fields of standard objects that the ready syncs write."""
    wanted = [field for name in loader.names() for field in loader.load(name).needs.fields if field.type in _FIELD_TYPES]
    found = {field.path: field for field in wanted}
    return [
        {
            "object": field.object,
            "name": field.field,
            "label": field.label,
            "type": _FIELD_TYPES[field.type],
            **{name: value for name, value in (("length", field.length), ("precision", field.precision), ("scale", field.scale)) if value},
        }
        for field in found.values()
    ]


async def _post(org: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = await org.post(path, json=body)
    if not answer.is_success:
        raise ConfigurationError(f"The practice org cannot be prepared: {answer.text[:200]}")
    return answer.json()
