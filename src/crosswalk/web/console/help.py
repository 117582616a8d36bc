"""Help: the keyboard, and what each role may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import roles
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission, Role
from crosswalk.web.callers import page
from crosswalk.web.console import pages

router = APIRouter(include_in_schema=False)

SHORTCUTS: Sequence[tuple[Sequence[str], str, str]] = (
    (("/",), "everywhere", "Go to the search"),
    (("?",), "everywhere", "Show this list"),
    (("g", "then h"), "everywhere", "Home"),
    (("g", "then e"), "everywhere", "Event log"),
    (("g", "then s"), "everywhere", "Syncs"),
    (("g", "then r"), "everywhere", "Runs"),
    (("g", "then d"), "everywhere", "Drift"),
    (("J", "K"), "lists", "Next, previous"),
    (("Enter",), "lists", "Open"),
    (("x",), "lists", "Select"),
    (("r",), "lists", "Replay"),
    (("Ctrl+S",), "mapping editor", "Save changes"),
    (("Ctrl+Z", "Ctrl+Shift+Z"), "mapping editor", "Undo, redo"),
    (("Ctrl+Enter",), "mapping editor, forms", "Preview; save"),
    (("Esc",), "panels, menus", "Close; the focus returns"),
)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Role by permission, for people."""

    roles: Sequence[Role]
    rows: Sequence[tuple[str, Sequence[bool]]]


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The short cuts and the roles."""

    template: ClassVar[str] = "help.html"
    shortcuts: Sequence[tuple[Sequence[str], str, str]]
    matrix: Matrix


def matrix() -> Matrix:
    """Return the table of permissions."""
    every = tuple(Role)
    return Matrix(every, [(one.sentence, [roles.allows(role, one) for role in every]) for one in Permission])


@router.get("/help")
async def show(request: Request, caller: Annotated[Caller, page(Permission.OWN_ACCOUNT)]) -> Response:
    """Show the keyboard short cuts and what each role may do."""
    return await pages.of(request).show(request, caller, HelpPage(SHORTCUTS, matrix()), title="Help")
