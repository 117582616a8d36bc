"""The RudderStack source: an unchanged SDK posts to us as to a data plane.

The write key is looked up before the body is read, as the gateway does, so `accept` starts from a known source.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from pydantic import ValidationError

from crosswalk.errors import Problem, RequestRefused
from crosswalk.model import Accepted, Attribute, Event, Rejected
from crosswalk.sources import problems
from crosswalk.sources.base import Incoming, NewId
from crosswalk.sources.rudderstack import catalogue, envelope, events, rows
from crosswalk.sources.rudderstack.settings import RudderStackSettings
from crosswalk.store.configuration import SourceConfig


class RudderStack:
    """Customer events from SDKs: identify, track, page, screen, group, alias."""

    kind: ClassVar[str] = "rudderstack"
    secret_names: ClassVar[tuple[str, ...]] = ("write_key",)
    optional_secret_names: ClassVar[tuple[str, ...]] = ()

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the known traits and call fields, and the traits named in the settings."""
        known = {attribute.key for attribute in catalogue.BUILTIN}
        own = (trait for trait in RudderStackSettings.model_validate(settings).traits if trait.key not in known)
        return catalogue.BUILTIN + tuple(
            Attribute(
                trait.key, trait.label or trait.key, trait.type, tuple(f"{root}.{trait.key}" for root in catalogue.ROOTS), "Own traits"
            )
            for trait in own
        )

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            RudderStackSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Read the entries; a bad one among others is kept as invalid, a bad one alone refuses the request."""
        entries = envelope.entries(request, received_at)
        read = [events.read(entry, source.id, received_at, new_id, request.max_depth) for entry in entries]
        good = tuple(item for item in read if isinstance(item, Event))
        bad = tuple(
            Rejected(item.code, f"batch[{index}]: {item.sentence}", item.body)
            for index, item in enumerate(read)
            if isinstance(item, Rejected)
        )
        if len(read) == 1 and isinstance(read[0], Rejected):
            raise RequestRefused(read[0].code, read[0].sentence, 400)
        return Accepted(events=good, invalid=bad)

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return nothing: a call is told apart by its message id alone."""
        del event
        return {}

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers of a client: the write key as user name, no password."""
        del body, now, settings
        return {"content-type": "application/json", "authorization": "Basic " + base64.b64encode(f"{secret}:".encode()).decode()}

    def column(self, name: str) -> str:
        """Return the member of a call, or the trait of that name."""
        return rows.column(name)

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the row as an identify call for Salesforce, unless it says otherwise."""
        return rows.complete(body)

    def marked(self, body: Any) -> Any:
        """Return the call with a message id of its content, where its client gave it none."""
        return rows.marked(body)
