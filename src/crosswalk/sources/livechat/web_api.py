"""LiveChat's web API: every method is a POST with a JSON body, also those that only read.

A licence lives in one of two data centres. The wrong one answers that it is misdirected, so the other one is asked once before anybody is
told.
"""

import base64
from collections.abc import Mapping
from typing import Any

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, SourceRefusedError
from crosswalk.sources.livechat.settings import LiveChatSettings, Region
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

API_URL = "https://api.livechatinc.com/v3.6"
TOKEN = "personal_access_token"  # noqa: S105  # the name of a secret

LIST_ARCHIVES = "agent/action/list_archives"
GET_CHAT = "agent/action/get_chat"
LIST_AGENTS = "configuration/action/list_agents"
LIST_GROUPS = "configuration/action/list_groups"

_REGION = "X-Region"
_MISDIRECTED = 421


def opened(source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
    """Return the API with the personal access token, which goes with the account it was made in; raise when one is missing."""
    settings = LiveChatSettings.model_validate(source.settings)
    token = source.secrets.get(TOKEN)
    if not token:
        raise ConfigurationError(
            f"The source {source.name!r} has no {TOKEN}; make one in LiveChat's developer console, name it under secrets, and apply."
        )
    if not settings.account_id:
        raise ConfigurationError(
            f"The source {source.name!r} has no account_id; LiveChat shows it beside the token: add it to the settings, and apply."
        )
    basic = base64.b64encode(f"{settings.account_id}:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return VendorApi(http, clock, settings.api_url or API_URL, headers, vendor="LiveChat")


async def ask(api: VendorApi, settings: LiveChatSettings, method: str, body: Mapping[str, Any]) -> Any:
    """Return what a method answers, from the licence's data centre or, when that is another one than was set, from there."""
    try:
        return await ask_there(api, settings.region, method, body)
    except SourceRefusedError as refused:
        if refused.status != _MISDIRECTED:
            raise
    return await ask_there(api, elsewhere(settings.region), method, body)


async def ask_there(api: VendorApi, region: Region, method: str, body: Mapping[str, Any]) -> Any:
    """Return what a method answers in one data centre, and nowhere else."""
    return await api.post(method, dict(body), headers={_REGION: region})


def elsewhere(region: Region) -> Region:
    """Return the other data centre."""
    return Region.EUROPE if region is Region.AMERICA else Region.AMERICA
