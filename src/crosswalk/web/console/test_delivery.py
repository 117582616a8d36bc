"""A test delivery: choose a sync and an event, look at what it would do, send it if wanted, and watch the six steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import examples, test_deliveries
from crosswalk.connecting.test_deliveries import MADE
from crosswalk.editing import samples
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import PreviewedRecord
from crosswalk.editing.samples import Sample
from crosswalk.errors import CrosswalkError
from crosswalk.reasons import State
from crosswalk.store.configuration import SyncConfig, SyncState
from crosswalk.web import answers, callers, delivery_views, live, test_views
from crosswalk.web.callers import OperatingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.preview import ACTIONS
from crosswalk.web.test_views import Looked, Watched

router = APIRouter(prefix="/test-delivery", include_in_schema=False)

HERE = "/test-delivery"
_TITLE = "Test delivery"
Id = Annotated[str, Query(max_length=36, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """The syncs one may choose from; and with one chosen, its events, and what one of them would do."""

    template: ClassVar[str] = "test_choice.html"
    syncs: Sequence[SyncConfig]
    desk: Desk | None = None
    events: Sequence[Sample] = ()
    event: str = ""
    has_example: bool = False
    may_make: bool = False
    looked: Looked | None = None
    refused: str = ""

    @property
    def example(self) -> str:
        """Who the made-up event is about."""
        return f"{examples.NAME} <{examples.EMAIL}>"

    @property
    def is_on(self) -> bool:
        """Whether the chosen sync writes."""
        return self.desk is not None and self.desk.sync.state is SyncState.ON

    @property
    def may_send(self) -> bool:
        """Whether the chosen event may be sent by the one who asks."""
        return self.is_on and (self.event != MADE or self.may_make)

    def action(self, record: PreviewedRecord) -> tuple[str, str, str]:
        """Return word, colour and icon of what would happen to a record."""
        return ACTIONS[record.action]


@dataclass(frozen=True, slots=True)
class WatchPage:
    """A test delivery on its way, and when it has arrived."""

    template: ClassVar[str] = "test_watch.html"
    desk: Desk
    watched: Watched
    again_href: str

    @property
    def is_under_way(self) -> bool:
        """Whether more will happen by itself."""
        return self.watched.story.line.entry.delivery.state is State.WAITING

    @property
    def seen(self) -> str:
        """What the page shows, to be told when there is more."""
        return _stand(self.watched)

    def record_href(self, record_id: str | None) -> str:
        """Return where Salesforce shows a record."""
        return delivery_views.record_address(self.desk.connection, record_id) if record_id else ""


@router.get("")
async def show(request: Request, caller: OperatingPage, sync: Id = "", source: Id = "", event: Id = "") -> Response:
    """Show the syncs, the events of one, or what one event would do; nothing is written."""
    configuration = await callers.services(request).configuration.current()
    seen = [one for one in configuration.syncs.values() if one.state is not SyncState.REMOVED and _may(caller, one)]
    syncs = sorted((one for one in seen if source in ("", one.source_id)), key=lambda one: one.name)
    if not sync:
        return await _show(request, caller, ChoicePage(syncs))
    return await _chosen(request, caller, syncs, await test_views.desk_of(request, caller, sync), event)


@router.post("")
async def send(request: Request, caller: OperatingPage) -> Response:
    """Send the event through the sync, and show how it fares."""
    values = await forms.values(request)
    desk = await test_views.desk_of(request, caller, values.get("sync", ""))
    engine = callers.services(request).engine
    delivery_id = await test_deliveries.send(engine, desk, caller, values.get("event", ""))
    return pages.of(request).go(request, f"{HERE}/{delivery_id}")


@router.get("/{delivery_id}")
async def watch(request: Request, caller: OperatingPage, delivery_id: str) -> Response:
    """Show a delivery step by step."""
    desk, watched = await test_views.watch(request, caller, delivery_id)
    context = WatchPage(desk, watched, f"{HERE}?{urlencode({'sync': desk.sync.id})}")
    crumbs = [("Syncs", "/syncs"), (desk.sync.name, f"/syncs/{desk.sync.id}")]
    return await pages.of(request).show(request, caller, context, title=_TITLE, current="/syncs", crumbs=crumbs)


@router.get("/{delivery_id}/live")
async def follow(request: Request, caller: OperatingPage, delivery_id: str, seen: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Tell the page when the delivery has come further than it shows."""
    services = callers.services(request)
    await test_views.watch(request, caller, delivery_id)

    async def produce() -> Mapping[str, Any]:
        story = await delivery_views.story(services, caller, delivery_id)
        return {"moved": _stand(Watched(None, (), story)) != seen}

    return live.stream(request, produce)


async def _chosen(request: Request, caller: Caller, syncs: Sequence[SyncConfig], desk: Desk, event: str) -> Response:
    services = callers.services(request)
    sees_people = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    recent = await samples.recent(services.engine, desk, sees_people=sees_people)
    looked, refused, status = None, "", int(HTTPStatus.OK)
    if event:
        try:
            looked = await test_views.look(request, caller, desk, event)
        except CrosswalkError as error:
            refused, status = error.sentence, answers.status_for_people(error)
    makes = caller.may_on(desk.connection.id, Permission.CONFIGURE)
    has_example = examples.has(desk.source.kind)
    first = event or (MADE if has_example else recent[0].id if recent else "")
    context = ChoicePage(syncs, desk, recent, first, has_example, makes, looked, refused)
    return await _show(request, caller, context, status)


async def _show(request: Request, caller: Caller, context: ChoicePage, status: int = HTTPStatus.OK) -> Response:
    crumbs = [("Syncs", "/syncs"), *([(context.desk.sync.name, f"/syncs/{context.desk.sync.id}")] if context.desk else [])]
    return await pages.of(request).show(request, caller, context, title=_TITLE, current="/syncs", crumbs=crumbs, status=status)


def _may(caller: Caller, sync: SyncConfig) -> bool:
    return caller.may_on(sync.connection_id, Permission.OPERATE)


def _stand(watched: Watched) -> str:
    """Return a text that is another one when the delivery has come further."""
    entry = watched.story.line.entry
    return f"{entry.delivery.state}.{entry.updated_at.isoformat()}.{len(watched.story.changes)}.{len(watched.story.full.steps)}"
