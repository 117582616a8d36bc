"""Settings of people's data: how long it is kept, for each source, and forgetting a person, with the proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import retention
from crosswalk.engine import erasure
from crosswalk.engine.erasure import Proof
from crosswalk.errors import CrosswalkError
from crosswalk.settings import Retention
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers
from crosswalk.web.api.forget import PersonIn
from crosswalk.web.api.retention import Days
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import ConfiguringPage, GuardingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.settings import HERE, TABS, TITLE

router = APIRouter(prefix="/settings", include_in_schema=False)

_HERE = f"{HERE}/retention"


class _Kept(BaseModel):
    """How many days a source's content is kept; nothing means the general number."""

    days: Annotated[Days | None, Field()] = None


class _Person(PersonIn):
    """Whoever is to be forgotten, with the box that was ticked."""

    model_config = ConfigDict(extra="ignore")

    confirm: str = ""


@dataclass(frozen=True, slots=True)
class RetentionPage:
    """How long what is kept, and the form that forgets a person."""

    template: ClassVar[str] = "settings_retention.html"
    general: Retention
    sources: Sequence[SourceConfig]
    may_forget: bool
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    tabs: Sequence[tuple[str, str]] = TABS


@dataclass(frozen=True, slots=True)
class ForgottenPage:
    """The proof that a person was forgotten. It is shown once: the records it names lead to the person, so they are not kept."""

    template: ClassVar[str] = "settings_forgotten.html"
    proof: Proof
    tabs: Sequence[tuple[str, str]] = TABS


@router.get("/retention")
async def show(request: Request, caller: ConfiguringPage) -> Response:
    """Show how long what is kept."""
    return await _page(request, caller)


@router.post("/retention/{source_id}")
async def keep_for(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Set how long the content of a source's events is kept."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    form = await forms.read(request, _Kept)
    if form.model is None:
        return pages.of(request).go(request, _HERE, "Enter whole days between 1 and 3650, or nothing; nothing was changed.", "held")
    await retention.keep_for(callers.services(request).engine, caller, source, form.model.days)
    return pages.of(request).go(request, _HERE, f"Saved. What is older in {source.name} is blanked within the hour.")


@router.post("/forget")
async def forget(request: Request, caller: GuardingPage) -> Response:
    """Erase everything stored about a person and show the proof; sending it again erases what came meanwhile and harms nothing."""
    form = await forms.read(request, _Person)
    if form.model is None or not form.model.confirm:
        errors = form.errors or {"confirm": "Tick the box: what is erased does not come back."}
        return await _page(request, caller, form.values, errors, 422)
    try:
        proof = await erasure.erase(callers.services(request).engine, form.model.person, caller.actor)
    except CrosswalkError as error:
        return await _page(request, caller, form.values, {"": error.sentence}, forms.status(error))
    crumbs = ((TITLE, HERE), ("Retention", _HERE))
    return await pages.of(request).show(request, caller, ForgottenPage(proof), title="Forgotten", current=HERE, crumbs=crumbs)


async def _page(
    request: Request, caller: Caller, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    every = sorted((await services.configuration.current()).sources.values(), key=lambda one: one.name)
    may_forget = caller.may(Permission.GUARD_DATA)
    context = RetentionPage(services.settings.retention, every, may_forget, values or {}, errors or {})
    return await pages.of(request).show(request, caller, context, title="Retention", current=HERE, crumbs=((TITLE, HERE),), status=status)
