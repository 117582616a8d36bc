"""Settings: the workspace file, the encryption key, and how the installation is. What concerns people's data stands in `settings_data`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import users
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.engine import keys
from crosswalk.engine.keys import Keys
from crosswalk.errors import CrosswalkError, MappingError, Problem
from crosswalk.web import callers, health_view, rotating
from crosswalk.web.api.workspace import FILE, environment, expect_all, exported
from crosswalk.web.callers import ConfiguringPage, GuardingPage
from crosswalk.web.console import forms, pages, wording
from crosswalk.web.health_view import Health
from crosswalk.workspace import Difference, pasted, shown
from crosswalk.workspace.pasted import Compared
from crosswalk.workspace.shown import Line

router = APIRouter(prefix="/settings", include_in_schema=False)

HERE, TITLE = "/settings", "Settings"
TABS = (
    ("Alerts", f"{HERE}/alerts"),
    ("Workspace file", HERE),
    ("Retention", f"{HERE}/retention"),
    ("Keys", f"{HERE}/keys"),
    ("Health", f"{HERE}/health"),
)


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """Export and apply; with a text that was compared, what it would change."""

    template: ClassVar[str] = "settings_workspace.html"
    text: str = ""
    compared: Compared | None = None
    problems: Sequence[Problem] = field(default_factory=tuple)
    problem: str = ""
    tabs: Sequence[tuple[str, str]] = TABS

    @property
    def differences(self) -> Sequence[Difference]:
        """What would be written."""
        return shown.written(self.compared.plan.differences) if self.compared else ()

    def lines(self, one: Difference) -> Sequence[Line]:
        """Return what differs about one thing."""
        return shown.lines(one)


@dataclass(frozen=True, slots=True)
class KeysPage:
    """The encryption key."""

    template: ClassVar[str] = "settings_keys.html"
    keys: Keys
    people: Mapping[str, str]
    may_rotate: bool
    tabs: Sequence[tuple[str, str]] = TABS

    @property
    def by(self) -> str:
        """Who changed the key last."""
        return self.people.get(self.keys.rotated_by.removeprefix("user:"), self.keys.rotated_by)


@dataclass(frozen=True, slots=True)
class HealthPage:
    """How the installation is."""

    template: ClassVar[str] = "settings_health.html"
    health: Health
    tabs: Sequence[tuple[str, str]] = TABS


@router.get("")
async def show(request: Request, caller: ConfiguringPage) -> Response:
    """Show the workspace file's tab."""
    caller.expect(Permission.CONFIGURE)
    return await _workspace(request, caller, WorkspacePage())


@router.get("/workspace.yaml")
async def export(request: Request, caller: ConfiguringPage) -> Response:
    """Return everything configured as a file."""
    await expect_all(request, caller)
    return Response(await exported(request), media_type="application/yaml", headers=FILE)


@router.post("/diff")
async def diff(request: Request, caller: ConfiguringPage) -> Response:
    """Show what a file would change; nothing is changed."""
    await expect_all(request, caller)
    text = await _text(request)
    if not text.strip():
        return await _workspace(request, caller, WorkspacePage(problem="Choose a file or paste its text; nothing was read."), 422)
    return await _compared(request, caller, text)


@router.post("/apply")
async def apply(request: Request, caller: ConfiguringPage) -> Response:
    """Apply a file whose differences were shown."""
    await expect_all(request, caller)
    given = await forms.values(request)
    text = given.get("text", "")
    try:
        done = await pasted.applied(callers.services(request).engine, text, environment(), given.get("mark", ""), caller.actor)
    except CrosswalkError as error:
        return await _compared(request, caller, text, error)
    said = f"Applied: {wording.plural(len(shown.written(done.differences)), 'change')}."
    return pages.of(request).go(request, HERE, said)


@router.get("/keys")
async def show_keys(request: Request, caller: ConfiguringPage) -> Response:
    """Show when the key was last changed."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    found = await keys.state(services.engine)
    async with services.database.read() as tx:
        people = await users.names(tx, services.vault)
    context = KeysPage(found, people, caller.may(Permission.GUARD_DATA))
    return await pages.of(request).show(request, caller, context, title="Keys", current=HERE, crumbs=((TITLE, HERE),))


@router.post("/keys/rotate")
async def rotate(request: Request, caller: GuardingPage) -> Response:
    """Put a new key in force and seal everything anew in the background."""
    here = f"{HERE}/keys"
    if "confirm" not in await forms.values(request):
        return pages.of(request).go(request, here, "Tick the box first; the key was not changed.", "held")
    try:
        rotating.start(callers.services(request), caller.actor)
    except CrosswalkError as error:
        return pages.of(request).go(request, here, error.sentence, "held")
    return pages.of(request).go(request, here, "A new key is in force. What is stored is being sealed with it.")


@router.get("/health")
async def show_health(request: Request, caller: ConfiguringPage) -> Response:
    """Show how the installation is."""
    caller.expect(Permission.CONFIGURE)
    context = HealthPage(await health_view.health(callers.services(request)))
    return await pages.of(request).show(request, caller, context, title="Health", current=HERE, crumbs=((TITLE, HERE),))


async def _text(request: Request) -> str:
    """Return the file that was chosen, or else the text that was pasted; what is no text is left to fail as YAML."""
    form = await request.form()
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(pasted.MOST + 1)
        await file.close()
        return content.decode("utf-8", errors="replace")
    return (await forms.values(request)).get("text", "")


async def _compared(request: Request, caller: Caller, text: str, before: CrosswalkError | None = None) -> Response:
    """Show what a text would change, or everything that is wrong with it; `before` says why it was not applied."""
    said = before.sentence if before else ""
    try:
        found = await pasted.compared(callers.services(request).engine, text, environment())
    except MappingError as error:
        return await _workspace(request, caller, WorkspacePage(text, problems=error.problems), 422)
    except CrosswalkError as error:
        return await _workspace(request, caller, WorkspacePage(problem=error.sentence), forms.status(error))
    return await _workspace(request, caller, WorkspacePage(text, found, problem=said), forms.status(before) if before else 200)


async def _workspace(request: Request, caller: Caller, context: WorkspacePage, status: int = 200) -> Response:
    return await pages.of(request).show(request, caller, context, title=TITLE, current=HERE, status=status)
