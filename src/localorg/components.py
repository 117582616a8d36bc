"""The metadata components an org keeps beside its schema: their ids, when they changed, and the content of those it only stores."""

import json
import sqlite3
from dataclasses import dataclass

from localorg import ids
from localorg.metadata_values import Content
from localorg.transaction import Transaction

_PREFIXES = {
    "CustomField": "00N",
    "CustomObject": "01I",
    "CustomTab": "01r",
    "Layout": "00h",
    "ReportType": "070",
    "ValidationRule": "03d",
    "GlobalValueSet": "0Nt",
}
_OTHER = "0M0"


@dataclass(frozen=True, slots=True)
class Component:
    """One component; `content` is empty where the schema or a record holds it."""

    type: str
    full_name: str
    id: str
    content: Content
    stamp: str


def find(connection: sqlite3.Connection, type_: str, full_name: str) -> Component | None:
    """Return a component, whatever the case of its name, or None."""
    row = connection.execute("SELECT * FROM _component WHERE type = ? AND full_name = ?", (type_, full_name)).fetchone()
    return _component(row) if row is not None else None


def by_id(connection: sqlite3.Connection, component_id: str) -> Component | None:
    """Return the component of an id, or None."""
    row = connection.execute("SELECT * FROM _component WHERE id = ?", (component_id,)).fetchone()
    return _component(row) if row is not None else None


def every(connection: sqlite3.Connection, type_: str) -> list[Component]:
    """Return all components of a type, by name."""
    rows = connection.execute("SELECT * FROM _component WHERE type = ? ORDER BY full_name", (type_,))
    return [_component(each) for each in rows]


def keep(transaction: Transaction, type_: str, full_name: str, content: Content | None = None) -> Component:
    """Store a component; one of this name keeps its id, and its content when none is given."""
    old = find(transaction.connection, type_, full_name)
    if old is None:
        prefix = _PREFIXES.get(type_, _OTHER)
        kept = Component(type_, full_name, ids.record_id(prefix, transaction.next_number(prefix)), content or {}, transaction.stamp)
    else:
        kept = Component(type_, full_name, old.id, old.content if content is None else content, transaction.stamp)
    values = (type_, kept.full_name, kept.id, json.dumps(kept.content), kept.stamp)
    transaction.connection.execute("INSERT OR REPLACE INTO _component VALUES (?, ?, ?, ?, ?)", values)
    return kept


def drop(transaction: Transaction, type_: str, full_name: str) -> None:
    """Forget a component, if it is there."""
    transaction.connection.execute("DELETE FROM _component WHERE type = ? AND full_name = ?", (type_, full_name))


def _component(row: sqlite3.Row) -> Component:
    return Component(row["type"], row["full_name"], row["id"], json.loads(row["content"]), row["stamp"])
