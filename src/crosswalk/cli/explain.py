"""`explain`: where the values of a Salesforce record come from."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from crosswalk import record_ids, runtime
from crosswalk.cli import process
from crosswalk.journal import explain as journal
from crosswalk.journal.explain import Written
from crosswalk.settings import Settings


def explain(
    record: Annotated[str, typer.Argument(help="Id of the Salesforce record.")],
    field: Annotated[str | None, typer.Argument(help="API name of a field; without it everything written to the record.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a change.")] = False,
) -> None:
    """Tell which event, mapping version, run and API call wrote a record or one of its fields."""
    record_id = record_ids.full(record)
    if record_id is None:
        raise typer.BadParameter(f"{record} is no Salesforce id; copy the 15 or 18 characters from the record's address.")
    process.run(lambda settings: _explain(settings, record_id, field, as_json=as_json))


async def _explain(settings: Settings, record_id: str, field: str | None, *, as_json: bool) -> int:
    async with runtime.opened(settings) as parts:
        connections = (await parts.engine.configuration.current()).connections.values()
        async with parts.database.read() as tx:
            found = await journal.of_record(tx, parts.engine.vault, record_id, field)
    if not found:
        typer.echo(f"Crosswalk has written nothing to {field + ' of ' if field else ''}{record_id}.")
        return process.ERROR
    names = {connection.org: connection.name for connection in connections}
    for one in found:
        plain = _plain(one, names.get(one.org, one.org), field)
        if as_json:
            typer.echo(json.dumps(plain, ensure_ascii=False, default=str))
        else:
            _show(plain)
    return 0


def _plain(one: Written, connection: str, field: str | None) -> dict[str, Any]:
    shown = [change for change in one.fields or () if field in (None, change.field)]
    return {
        "connection": connection,
        "object": one.object,
        "operation": one.operation.value,
        "record": one.record_id,
        "sent_at": one.sent_at,
        "run": one.run_id,
        "deliveries": [{"id": cause.delivery_id, "step": cause.step, "mapping_version": cause.mapping_version} for cause in one.causes],
        "api_call": None if one.call is None else {"id": one.call.id, "request_id": one.call.request_id, "ms": one.call.ms},
        "fields": None
        if one.fields is None
        else [{"field": change.field, "before": change.before, "after": change.after, "why": change.why} for change in shown],
    }


def _show(plain: dict[str, Any]) -> None:
    console = process.console()
    causes = ", ".join(f"{cause['id']} (step {cause['step']}, mapping version {cause['mapping_version']})" for cause in plain["deliveries"])
    console.print(f"{plain['operation']} {plain['object']} {plain['record']} in {escape(plain['connection'])}, sent {plain['sent_at']}")
    console.print(f"  deliveries: {causes}")
    console.print(f"  run: {plain['run'] or 'none, part of the stream'}; API call: {(plain['api_call'] or {}).get('id', 'not kept')}")
    if plain["fields"] is None:
        console.print("  The values are no longer kept.")
        return
    table = Table("field", "before", "after", "why", box=None)
    for one in plain["fields"]:
        table.add_row(one["field"], _value(one["before"]), _value(one["after"]), escape(one["why"]))
    console.print(table)


def _value(value: Any) -> str:
    return "(empty)" if value in (None, "") else escape(str(value))
