"""`/api/sources/{id}/conversations`: conversations that go on, as the agent's widget sees them, and the records made of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.caller import Caller, refused
from crosswalk.access.roles import Permission
from crosswalk.connecting import conversations
from crosswalk.reasons import Reason, State
from crosswalk.store.configuration import SourceConfig, SyncState
from crosswalk.web import callers
from crosswalk.web.api.paging import Listed
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import require

router = APIRouter(prefix="/api/sources/{source_id}/conversations", tags=["sources"])

Chatting = Annotated[Caller, require(Permission.USE_WIDGET)]


class BeginIn(BaseModel):
    """The model of the conversation as the chat system's widget hands it out: `chatInfo`, `visitorInfo`, `chatTranscript` and so on."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[dict[str, Any], Field(max_length=200)]


class BegunBody(BaseModel):
    """The id of the conversation; `is_new` tells whether anything new was told of it."""

    conversation_id: str
    is_new: bool


class KeptBody(BaseModel):
    """What a step of a sync has made of the conversation."""

    sync_id: str
    step: str
    state: State
    reason: Reason | None
    object: str | None
    record_id: str | None


@router.post("", status_code=202)
async def begin_conversation(request: Request, caller: Chatting, source_id: str, body: BeginIn) -> BegunBody:
    """Make the record of a conversation when it starts. Told again, it stays one record; the sync completes it when it has ended."""
    services, source = callers.services(request), await source_of(request, source_id)
    await _connections(request, caller, source)
    found = await conversations.begin(services.engine, services.receiver, source, body.model)
    return BegunBody(conversation_id=found.conversation_id, is_new=found.is_new)


@router.get("/{conversation_id}")
async def read_conversation(
    request: Request, caller: Chatting, source_id: str, conversation_id: Annotated[str, Path(max_length=255)]
) -> Listed[KeptBody]:
    """Return the records made of a conversation, step by step; none yet while it is being worked off."""
    source = await source_of(request, source_id)
    connections = await _connections(request, caller, source)
    found = await conversations.kept(callers.services(request).engine, source, conversation_id, connections)
    return Listed[KeptBody](items=[KeptBody(**{name: getattr(one, name) for name in KeptBody.model_fields}) for one in found])


async def _connections(request: Request, caller: Caller, source: SourceConfig) -> set[str]:
    """Return the connections of a source's syncs in which the caller may use the widget; refuse who may in none."""
    syncs = (await callers.services(request).configuration.current()).syncs_of(source.id)
    every = {sync.connection_id for sync in syncs if sync.state is not SyncState.REMOVED}
    found = {connection_id for connection_id in every if caller.may_on(connection_id, Permission.USE_WIDGET)}
    if every and not found:
        raise refused(Permission.USE_WIDGET)
    return found
