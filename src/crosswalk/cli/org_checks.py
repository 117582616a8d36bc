"""The doctor at one org: does the login work, is the API there, what is left of it, and has the org what the syncs need."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, fail, ok, warn
from crosswalk.mapping import check, document
from crosswalk.mapping.document import Document, FieldRow
from crosswalk.model import OrgSchema
from crosswalk.runtime import Runtime
from crosswalk.salesforce import limits
from crosswalk.salesforce.calls import Purpose
from crosswalk.sources import registry
from crosswalk.store.configuration import Configuration, ConnectionConfig, SyncConfig, SyncState
from crosswalk.turn.context import Org

_KEY_LENGTH = 67  # "v1:" and a SHA-256 in hexadecimal digits
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ORGANISATION = "query?q=SELECT+Id,Name,OrganizationType,IsSandbox+FROM+Organization"
_SCARCE = 0.1


def is_real(connection: ConnectionConfig) -> bool:
    """Tell whether a connection leads beyond this machine, to an org whose requests may run for minutes."""
    return urlsplit(str(connection.settings.get("login_url") or "https://login")).hostname not in _LOOPBACK


async def examine(parts: Runtime, configuration: Configuration, connection: ConnectionConfig) -> AsyncIterator[Finding]:
    """Give every finding about one connection and the syncs into it; without a login nothing further is looked at."""
    subject = f"connection {connection.name}"
    if connection.paused_reason:
        yield fail(subject, f"It is paused: {connection.paused_reason}")
    try:
        org = await parts.orgs.of(connection)
        yield await _reachable(org, subject)
        yield await _calls(org, subject)
    except CrosswalkError as error:
        yield fail(subject, error.sentence)
        return
    syncs = [sync for sync in configuration.syncs_into(connection.id) if sync.state is not SyncState.REMOVED]
    parsed = [(sync, document.parse(sync.document)) for sync in syncs]
    written = {step.object for _, each in parsed for step in each.steps if step.object}
    needed = {name for _, each in parsed for name in document.objects(each)} | {"Lead", "Contact"}
    for name in needed:
        org.describe.invalidate(name)  # as the org is now, not as it was an hour ago
    try:
        schema = await org.describe.schema(needed)
    except CrosswalkError as error:
        yield fail(subject, error.sentence)
        return
    finally:
        async with parts.database.write() as tx:
            await org.calls.flush(tx)
    for finding in _key_field(connection, schema, written):
        yield finding
    for sync, each in parsed:
        for finding in _sync(configuration, sync, each, schema):
            yield finding


async def _reachable(org: Org, subject: str) -> Finding:
    body = (await org.client.get(_ORGANISATION, purpose=Purpose.CHECK)).body
    row: dict[str, Any] = (body.get("records") or [{}])[0] if isinstance(body, dict) else {}
    kind = "sandbox" if row.get("IsSandbox") else "org"
    return ok(subject, f"Logged in to {kind} {row.get('Name')} ({org.org_id}, {row.get('OrganizationType')}); its API answers.")


async def _calls(org: Org, subject: str) -> Finding:
    usage = await limits.usage(org.client)
    text = f"{usage.used:,} of {usage.max:,} API calls used in 24 hours, {usage.left:,} left, {org.connection.reserve:,} kept in reserve."
    if usage.left <= org.connection.reserve:
        return fail(subject, f"{text} Nothing is written until calls free up; lower the reserve or buy calls.")
    if usage.left < usage.max * _SCARCE:
        return warn(subject, f"{text} Find out who spends them.")
    return ok(subject, text)


def _key_field(connection: ConnectionConfig, schema: OrgSchema, written: Iterable[str]) -> Iterator[Finding]:
    subject, name = f"key field of {connection.name}", connection.key_field
    if name is None:
        yield warn(subject, "None is set, so a send that is cut off may make a record twice; create Crosswalk_Key__c and set key_field.")
        return
    for object_name in sorted(set(written)):
        yield _key_field_of(f"{subject} on {object_name}", name, object_name, schema)


def _key_field_of(subject: str, name: str, object_name: str, schema: OrgSchema) -> Finding:
    described = schema.object(object_name)
    if described is None:
        return fail(subject, f"The org has no object {object_name}, or the connection's user may not see it.")
    field = described.field(name)
    if field is None:
        return fail(subject, f"There is no field {name}; create it: Text({_KEY_LENGTH} or more), Unique, External ID, visible to the user.")
    wrong = [
        text
        for text, broken in (
            ("it must be unique", not field.unique),
            ("it must be an External ID", not field.external_id),
            (f"it must hold {_KEY_LENGTH} characters", field.length < _KEY_LENGTH),
            ("the user must be allowed to write it", not field.createable),
        )
        if broken
    ]
    return fail(subject, f"{name}: {', '.join(wrong)}.") if wrong else ok(subject, f"{name} is unique and writable.")


def _sync(configuration: Configuration, sync: SyncConfig, parsed: Document, schema: OrgSchema) -> Iterator[Finding]:
    subject = f"sync {sync.name}"
    if sync.state is not SyncState.ON:
        yield warn(subject, f"It is {sync.state.value}.")
    source = configuration.sources[sync.source_id]
    problems = check.check(parsed, registry.source(source.kind).catalogue(source.settings), schema)
    for problem in check.refusing(problems):
        yield fail(subject, f"{problem.place}: {problem.sentence}")
    suspended = {problem.place for problem in problems if problem.code in check.SUSPENDING}
    rows = {
        f"steps[{number}].rows[{index}].field": f"{step.object}.{row.field}"
        for number, step in enumerate(parsed.steps)
        for index, row in enumerate(step.rows)
        if isinstance(row, FieldRow)
    }
    missing = [rows.get(place, place) for place in sorted(suspended)]
    if missing:
        yield warn(subject, f"Not available in this org or to its user, kept and not sent: {', '.join(missing)}.")
    yield ok(subject, f"{len(rows) - len(missing)} of {len(rows)} rows are sent.")
