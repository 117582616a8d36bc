"""What can be found out about a Livestorm workspace itself: whether the token works, its webhooks, its people attributes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crosswalk.errors import RetryLater, SkipRecord, SourceRefusedError
from crosswalk.sources import identifiers
from crosswalk.sources.base import Finding, Verdict
from crosswalk.sources.livestorm import listing
from crosswalk.sources.livestorm.catalogue import ATTENDED, NOT_ATTENDED, REGISTERED, WATCHED_REPLAY
from crosswalk.sources.livestorm.records import SESSION_ENDED
from crosswalk.sources.livestorm.settings import PeopleAttribute
from crosswalk.sources.vendor_api import VendorApi

WANTED_EVENTS = (REGISTERED, ATTENDED, NOT_ATTENDED, WATCHED_REPLAY, SESSION_ENDED)
_KINDS = frozenset(PeopleAttribute.model_fields["type"].annotation.__args__)  # type: ignore[union-attr]
_READ = ("sessions", "people_attributes")


async def check(api: VendorApi, hook_path: str) -> tuple[Finding, ...]:
    """Find out whether the token works and may read, and whether Livestorm still posts to us: it gives up on those who fail."""
    try:
        await api.get("ping", headers=listing.JSON_API)
        for resource in _READ:
            await api.get(resource, {"page[number]": 0, "page[size]": 1}, listing.JSON_API)
    except SourceRefusedError as refused:
        return (Finding(Verdict.FAIL, refused.sentence),)
    except (RetryLater, SkipRecord) as trouble:
        return (Finding(Verdict.WARN, trouble.sentence),)
    return (Finding(Verdict.OK, "Livestorm takes the token."), *await _subscriptions(api, hook_path))


async def _subscriptions(api: VendorApi, hook_path: str) -> tuple[Finding, ...]:
    try:
        listed = await listing.whole(api, "webhooks", {})
    except (SourceRefusedError, RetryLater, SkipRecord) as trouble:
        return (Finding(Verdict.WARN, f"The webhooks cannot be listed: {trouble.sentence}"),)
    ours = {event for url, event in _urls(listed) if url.endswith(hook_path)}
    missing = [event for event in WANTED_EVENTS if event not in ours]
    if missing:
        sentence = f"Livestorm does not post {', '.join(missing)} to this source; create these webhooks through its API, or rely on pulls."
        return (Finding(Verdict.WARN, sentence),)
    return (Finding(Verdict.OK, "Livestorm posts every event this source uses."),)


def _urls(listed: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for item in listed:
        attributes = item.get("attributes") if isinstance(item, dict) else None
        if isinstance(attributes, dict):
            yield str(attributes.get("url")), str(attributes.get("event"))


async def people_attributes(api: VendorApi) -> list[Mapping[str, str]]:
    """Return the people attributes of the workspace as its settings keep them, sorted, so that equal ones are equal."""
    listed = await listing.whole(api, "people_attributes", {})
    found = {attribute["slug"]: attribute for item in listed if (attribute := _attribute(item))}
    return [found[slug] for slug in sorted(found)]


def _attribute(item: Any) -> Mapping[str, str] | None:
    attributes = item.get("attributes") if isinstance(item, dict) else None
    slug = identifiers.text(attributes.get("slug")) if isinstance(attributes, dict) else ""
    if not slug or not isinstance(attributes, dict):
        return None
    kind = identifiers.text(attributes.get("type"))
    return {"slug": slug, "name": identifiers.text(attributes.get("name")) or slug, "type": kind if kind in _KINDS else "text"}
