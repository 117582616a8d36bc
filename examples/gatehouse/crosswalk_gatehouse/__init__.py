"""A source in one module: the check-in desks of a trade fair, a made-up system that posts every badge it scans.

A desk signs its body with HMAC-SHA256. A scan happens once and has an id, so an event is told apart by it as its message id; a system
that tells the same thing again with more in it would give an `entity_id` and a `revision` instead.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from crosswalk.errors import Problem, RequestRefused
from crosswalk.model import Accepted, Attribute, Event, Rejected, SourceType
from crosswalk.sources import bodies, identifiers, moments, problems
from crosswalk.sources.base import Incoming, NewId
from crosswalk.store.configuration import SourceConfig

HEADER = "x-gatehouse-signature"
SCANNED = "visitor.scanned"

_ATTRIBUTES = (
    Attribute("name", "Name", SourceType.TEXT, ("visitor.name",), "Visitor"),
    Attribute("email", "E-mail", SourceType.EMAIL, ("visitor.email",), "Visitor"),
    Attribute("phone", "Phone", SourceType.PHONE, ("visitor.phone",), "Visitor"),
    Attribute("company", "Company", SourceType.TEXT, ("visitor.company",), "Visitor"),
    Attribute("fair", "Fair", SourceType.TEXT, ("fair.name",), "Visit", varies=True),
    Attribute("desk", "Desk", SourceType.TEXT, ("desk",), "Visit", varies=True),
    Attribute("scanned_at", "Scanned at", SourceType.DATETIME, ("at",), "Visit", varies=True),
)


class GatehouseSettings(BaseModel):
    """What an admin sets: the questions the desks ask, so that the editor can offer the answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[str, ...] = ()


class Gatehouse:
    """Badges scanned at the desks of a fair."""

    kind: ClassVar[str] = "gatehouse"
    secret_names: ClassVar[tuple[str, ...]] = ("signing_secret",)
    optional_secret_names: ClassVar[tuple[str, ...]] = ()

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the values of a scan, and one for each question of the settings."""
        questions = GatehouseSettings.model_validate(settings).questions
        asked = (Attribute(f"answer.{name}", name, SourceType.TEXT, (f"answers[question={name}].text",), "Answers") for name in questions)
        return (*_ATTRIBUTES, *asked)

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            GatehouseSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Prove the sender first, then read; a scan that cannot be used is kept as invalid, so that the desk goes on."""
        secret = source.secrets.get("signing_secret")
        if not secret or not hmac.compare_digest(_digest(request.body, secret), request.headers.get(HEADER, "").encode()):
            raise RequestRefused("signature_mismatch", "The signature does not match; compare the desk's secret with the source's.", 401)
        decoded = bodies.decode(request.body)
        if bodies.deeper_than(decoded.value, request.max_depth):
            raise bodies.too_deep()
        scan = decoded.value if isinstance(decoded.value, dict) else {}
        scan_id = identifiers.text(scan.get("scan"))
        if not scan_id:
            return Accepted(invalid=(Rejected("scan_missing", "The scan has no id, so a repeat could not be told.", decoded.body),))
        event = Event(
            id=new_id(),
            source_id=source.id,
            type=SCANNED,
            occurred_at=moments.believable(moments.from_iso(scan.get("at")), received_at),
            received_at=received_at,
            payload=scan,
            body=decoded.body,
            message_id=scan_id,
            person=_person(_object(scan.get("visitor"))),
            group_id=identifiers.text(_object(scan.get("fair")).get("id")) or None,  # a Campaign can be bound to a fair
        )
        return Accepted(events=(event,))

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return nothing: a scan is told apart by its id alone."""
        del event
        return {}

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers a desk would send."""
        del now, settings
        return {"content-type": "application/json", HEADER: _digest(body, secret).decode()}


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _person(visitor: Mapping[str, Any]) -> Mapping[str, str]:
    found = {key: identifiers.text(visitor.get(name)) for key, name in (("email", "email"), ("phone", "phone"), ("user_id", "badge"))}
    return {key: value for key, value in found.items() if value}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
