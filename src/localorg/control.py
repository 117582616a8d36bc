"""The org's remote control under `/localorg/`: faults, counts, logs, seeds, and what people do in an org with their mouse.

None of it needs a login or counts as an API call. Wrong input is answered with 400 and a sentence.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from localorg import export, lead_conversion, people_actions, seeding, validation
from localorg.custom_fields import custom_field
from localorg.errors import SalesforceError
from localorg.org import Org
from localorg.rules import members
from localorg.transaction import Transaction

Endpoint = Callable[[Org, Request], Awaitable[Response]]
Body = dict[str, Any]
Command = Callable[[Org, Body], Any]
Action = Callable[[Transaction, Body], Any]


def _command(command: Command) -> Endpoint:
    """Make an endpoint of a function from a JSON body to a JSON answer."""

    async def endpoint(org: Org, request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw.strip() else {}
            return JSONResponse(command(org, body))
        except SalesforceError as error:
            return JSONResponse(error.rows(), error.status)
        except (AttributeError, KeyError, TypeError, ValueError, re.error) as problem:
            text = f"missing {problem}" if isinstance(problem, KeyError) else str(problem)
            return JSONResponse({"error": text}, 400)

    return endpoint


def _action(action: Action) -> Endpoint:
    """Make an endpoint of something a person does: one transaction as that person, under all rules."""

    def command(org: Org, body: Body) -> Any:
        transaction = org.transaction(org.human, "localorg")
        org.connection.execute("BEGIN")
        try:
            result = action(transaction, body)
            members.count_members(transaction)
            org.connection.execute("COMMIT")
            org.permissions_version += 1
        except BaseException:
            org.connection.execute("ROLLBACK")
            raise
        org.remember_writes(transaction)
        return result

    return _command(command)


def _list_faults(org: Org, _body: Body) -> Any:
    return [_shown_rule(each) for each in org.faults.all()]


def _add_faults(org: Org, body: Any) -> Any:
    rules = body if isinstance(body, list) else [body]
    return [_shown_rule(org.faults.add(each)) for each in rules]


def _shown_rule(rule: Any) -> Body:
    shown = asdict(rule)
    shown.pop("_random")
    return shown


def _clear_faults(org: Org, _body: Body) -> Any:
    org.faults.clear()
    return {"cleared": True}


def _calls(org: Org, _body: Body) -> Any:
    return {**org.calls.summary(), "used": org.calls.used(org.clock.now()), "limit": org.settings.api_limit}


def _clear_calls(org: Org, _body: Body) -> Any:
    org.calls.clear()
    return {"cleared": True}


def _use_calls(org: Org, body: Body) -> Any:
    org.calls.count(org.clock.now(), int(body["calls"]))
    return {"used": org.calls.used(org.clock.now())}


def _writes(org: Org, _body: Body) -> Any:
    return [each._asdict() for each in org.writes]


async def _export(org: Org, _request: Request) -> Response:
    return PlainTextResponse(export.lines(org), media_type="application/x-ndjson")


def _reset(org: Org, _body: Body) -> Any:
    org.reset()
    return {"reset": True}


def _snapshot(org: Org, body: Body) -> Any:
    name = str(body.get("name", "default"))
    org.snapshot(name)
    return {"name": name}


def _restore(org: Org, body: Body) -> Any:
    name = str(body.get("name", "default"))
    if not org.restore(name):
        raise ValueError(f"there is no snapshot {name!r}; POST /localorg/snapshot makes one")
    return {"name": name}


def _add_field(org: Org, body: Body) -> Any:
    owner = org.schema.object(body["object"])
    if owner is None:
        raise ValueError(f"there is no object {body['object']!r}")
    added = custom_field(body)
    org.add_field(owner.name, added)
    return {"object": owner.name, "name": added.name}


def _remove_field(org: Org, body: Body) -> Any:
    owner = org.schema.object(body["object"])
    found = owner.field(body["name"]) if owner is not None else None
    if owner is None or found is None:
        raise ValueError(f"there is no field {body['object']}.{body['name']}")
    org.remove_field(owner.name, found.name)
    return {"object": owner.name, "name": found.name}


def _permissions(org: Org, body: Body) -> Any:
    org.hide(frozenset(body["hidden"]))
    return {"hidden": sorted(org.hidden)}


def _sessions(org: Org, _body: Body) -> Any:
    org.sessions.expire_all()
    return {"expired": True}


ROUTES: tuple[tuple[str, Endpoint, tuple[str, ...]], ...] = (
    ("/localorg/faults", _command(_list_faults), ("GET",)),
    ("/localorg/faults", _command(_add_faults), ("POST",)),
    ("/localorg/faults", _command(_clear_faults), ("DELETE",)),
    ("/localorg/calls", _command(_calls), ("GET",)),
    ("/localorg/calls", _command(_use_calls), ("POST",)),
    ("/localorg/calls", _command(_clear_calls), ("DELETE",)),
    ("/localorg/writes", _command(_writes), ("GET",)),
    ("/localorg/export", _export, ("GET",)),
    ("/localorg/reset", _command(_reset), ("POST",)),
    ("/localorg/snapshot", _command(_snapshot), ("POST",)),
    ("/localorg/restore", _command(_restore), ("POST",)),
    ("/localorg/seed", _action(seeding.seed), ("POST",)),
    ("/localorg/fields", _command(_add_field), ("POST",)),
    ("/localorg/fields", _command(_remove_field), ("DELETE",)),
    ("/localorg/permissions", _command(_permissions), ("POST",)),
    ("/localorg/sessions", _command(_sessions), ("DELETE",)),
    ("/localorg/assignment", _action(people_actions.assign), ("POST",)),
    ("/localorg/edit", _action(people_actions.edit), ("POST",)),
    ("/localorg/delete", _action(people_actions.delete), ("POST",)),
    ("/localorg/undelete", _action(people_actions.undelete), ("POST",)),
    ("/localorg/convert", _action(lead_conversion.convert), ("POST",)),
    ("/localorg/validation", _action(validation.put), ("POST",)),
    ("/localorg/merge", _action(people_actions.merge), ("POST",)),
)
