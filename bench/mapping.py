"""How fast decoded events become drafts, and bodies decoded events: webinar webhooks of about 2 KB, a mapping of ten rows, on one core.

The schema is the one the local org describes, so that conversions are those of a real org.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from bench.figures import Figure

from crosswalk.demo import scenario
from crosswalk.mapping import apply, document
from crosswalk.mapping.apply import BoundCampaign, CompiledMapping, Context
from crosswalk.model import Event, OrgSchema
from crosswalk.salesforce import object_types
from crosswalk.sources import bodies, registry
from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig, SourceState
from localorg.testing import LocalOrg

_SECONDS = 2.0
_SECRET = "bench-signing-secret"  # noqa: S105 - made up for this once
_FIELDS = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "Company": "company",
    "Title": "job_title",
    "City": "city",
    "Country": "country",
    "Phone": "phone",
    "Website": "website",
    "LeadSource": "utm_source",
}
_DOCUMENT = {
    "title": "Ten rows",
    "source": "livestorm",
    "person": {"search": ["Lead"], "create": "Lead"},
    "steps": [
        {
            "name": "lead",
            "object": "Lead",
            "person": True,
            "match": [{"field": "Email", "entry": {"attribute": "email"}}],
            "rows": [{"field": field, "entry": {"attribute": attribute}} for field, attribute in _FIELDS.items()],
        }
    ],
}


async def measure() -> list[Figure]:
    """Map the same few hundred events again and again for two seconds of this process, whatever else the machine does."""
    events = _events()
    mapping = compiled(await described({"Lead"}))
    context = Context({}, BoundCampaign("701000000000001AAA"), ZoneInfo("UTC"))
    rate = _a_second(events, lambda event: mapping.apply(event, "delivery", "lane", context))
    decoded = _a_second(events, lambda event: bodies.read(event.body))
    size = sum(len(event.body) for event in events) / len(events)
    return [
        Figure("mapping_events_per_second", "mapping: decoded events with ten rows", rate, "events/s", "≥ 100,000"),
        Figure("decoded_events_per_second", "  decoding alone", decoded, "events/s"),
        Figure("mapping_event_bytes", "  mean size of such an event", size, "bytes"),
    ]


def _a_second(events: Sequence[Event], do: Callable[[Event], object]) -> float:
    """Return how many events a second of this process is enough for."""
    done, began = 0, time.process_time()
    while time.process_time() - began < _SECONDS:
        for event in events:
            do(event)
        done += len(events)
    return done / (time.process_time() - began)


def compiled(schema: OrgSchema) -> CompiledMapping:
    """Return the mapping of ten rows, ready to run."""
    catalogue = registry.source("livestorm").catalogue({})
    return apply.compile(document.parse(_DOCUMENT), catalogue, schema, sync_id="sync", version=1, position=0, source_kind="livestorm")


async def described(names: set[str]) -> OrgSchema:
    """Return the schema of a fresh local org, as Crosswalk reads it."""
    org = LocalOrg()
    try:
        async with org.client() as client:
            replies = {name: await client.get(f"/services/data/v60.0/sobjects/{name}/describe") for name in names}
        return OrgSchema({name.lower(): object_types.object_type(object_types.condensed(reply.json())) for name, reply in replies.items()})
    finally:
        await org.close()


def _events() -> Sequence[Event]:
    now = datetime.now(UTC)
    source = registry.source("livestorm")
    config = SourceConfig("bench", "bench", "livestorm", SourceState.ON, {}, {"signing_secret": _SECRET})
    numbers = count()
    found: list[Event] = []
    for webhook in scenario.scenario(Random(2026), now, scenario.Size(200, 50)).webhooks:
        body = json.dumps(webhook).encode()
        request = Incoming("POST", "/hooks/bench", source.sign(body, _SECRET, now, {}), body=body)
        found.extend(source.accept(request, config, now, lambda: f"event-{next(numbers)}").events)
    return found
