"""Names of groups and job titles of agents, which a chat does not hold; asked for only where the settings say so."""

from typing import Any

from crosswalk.sources import identifiers
from crosswalk.sources.livechat import web_api
from crosswalk.sources.livechat.answers import objects
from crosswalk.sources.livechat.chats import Directory
from crosswalk.sources.livechat.settings import LiveChatSettings
from crosswalk.sources.vendor_api import VendorApi

_FIELDS = ["groups", "job_title"]


async def fetched(api: VendorApi, settings: LiveChatSettings) -> Directory:
    """Return the directory of the licence, or the empty one where the settings do not ask for it."""
    if not settings.directory:
        return Directory.empty()
    listed = objects(await web_api.ask(api, settings, web_api.LIST_GROUPS, {}))
    groups = {identifiers.text(group.get("id")): name for group in listed if (name := identifiers.text(group.get("name")))}
    known = Directory(groups, {})
    agents = objects(await web_api.ask(api, settings, web_api.LIST_AGENTS, {"fields": _FIELDS}))
    return Directory(groups, {identifiers.text(agent.get("id")): _told(agent, known) for agent in agents})


def _told(agent: dict[str, Any], known: Directory) -> dict[str, Any]:
    """Return what a chat does not say of an agent."""
    names = known.group_names(group.get("id") for group in objects(agent.get("groups")))
    found = {"job_title": identifiers.text(agent.get("job_title")), "groups": names}
    return {name: value for name, value in found.items() if value}
