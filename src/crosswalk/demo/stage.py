"""The stage of the demo: a local org and a Crosswalk on free loopback ports, seeded, connected and configured, in a folder of its own.

Both run in this process, but they speak to each other over HTTP only, as they would across the world.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import yaml

from crosswalk import runtime, serving, workspace
from crosswalk.clock import Time
from crosswalk.demo import scenario, seed
from crosswalk.demo.scenario import Scenario
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.sources import addresses
from crosswalk.store.configuration import SourceConfig
from localorg.app import create_app
from localorg.settings import OrgSettings

_HOST = "127.0.0.1"
WEBINARS, SDK = "livestorm", "rudderstack"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and what will be played on it."""

    played: Scenario
    parts: Runtime
    org: httpx2.AsyncClient
    api: httpx2.AsyncClient
    webinars: SourceConfig
    sdk: SourceConfig

    @property
    def hook(self) -> str:
        """Return the path webhooks are posted to."""
        return addresses.hook_path(self.webinars.name, self.webinars.secrets["hook_token"])

    @property
    def addresses(self) -> Mapping[str, str]:
        """Return what there is to look at."""
        org, api = (str(client.base_url).rstrip("/") for client in (self.org, self.api))
        return {
            "the org": f"{org}/localorg/",
            "health": f"{api}/healthz",
            "metrics": f"{api}/metrics",
            "webhooks": f"{api}{self.hook}",
            "data plane": f"{api}/v1/identify  (write key {self.sdk.secrets['write_key']})",
        }


@asynccontextmanager
async def stage(folder: Path, random: Random, registrations: int = 500, calls: int = 500) -> AsyncIterator[Stage]:
    """Set everything up in `folder` and take it down at the end."""
    settings = Settings(data_dir=folder / "data", key_file=folder / "keys.json", database_url="", host=_HOST, port=0)
    played = scenario.scenario(random, Time().now(), registrations, calls)
    org_settings = OrgSettings()
    async with (
        serving.serving(create_app(org_settings), serving.listen(_HOST, 0)) as org_url,
        httpx2.AsyncClient(base_url=org_url) as org,
        runtime.opened(settings) as parts,
    ):
        campaign = await seed.seed(org, random, played)
        file = await asyncio.to_thread(_written, folder / "workspace.yaml", _workspace(org_url, org_settings, played, campaign))
        await workspace.apply_file(parts.engine, file, "demo", _secrets(org_settings))
        configuration = await parts.engine.configuration.current()
        webinars, sdk = configuration.source_named(WEBINARS), configuration.source_named(SDK)
        if webinars is None or sdk is None:
            raise LookupError("the demo's own workspace has lost its sources")
        async with (
            serving.serving(parts.app(), serving.listen(_HOST, 0)) as api_url,
            httpx2.AsyncClient(base_url=api_url) as api,
        ):
            yield Stage(played, parts, org, api, webinars, sdk)


def _written(path: Path, document: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return path


def _secrets(org: OrgSettings) -> dict[str, str]:
    """Return what the environment would hold, made up for this once."""
    return {
        "ORG_CLIENT_SECRET": org.client_secret,
        "SIGNING_SECRET": secrets.token_urlsafe(24),
        "HOOK_TOKEN": secrets.token_urlsafe(24),
        "WRITE_KEY": secrets.token_urlsafe(20),
    }


def _workspace(org_url: str, org: OrgSettings, played: Scenario, campaign: str) -> dict[str, Any]:
    return {
        "connections": [
            {
                "name": "local org",
                "org": org.org_id,
                "settings": {"login": "client_credentials", "login_url": org_url, "client_id": org.client_id},
                "secrets": {"client_secret": "${ORG_CLIENT_SECRET}"},
                "key_field": seed.KEY_FIELD,
            }
        ],
        "sources": [
            {"name": WEBINARS, "kind": "livestorm", "secrets": {"signing_secret": "${SIGNING_SECRET}"}, "hook_token": "${HOOK_TOKEN}"},
            {"name": SDK, "kind": "rudderstack", "secrets": {"write_key": "${WRITE_KEY}"}},
        ],
        "syncs": [
            {
                "name": "webinar registrations",
                "connection": "local org",
                "source": WEBINARS,
                "preset": "livestorm",
                "campaigns": {played.told.session_id: campaign},
            },
            {"name": "app users", "connection": "local org", "source": SDK, "preset": "rudderstack"},
        ],
    }
