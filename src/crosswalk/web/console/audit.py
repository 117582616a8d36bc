"""The audit trail: who changed what, in words, with before and after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import users
from crosswalk.access.roles import Permission
from crosswalk.journal import audit
from crosswalk.journal.audit import Entry, Filter
from crosswalk.store.configuration import Configuration
from crosswalk.web import callers, delivery_views
from crosswalk.web.api import paging
from crosswalk.web.callers import LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.event_log import RANGES
from crosswalk.workspace.files import COMMAND_LINE

router = APIRouter(prefix="/audit", include_in_schema=False)

_PAGE = 50
_EXPORT = 10_000
_USER = "user:"
_SENTENCES: Mapping[str, str] = {
    "user.add": "joined",
    "user.role": "changed the role of {subject}",
    "user.access": "changed the access of {subject}",
    "user.remove": "removed {subject}",
    "user.password": "changed their own password",
    "user.password_link": "made a password link for {subject}",
    "invitation.add": "invited somebody",
    "invitation.remove": "withdrew an invitation",
    "api_token.add": "made an API token",
    "api_token.remove": "revoked an API token",
    "session.end": "ended a session of {subject}",
    "job.start": "started the {subject} at once",
    "drift.check": "checked {subject} for drift",
    "key.rotate": "changed the encryption key",
    "person.forget": "had a person forgotten",
    "source.agree": "read and agreed to the terms of the account {subject}",
    "run.start": "asked for a run of {subject}",
    "run.stop": "stopped the run {subject}",
    "campaign.bind": "picked the campaign of {subject}",
    "campaign.unbind": "took away the campaign of {subject}",
    "delivery.replay": "replayed {subject}",
    "delivery.test": "sent a test, {subject}",
    "delivery.skip": "skipped {subject}",
    "delivery.hold": "held {subject}",
}
_VERBS: Mapping[str, str] = {
    "add": "added",
    "change": "changed",
    "remove": "removed",
    "pause": "paused",
    "paused": "paused",
    "resume": "resumed",
    "on": "switched on",
    "off": "switched off",
    "activate": "activated",
    "deactivate": "deactivated",
    "scan": "scanned the attributes of",
    "rename": "renamed",
}


_THINGS: Sequence[tuple[str, str]] = (
    ("", "Everything"),
    ("mapping", "Mappings"),
    ("sync", "Syncs"),
    ("source", "Sources"),
    ("connection", "Connections"),
    ("campaign", "Campaigns"),
    ("delivery", "Deliveries"),
    ("run", "Runs"),
    ("job", "Jobs"),
    ("user", "Users"),
    ("invitation", "Invitations"),
    ("session", "Sessions"),
    ("api_token", "API tokens"),
    ("drift", "Drift"),
    ("alert_channel", "Alerts"),
    ("provision", "Provisioning"),
    ("person", "Forgotten people"),
    ("key", "Encryption keys"),
)


class Narrowed(BaseModel):
    """The filter as it stands in the address of the page: about what thing, by whom, on what, in how many hours."""

    subject: str = Field("", max_length=120)
    who: str = Field("", max_length=120)
    what: str = Field("", max_length=60)
    hours: int = Field(0, ge=0, le=24 * 366)

    def wanted(self, now: datetime) -> Filter:
        """Return what the filter asks for."""
        return Filter(self.subject or None, self.who or None, self.what or None, delivery_views.since_hours(now, self.hours))

    def query(self, **more: str) -> str:
        """Return the filter as it stands in an address."""
        return urlencode({name: value for name, value in {**self.model_dump(), **more}.items() if value})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words."""

    id: str
    at: datetime
    who: str
    what: str
    subject: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the trail."""

    template: ClassVar[str] = "audit.html"
    lines: Sequence[Line]
    narrowed: Narrowed
    people: Sequence[tuple[str, str]]
    next_href: str
    first_href: str

    @property
    def things(self) -> Sequence[tuple[str, str]]:
        """What one can narrow to."""
        return _THINGS

    @property
    def ranges(self) -> Sequence[tuple[int, str]]:
        """The ranges of time one can choose."""
        return RANGES


def _asked(request: Request) -> Narrowed:
    return forms.from_address(Narrowed, request.query_params)


Asked = Annotated[Narrowed, Depends(_asked)]


@router.get("")
async def show(request: Request, caller: LookingPage, narrowed: Asked, after: str | None = None) -> Response:
    """Show the newest entries that the filter finds, or those behind `after`."""
    caller.expect(Permission.LOOK)
    behind = paging.key(after)
    entries, words = await _read(request, _PAGE + 1, behind[0] if behind else None, narrowed)
    shown, following = paging.cut(entries, _PAGE, lambda one: (one.id,))
    next_href = f"/audit?{narrowed.query(after=following)}" if following else ""
    first_href = f"/audit?{narrowed.query()}" if after else ""
    people = sorted(((f"{_USER}{one}", name) for one, name in words.people.items()), key=lambda one: one[1].casefold())
    everybody = [("", "Everybody"), *people, (COMMAND_LINE, COMMAND_LINE.capitalize())]
    context = AuditPage([words.line(one) for one in shown], narrowed, everybody, next_href, first_href)
    return await pages.of(request).show(request, caller, context, title="Audit trail", current="/audit")


@router.get("/export")
async def export(request: Request, caller: LookingPage, narrowed: Asked) -> Response:
    """Return the newest entries that the filter finds as JSON lines, to keep."""
    caller.expect(Permission.LOOK)
    entries, words = await _read(request, _EXPORT, None, narrowed)
    lines = (
        {"at": one.at, "who": words.who(one.actor), "action": one.action, "subject": one.subject, "before": one.before, "after": one.after}
        for one in entries
    )
    text = "".join(json.dumps(line, default=str, ensure_ascii=False) + "\n" for line in lines)
    return Response(text, media_type="application/x-ndjson", headers={"content-disposition": 'attachment; filename="audit.jsonl"'})


@dataclass(frozen=True, slots=True)
class Words:
    """Puts entries into words: names for ids."""

    people: Mapping[str, str]
    configuration: Configuration

    def line(self, entry: Entry) -> Line:
        """Return one entry in words."""
        subject = self.named(entry.subject)
        what = _SENTENCES.get(entry.action, "").format(subject=subject) or _what(entry.action, subject)
        return Line(entry.id, entry.at, self.who(entry.actor), what, entry.subject, self._changes(entry))

    def who(self, actor: str) -> str:
        """Return the name behind an actor."""
        return self.people.get(actor.removeprefix(_USER), actor) if actor.startswith(_USER) else actor

    def named(self, subject: str) -> str:
        """Return the name of what an id stands for."""
        known = (self.configuration.connections, self.configuration.sources, self.configuration.syncs)
        return self.people.get(subject) or next((group[subject].name for group in known if subject in group), subject)

    def _changes(self, entry: Entry) -> Sequence[Change]:
        before = entry.before if isinstance(entry.before, dict) else {} if entry.before is None else {"value": entry.before}
        after = entry.after if isinstance(entry.after, dict) else {} if entry.after is None else {"value": entry.after}
        names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
        return [Change(name.replace("_", " "), self._text(before.get(name)), self._text(after.get(name))) for name in names]

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        return self.named(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _what(action: str, subject: str) -> str:
    thing, _, verb = action.partition(".")
    return f"{_VERBS.get(verb, verb or 'changed')} the {thing.replace('_', ' ')} {subject}"


async def _read(request: Request, limit: int, behind: str | None, narrowed: Narrowed) -> tuple[list[Entry], Words]:
    services = callers.services(request)
    async with services.database.read() as tx:
        entries = await audit.page(tx, limit, behind, narrowed.wanted(services.clock.now()))
        people = await users.names(tx, services.vault)
    return entries, Words(people, await services.configuration.current())
