"""Drift: what changed in Salesforce or at a source under saved mappings, what still works, and the way to the row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.roles import Permission
from crosswalk.editing.drifted import Drift, Drifted, Kind, Watched
from crosswalk.errors import CrosswalkError, MappingError
from crosswalk.web import callers
from crosswalk.web.api.drift import MendIn, checked, mended, watched
from crosswalk.web.callers import ConfiguringPage, LookingPage, OperatingPage
from crosswalk.web.console import forms, pages, wording

router = APIRouter(prefix="/drift", include_in_schema=False)

_HERE = "/drift"
_WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.GONE: ("Gone", "trash"),
    Kind.RENAMED: ("Renamed", "pencil"),
    Kind.RETYPED: ("Another type", "type"),
    Kind.READ_ONLY: ("Became read-only", "lock"),
    Kind.REQUIRED: ("New required field", "asterisk"),
    Kind.VALUE_GONE: ("Value gone", "list-checks"),
    Kind.REFUSED: ("Refused", "ban"),
    Kind.UNSEEN: ("No longer seen", "eye"),
}


@dataclass(frozen=True, slots=True)
class DriftPage:
    """Every connection with its syncs that drifted."""

    template: ClassVar[str] = "drift.html"
    watched: Sequence[Watched]
    may_check: Mapping[str, bool]
    may_mend: Mapping[str, bool]

    @property
    def words(self) -> Mapping[Kind, tuple[str, str]]:
        """What each kind is called, and its icon."""
        return _WORDS

    def href(self, one: Drifted, drift: Drift) -> str:
        """Return the address of the row in the mapping, or of its step."""
        row = f"#row-s{drift.step}r{drift.row}" if drift.row is not None else ""
        return f"/syncs/{one.sync.id}?step={drift.step}{row}"

    def cost(self, one: Watched) -> str:
        """Return what a check costs, in words."""
        return f"Costs {wording.plural(one.calls, 'API call')} for {wording.plural(one.objects, 'object')}"


@router.get("")
async def show(request: Request, caller: LookingPage) -> Response:
    """Show what drifted, as Salesforce was last described."""
    found = await watched(callers.services(request), caller)
    ids = [one.connection.id for one in found]
    context = DriftPage(found, *({one: caller.may_on(one, needed) for one in ids} for needed in (Permission.OPERATE, Permission.CONFIGURE)))
    return await pages.of(request).show(request, caller, context, title="Drift", current=_HERE)


@router.post("/check")
async def check_now(request: Request, caller: OperatingPage) -> Response:
    """Describe the objects of a connection anew."""
    connection_id = (await forms.values(request)).get("connection", "")
    try:
        found = await checked(request, caller, connection_id)
    except CrosswalkError as error:
        return pages.of(request).go(request, _HERE, error.sentence, "held")
    number = sum(len(one.drifts) for one in found.syncs)
    said = f"{wording.plural(number, 'row')} drifted." if number else "Every mapped field still exists."
    return pages.of(request).go(request, _HERE, f"{found.connection.name} was checked. {said}")


@router.post("/mend")
async def mend(request: Request, caller: ConfiguringPage) -> Response:
    """Use the field that looks like the one that is gone, or remove the row."""
    form = await forms.read(request, MendIn)
    if form.model is None:
        return pages.of(request).go(request, _HERE, "Choose what to do about a row; nothing was changed.", "held")
    try:
        done = await mended(request, caller, form.model)
    except MappingError as refused:
        return pages.of(request).go(request, _HERE, " ".join(one.sentence for one in refused.problems), "held")
    except CrosswalkError as error:
        return pages.of(request).go(request, _HERE, error.sentence, "held")
    return pages.of(request).go(request, _HERE, f"{' '.join(one.sentence for one in done.differences)} Saved as version {done.version}.")
