"""The stage of the demo: a local org and a Crosswalk on free loopback ports, seeded, connected and configured, in a folder of its own.

Both run in this process, but they speak to each other over HTTP only, as they would across the world.
"""

import asyncio
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
from crosswalk.demo import installed, scenario, seed
from crosswalk.demo.scenario import FULL, Scenario, Size
from crosswalk.demo.vendors.server import Vendors
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.sources import addresses
from crosswalk.store.configuration import SourceConfig
from localorg.app import create_app
from localorg.settings import OrgSettings

_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and what will be played on it."""

    played: Scenario
    parts: Runtime
    org: httpx2.AsyncClient
    api: httpx2.AsyncClient
    vendors: Vendors
    sources: Mapping[str, SourceConfig]

    def hook(self, source: str) -> str:
        """Return the path a source's webhooks are posted to."""
        return addresses.hook_path(source, self.sources[source].secrets["hook_token"])

    @property
    def addresses(self) -> Mapping[str, str]:
        """Return what there is to look at."""
        org, api = (str(client.base_url).rstrip("/") for client in (self.org, self.api))
        return {
            "console": f"{api}/first-run",
            "the org": f"{org}/localorg/",
            "health": f"{api}/healthz",
            "metrics": f"{api}/metrics",
            "webhooks": f"{api}{self.hook('livestorm')}",
            "data plane": f"{api}/v1/identify  (write key {self.sources['rudderstack'].secrets['write_key']})",
        }


@asynccontextmanager
async def stage(folder: Path, random: Random, size: Size = FULL) -> AsyncIterator[Stage]:
    """Set everything up in `folder` and take it down at the end."""
    settings = Settings(data_dir=folder / "data", key_file=folder / "keys.json", database_url="", host=_HOST, port=0)
    played = scenario.scenario(random, Time().now(), size)
    org_settings, vendors = OrgSettings(), Vendors(played)
    async with (
        serving.serving(create_app(org_settings), serving.listen(_HOST, 0)) as org_url,
        serving.serving(vendors.app, serving.listen(_HOST, 0)) as vendors_url,
        httpx2.AsyncClient(base_url=org_url) as org,
        runtime.opened(settings) as parts,
    ):
        campaigns = await seed.seed(org, random, played)
        document = installed.workspace(org_url, org_settings, vendors_url, played, campaigns)
        file = await asyncio.to_thread(_written, folder / "workspace.yaml", document)
        await workspace.apply_file(parts.engine, file, "demo", installed.made_up_secrets(org_settings))
        await installed.provision(parts)
        configuration = await parts.engine.configuration.current()
        async with (
            serving.serving(parts.app(), serving.listen(_HOST, 0)) as api_url,
            httpx2.AsyncClient(base_url=api_url) as api,
        ):
            yield Stage(played, parts, org, api, vendors, {one.name: one for one in configuration.sources.values()})


def _written(path: Path, document: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return path
