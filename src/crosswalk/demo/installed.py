"""What the demo's installation consists of, as a workspace file would say it, and how its org is made ready for it.

The org is provisioned as any other: by the wishes of the ready syncs, through the Metadata API.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from crosswalk.demo import conversations, summit
from crosswalk.demo.scenario import Scenario
from crosswalk.demo.seed import Campaigns
from crosswalk.demo.vendors import server
from crosswalk.errors import ConfigurationError
from crosswalk.provisioning import service
from crosswalk.provisioning.declare import KEY_FIELD
from crosswalk.provisioning.service import Wish
from crosswalk.runtime import Runtime
from localorg.settings import OrgSettings

CONNECTION = "local org"
SYNCS = {
    "livestorm": "webinar registrations",
    "rudderstack": "app users",
    "livechat": "chats",
    "kaltura": "partner summit",
    "liveperson": "transcripts",
}
"""The name of the sync of each source; a source bears the name of its kind, which is the name of its preset."""

_TOKEN_BYTES = 24
_OFF = {"periodic": {"state": "off"}, "daily": {"state": "off"}}  # the demo says itself when to pull


def made_up_secrets(org: OrgSettings) -> dict[str, str]:
    """Return what the environment would hold, made up for this once."""
    return {
        "ORG_CLIENT_SECRET": org.client_secret,
        **{name: secrets.token_urlsafe(_TOKEN_BYTES) for name in ("SIGNING_SECRET", "WRITE_KEY", "VENDOR_TOKEN")},
        **{_hook_token(kind): secrets.token_urlsafe(_TOKEN_BYTES) for kind in SYNCS},
    }


def workspace(org_url: str, org: OrgSettings, vendors_url: str, played: Scenario, campaigns: Campaigns) -> dict[str, Any]:
    """Return the workspace file."""
    bound = {"livestorm": {played.told.session_id: campaigns.webinar}, "kaltura": {summit.EVENT_ID: campaigns.summit}}
    return {
        "connections": [
            {
                "name": CONNECTION,
                "org": org.org_id,
                "settings": {"login": "client_credentials", "login_url": org_url, "client_id": org.client_id},
                "secrets": {"client_secret": "${ORG_CLIENT_SECRET}"},
                "key_field": KEY_FIELD,
            }
        ],
        "sources": _sources(vendors_url),
        "syncs": [
            {
                "name": name,
                "connection": CONNECTION,
                "source": kind,
                "preset": kind,
                **({"campaigns": bound[kind]} if kind in bound else {}),
            }
            for kind, name in SYNCS.items()
        ],
    }


async def provision(parts: Runtime) -> None:
    """Give the org the objects, fields and member statuses the syncs need; raise with what could not be made."""
    configuration = await parts.engine.configuration.current()
    connection = next(one for one in configuration.connections.values() if one.name == CONNECTION)
    org = await parts.orgs.of(connection)
    prepared = await service.prepare(parts.engine, org, Wish(tuple(SYNCS)))
    applied = await service.carry_out(parts.engine, org, prepared, "demo")
    for obstacle in applied.obstacles:
        raise ConfigurationError(f"The demo's org could not be made ready: {obstacle.name}: {obstacle.sentence}")


def _sources(vendors_url: str) -> list[dict[str, Any]]:
    asked = server.api_urls(vendors_url)
    settings: Mapping[str, dict[str, Any]] = {
        "livechat": {"account_id": "demo"},
        "kaltura": {"partner_id": 4471920, "app_token_id": "demo", "user_id": "events@summit.example"},
        "liveperson": {"account_id": conversations.ACCOUNT, "client_id": "demo"},
    }
    named: Mapping[str, dict[str, str]] = {
        "livestorm": {"signing_secret": "${SIGNING_SECRET}"},
        "rudderstack": {"write_key": "${WRITE_KEY}"},
        "livechat": {"webhook_secret": "${SIGNING_SECRET}", "personal_access_token": "${VENDOR_TOKEN}"},
        "kaltura": {"signing_secret": "${SIGNING_SECRET}", "app_token": "${VENDOR_TOKEN}"},
        "liveperson": {"signing_secret": "${SIGNING_SECRET}", "client_secret": "${VENDOR_TOKEN}"},
    }
    return [
        {
            "name": kind,
            "kind": kind,
            "secrets": kept,
            **({} if "write_key" in kept else {"hook_token": f"${{{_hook_token(kind)}}}"}),
            **({"settings": {**settings[kind], "api_url": asked[kind]}, "jobs": _OFF} if kind in asked else {}),
        }
        for kind, kept in named.items()
    ]


def _hook_token(kind: str) -> str:
    return f"HOOK_TOKEN_{kind.upper()}"
