"""The doctor at one org: does the login work, is the API there, what is left of it, and has the org what the syncs need."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, fail, ok, warn
from crosswalk.provisioning import checks
from crosswalk.runtime import Runtime
from crosswalk.salesforce import limits
from crosswalk.salesforce.calls import Purpose
from crosswalk.store.configuration import Configuration, ConnectionConfig
from crosswalk.turn.context import Org

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
    try:
        async for finding in checks.examine(parts.engine, org, configuration):
            yield finding
    except CrosswalkError as error:
        yield fail(subject, error.sentence)
    finally:
        async with parts.database.write() as tx:
            await org.calls.flush(tx)


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
