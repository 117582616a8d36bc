"""Sources as an admin enters them: the same rules and the same audit as the workspace file, with a real check before they are saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from crosswalk import workspace
from crosswalk.access.caller import Caller
from crosswalk.connecting import activation, renaming
from crosswalk.engine import discovery
from crosswalk.engine.vendors import Vendors
from crosswalk.errors import CrosswalkError, MappingError, Problem, RequestRefused
from crosswalk.journal import audit
from crosswalk.sources import addresses, registry
from crosswalk.sources.base import Finding, Pulling, Verdict
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.turn.context import Engine
from crosswalk.workspace.document import SourceSpec, Workspace

NEW = "new"
HOOK_TOKEN = "hook_token"  # noqa: S105 - the name under which it is kept
WRITE_KEY = "write_key"


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered for a source; secrets left empty stay as they are."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    state: SourceState = SourceState.ON


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved source, and what its system said."""

    id: str
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One event of a source, without its content."""

    id: str
    type: str
    status: str
    occurred_at: datetime
    received_at: datetime


async def save(engine: Engine, vendors: Vendors, caller: Caller, entered: Entered, source_id: str | None = None) -> Saved:
    """Save a source whose credentials work as far as it can be asked; raise what is wrong, and nothing is saved."""
    stored = (await engine.configuration.current()).sources.get(source_id or "")
    spec = _spec(entered, stored)
    _expect_right(spec, stored)
    await _expect_activated(engine, spec, stored)
    await activation.expect_account(vendors.http, engine.clock, _draft(spec, stored), stored)
    findings = await check(vendors, _draft(spec, stored))
    failed = [one.sentence for one in findings if one.verdict is Verdict.FAIL]
    if failed:
        raise RequestRefused("source_check_failed", " ".join([*failed, "Nothing was saved."]), 409, findings=failed)
    async with engine.database.write() as tx:
        await renaming.rename(tx, engine, caller, tables.source, spec.name, stored)
        await workspace.apply(tx, engine.vault, engine.clock, engine.ids, Workspace(sources=(spec,)), caller.actor)
        if stored and stored.state is not spec.state:
            await activation.follow(tx, engine, stored.id, spec.state)
        found = (await tx.execute(select(tables.source.c.id).where(tables.source.c.name == spec.name))).scalar_one()
    engine.configuration.forget()
    return Saved(found, findings)


async def check(vendors: Vendors, source: SourceConfig) -> Sequence[Finding]:
    """Ask the system behind a source, if it can be asked and there is something to ask with."""
    kind = registry.source(source.kind)
    if not isinstance(kind, Pulling) or not any(source.secrets.get(name) for name in kind.optional_secret_names):
        return ()
    try:
        vendor = vendors.of(source)
        return await vendor.kind.check(vendor.api, vendor.source)
    except CrosswalkError as error:
        return (Finding(Verdict.FAIL, error.sentence),)


async def switch(engine: Engine, caller: Caller, source: SourceConfig, state: SourceState) -> None:
    """Switch a source on or off; settings stay."""
    if state is SourceState.ON:
        await activation.expect_agreed(engine, source)
    async with engine.database.write() as tx:
        await activation.turn(tx, engine, caller, source, state)
    engine.configuration.forget()


async def scan(engine: Engine, vendors: Vendors, caller: Caller, source: SourceConfig) -> bool:
    """Ask the system which attributes it has and note when that was; tell whether the catalogue changed."""
    activation.expect_active(source)
    changed = await discovery.refresh(engine, vendors.of(source))
    async with engine.database.write() as tx:
        await audit.record(tx, engine.ids, engine.clock.now(), actor=caller.actor, action="source.scan", subject=source.id)
    return changed


def custom_attributes(source: SourceConfig) -> frozenset[str]:
    """Return the attributes that a scan found, beside those every source of the kind has."""
    kind = registry.source(source.kind)
    found = kind.discovered_settings if isinstance(kind, Pulling) else ()
    standard = {name: value for name, value in source.settings.items() if name not in found}
    return frozenset(one.key for one in kind.catalogue(source.settings)) - {one.key for one in kind.catalogue(standard)}


async def last_scan(engine: Engine, source_id: str) -> datetime | None:
    """Return when somebody last scanned the attributes."""
    table = tables.audit
    statement = select(table.c.at).where(table.c.subject == source_id, table.c.action == "source.scan").order_by(table.c.id.desc())
    async with engine.database.read() as tx:
        return (await tx.execute(statement.limit(1))).scalar()


async def has_posted(engine: Engine, source_id: str, since: datetime) -> bool:
    """Tell whether the system posted anything by itself since then: what pulls found does not count."""
    notice, event = tables.notice, tables.event
    hinted = select(notice.c.id).where(notice.c.source_id == source_id, notice.c.received_at >= since)
    told = select(event.c.id).where(event.c.source_id == source_id, event.c.received_at >= since, event.c.run_id.is_(None))
    async with engine.database.read() as tx:
        return any([(await tx.execute(one.limit(1))).first() is not None for one in (hinted, told)])


async def latest(engine: Engine, source_id: str, limit: int = 10) -> Sequence[Arrived]:
    """Return the newest events of a source."""
    event = tables.event
    statement = select(event).where(event.c.source_id == source_id).order_by(event.c.received_at.desc(), event.c.id.desc()).limit(limit)
    async with engine.database.read() as tx:
        return [Arrived(row.id, row.type, row.status, row.occurred_at, row.received_at) for row in await tx.execute(statement)]


def hook_path(source: SourceConfig) -> str | None:
    """Return the path webhooks are posted to, or None for a source that is known by its write key."""
    token = source.secrets.get(HOOK_TOKEN)
    return addresses.hook_path(source.name, token) if token else None


def hosts(vendors: Vendors, source: SourceConfig) -> Sequence[str]:
    """Return the hosts a source is asked at; none for one that only sends."""
    try:
        return (vendors.of(source).api.host,)
    except CrosswalkError:
        return ()


def _spec(entered: Entered, stored: SourceConfig | None) -> SourceSpec:
    """Return what was entered as the workspace file would say it; what is set on other pages stays."""
    secrets = {name: value for name, value in entered.secrets.items() if value}
    given = {"name": entered.name, "kind": entered.kind, "state": entered.state, "settings": dict(entered.settings), "secrets": secrets}
    kept = {name: getattr(stored, name) for name in ("retention_days", "silent_after_hours")} if stored else {}
    try:
        return SourceSpec.model_validate(given | kept)
    except ValidationError as error:
        raise MappingError([Problem("malformed", str(one["loc"][-1]), f"{one['msg']}.") for one in error.errors()]) from None


def expect_settings(source: SourceConfig) -> None:
    """Raise what is wrong with the settings of a source, whatever it still lacks."""
    if problems := _problems(source.kind, source.settings):
        raise MappingError(problems)


def _problems(kind: str, settings: Mapping[str, Any]) -> list[Problem]:
    return [replace(one, place=one.place.removeprefix("settings.")) for one in registry.source(kind).problems(settings)]


def _expect_right(spec: SourceSpec, stored: SourceConfig | None) -> None:
    kind, problems = registry.source(spec.kind), _problems(spec.kind, spec.settings)
    known = stored.secrets if stored else {}
    needed = () if spec.settings.get("unsigned") else kind.secret_names
    missing = [name for name in needed if not spec.secrets.get(name) and not known.get(name)]
    problems += [Problem("missing", name, f"Enter the {name.replace('_', ' ')}.") for name in missing]
    if problems:
        raise MappingError(problems)


async def _expect_activated(engine: Engine, spec: SourceSpec, stored: SourceConfig | None) -> None:
    """Raise where saving would activate an account whose terms nobody agreed to."""
    if not activation.needed(spec.kind) or spec.state is not SourceState.ON or (stored and stored.state is SourceState.ON):
        return
    if stored is None:
        sentence = "Save the account with the state off, then agree to its terms and activate it; nothing was saved."
        raise RequestRefused("account_inactive", sentence, 409, field="state")
    await activation.expect_agreed(engine, stored)


def _draft(spec: SourceSpec, stored: SourceConfig | None) -> SourceConfig:
    secrets = {**(stored.secrets if stored else {}), **spec.secrets}
    return SourceConfig(stored.id if stored else NEW, spec.name, spec.kind, spec.state, spec.settings, secrets)
