"""Sources: the list, and of each one its address, settings and catalogue; its campaigns are in `source_campaigns`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from typing import ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, examples, kinds, lookups, sources
from crosswalk.connecting.kinds import Field, Kind
from crosswalk.connecting.sources import Arrived, Entered
from crosswalk.editing.samples import Seen
from crosswalk.errors import CrosswalkError, MappingError, Problem
from crosswalk.model import Attribute
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling, Verdict
from crosswalk.store.configuration import SourceConfig, SourceState, SyncConfig, SyncState
from crosswalk.web import answers, callers, source_access, source_troubles
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.source_troubles import Trouble

router = APIRouter(prefix="/sources", include_in_schema=False)

TITLE, HERE, OBJECTS = "Sources", "/sources", "Objects"
TABS: Sequence[tuple[str, str]] = (
    ("Overview", ""),
    ("Settings", "/settings"),
    ("Catalogue", "/catalogue"),
    ("Events and campaigns", "/campaigns"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One source in the list."""

    source: SourceConfig
    kind: Kind
    last: Arrived | None
    syncs: Sequence[SyncConfig]


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """All sources, and the tiles to add one."""

    template: ClassVar[str] = "sources.html"
    lines: Sequence[Line]
    kinds: Sequence[Kind]
    can_add: bool


@dataclass(frozen=True, slots=True)
class About:
    """What the tabs of one source share."""

    source: SourceConfig
    kind: Kind
    tab: str
    can_configure: bool

    @property
    def is_activated(self) -> bool:
        """Whether the account behind it is activated by hand."""
        return activation.needed(self.kind.kind)

    @property
    def is_locked(self) -> bool:
        """Whether nothing can be configured until the account is activated."""
        return bool(self.source.id) and activation.is_inactive(self.source)

    @property
    def first(self) -> str:
        """What is to be done before anything can be configured."""
        return activation.FIRST

    @property
    def tabs(self) -> Sequence[tuple[str, str]]:
        """The tabs with their addresses."""
        every = [*TABS[:1], ("Account", "/account"), *TABS[1:]] if self.is_activated else TABS
        if lookups.owner(self.source) is not None:
            every = [*every, (OBJECTS, "/objects")]
        return [(title, f"{HERE}/{self.source.id}{end}") for title, end in every]


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Where a source's system posts to, and what came last."""

    template: ClassVar[str] = "source_overview.html"
    about: About
    address: str
    write_key: str
    data_plane: str
    latest: Sequence[Arrived]
    syncs: Sequence[SyncConfig]
    hosts: Sequence[str]
    has_example: bool
    may_test: bool
    troubles: Sequence[Trouble]


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The form of a source; a new one has no id yet."""

    template: ClassVar[str] = "source_settings.html"
    about: About
    fields: Sequence[Field]
    action: str
    syncs: Sequence[SyncConfig] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """Every attribute, in groups."""

    template: ClassVar[str] = "source_catalogue.html"
    about: About
    groups: Sequence[tuple[str, Sequence[Attribute]]]
    custom: frozenset[str]
    last_seen: Mapping[str, Seen]
    count: int
    can_scan: bool
    scanned_at: datetime | None
    search: str

    @property
    def skills(self) -> str:
        """Why there is no skill to choose from: the account has none, or it was not told; nothing where there are some."""
        if "skills" not in self.about.source.settings or self.about.source.settings["skills"]:
            return ""
        trouble = self.about.source.settings.get("skills_trouble")
        if trouble:
            return f"The last scan could not read the account's skills. {trouble} Whether it has any is not known."
        return "The account has no skills: LivePerson answered with an empty list. Make some there, then scan again."


@router.get("")
async def show(request: Request, caller: LookingPage) -> Response:
    """Show all sources."""
    services = callers.services(request)
    configuration = await services.configuration.current()
    lines = []
    for one in sorted(configuration.sources.values(), key=lambda one: one.name):
        last = await sources.latest(services.engine, one.id, 1)
        lines.append(Line(one, kinds.of(one.kind), last[0] if last else None, _syncs(configuration.syncs_of(one.id), caller)))
    context = SourcesPage(lines, kinds.every(), caller.may(Permission.CONFIGURE))
    return await pages.of(request).show(request, caller, context, title=TITLE, current=HERE)


@router.get("/new")
async def new(request: Request, caller: ConfiguringPage, kind: str = "livestorm") -> Response:
    """Show the form for a new source of a kind."""
    caller.expect(Permission.CONFIGURE)
    if activation.needed(kind):
        return pages.of(request).go(request, f"{HERE}/new/account")
    return await _form(request, caller, kinds.of(kind), None)


@router.post("/new")
async def add(request: Request, caller: ConfiguringPage, kind: str = "livestorm") -> Response:
    """Check what was entered, and save it when it works."""
    caller.expect(Permission.CONFIGURE)
    return await _entered(request, caller, kinds.of(kind), None)


@router.get("/{source_id}")
async def overview(request: Request, caller: LookingPage, source_id: str) -> Response:
    """Show a source's address and its last events."""
    source, services = await source_of(request, source_id), callers.services(request)
    configures = caller.may(Permission.CONFIGURE)
    base, path = callers.base_url(request), sources.hook_path(source)
    key = source.secrets.get(sources.WRITE_KEY, "")
    context = OverviewPage(
        about(source, "Overview", caller),
        address=f"{base}{path}" if path and configures else "",
        write_key=key if configures else "",
        data_plane=base if key else "",
        latest=await sources.latest(services.engine, source.id),
        syncs=_syncs((await services.configuration.current()).syncs_of(source.id), caller),
        hosts=sources.hosts(services.vendors, source),
        has_example=examples.has(source.kind),
        may_test=caller.may_somewhere(Permission.OPERATE),
        troubles=await source_troubles.found(services, caller, source, kinds.of(source.kind).title),
    )
    return await _shown(request, caller, context)


@router.get("/{source_id}/settings")
async def settings(request: Request, caller: LookingPage, source_id: str) -> Response:
    """Show the form of a source."""
    source = await source_of(request, source_id)
    return await _form(request, caller, kinds.of(source.kind), source)


@router.post("/{source_id}/settings")
async def change(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Check what was entered, and save it when it works."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    activation.expect_active(source)
    return await _entered(request, caller, kinds.of(source.kind), source)


@router.get("/{source_id}/catalogue")
async def catalogue(request: Request, caller: LookingPage, source_id: str, q: str = "") -> Response:
    """Show every attribute a mapping can pick; `q` narrows by label, key or path."""
    source = await source_of(request, source_id)
    kind = registry.source(source.kind)
    every = kind.catalogue(source.settings)
    found = [one for one in every if q.casefold() in f"{one.label} {one.key} {' '.join(one.paths)}".casefold()]
    groups = [(name, list(part)) for name, part in groupby(sorted(found, key=lambda one: one.group), key=lambda one: one.group)]
    context = CataloguePage(
        about(source, "Catalogue", caller),
        groups=groups,
        custom=sources.custom_attributes(source),
        last_seen=await source_access.last_seen(request, caller, source),
        count=len(every),
        can_scan=isinstance(kind, Pulling) and bool(kind.discovered_settings) and caller.may(Permission.CONFIGURE),
        scanned_at=await sources.last_scan(callers.services(request).engine, source.id),
        search=q,
    )
    return await _shown(request, caller, context)


@router.post("/{source_id}/scan")
async def scan(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Ask the system for its attributes anew."""
    caller.expect(Permission.CONFIGURE)
    services, source = callers.services(request), await source_of(request, source_id)
    back = f"{HERE}/{source.id}/catalogue"
    try:
        changed = await sources.scan(services.engine, services.vendors, caller, source)
    except CrosswalkError as error:
        return pages.of(request).go(request, back, error.sentence, "held")
    return pages.of(request).go(request, back, "The catalogue has changed." if changed else "The catalogue is as it was.")


@router.post("/{source_id}/example")
async def send_example(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Let a made-up event arrive."""
    caller.expect(Permission.CONFIGURE)
    services, source = callers.services(request), await source_of(request, source_id)
    await examples.send(services.engine, services.receiver, source)
    return pages.of(request).go(request, f"{HERE}/{source.id}", "The test event has arrived.")


@router.post("/{source_id}/switch")
async def switch(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Switch a source on or off."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    state = SourceState.OFF if source.state is SourceState.ON else SourceState.ON
    await sources.switch(callers.services(request).engine, caller, source, state)
    said = "takes events again" if state is SourceState.ON else "takes no events now; its settings stay"
    return pages.of(request).go(request, f"{HERE}/{source.id}", f"{source.name} {said}.")


async def _entered(request: Request, caller: Caller, kind: Kind, stored: SourceConfig | None) -> Response:
    values, services = await forms.values(request), callers.services(request)
    secrets = {name: values.get(f"secret_{name}", "").strip() for name in (*kind.secrets, *kind.optional_secrets)}
    state = stored.state if stored else SourceState.OFF if activation.needed(kind.kind) else SourceState.ON
    try:
        settings = _settings(kind, values, stored)
        entered = Entered(values.get("name", "").strip(), kind.kind, settings, secrets, state)
        saved = await sources.save(services.engine, services.vendors, caller, entered, stored.id if stored else None)
    except CrosswalkError as error:
        return await _form(request, caller, kind, stored, values, errors_of(error), answers.status_for_people(error))
    warned = " ".join(one.sentence for one in saved.findings if one.verdict is Verdict.WARN)
    return pages.of(request).go(request, f"{HERE}/{saved.id}", f"{entered.name} was saved. {warned}".strip())


def _settings(kind: Kind, values: Mapping[str, str], stored: SourceConfig | None) -> dict[str, object]:
    try:
        return kinds.read(kind, values, stored.settings if stored else {})
    except ValueError as error:
        place = str(error)
        raise MappingError([Problem("malformed", place, "This does not read; enter it as the hint shows.")]) from None


def errors_of(error: CrosswalkError) -> dict[str, str]:
    """Return what is wrong with a form of a source by field."""
    if isinstance(error, MappingError):
        return {one.place.rpartition(".")[2].partition("[")[0]: one.sentence for one in error.problems}
    place = error.facts.get("field")
    return {place if isinstance(place, str) else "": error.sentence}


async def _form(
    request: Request,
    caller: Caller,
    kind: Kind,
    stored: SourceConfig | None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    shown = stored or SourceConfig("", kind.title, kind.kind, SourceState.ON, {})
    action = f"{HERE}/{stored.id}/settings" if stored else f"{HERE}/new?kind={kind.kind}"
    syncs = _syncs((await callers.services(request).configuration.current()).syncs_of(shown.id), caller)
    fields = kinds.fields(kind, shown.settings)
    context = SettingsPage(about(shown, "Settings", caller), fields, action, syncs, values or {}, errors or {}, is_new=stored is None)
    return await _shown(request, caller, context, status)


async def _shown(
    request: Request,
    caller: Caller,
    context: OverviewPage | SettingsPage | CataloguePage,
    status: int = HTTPStatus.OK,
) -> Response:
    about = context.about
    title = about.source.name if about.source.id else f"Add {about.kind.title}"
    crumbs = [(TITLE, HERE)]
    return await pages.of(request).show(request, caller, context, title=title, current=HERE, crumbs=crumbs, status=status)


def about(source: SourceConfig, tab: str, caller: Caller) -> About:
    """Return what the tabs of a source share."""
    return About(source, kinds.of(source.kind), tab, caller.may(Permission.CONFIGURE))


def _syncs(every: Sequence[SyncConfig], caller: Caller) -> Sequence[SyncConfig]:
    return [one for one in every if one.state is not SyncState.REMOVED and caller.may_on(one.connection_id, Permission.LOOK)]
