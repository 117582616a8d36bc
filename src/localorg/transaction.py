"""One request's work on the database: reads and writes that are kept or undone together, and the log of what they changed.

Rules and handlers are given a `Transaction` and nothing else. `attempt` marks a point to fall back to, so that one bad row of a
collection leaves no trace; the write log falls back with it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from localorg import clock
from localorg.errors import SalesforceError
from localorg.schema import ObjectType, Schema
from localorg.settings import OrgSettings, Switches
from localorg.users import User

Row = dict[str, Any]


class Write(NamedTuple):
    """One row changed: `before` and `after` hold the fields that differ (all that are filled, for an insert)."""

    object: str
    id: str
    op: str
    before: Row | None
    after: Row | None
    time: str
    request_id: str
    user_id: str
    sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the headers of a request say about its writes."""

    auto_assign: str = "TRUE"
    allow_duplicates: bool = False
    include_duplicate_details: bool = False


class RowFaults(Protocol):
    """Decides which single rows are to fail."""

    def check(self, op: str, object_name: str, row: Row) -> None:
        """Raise SalesforceError when a fault rule picks this row."""
        ...

    def rewrite(self, op: str, object_name: str, values: Row) -> None:
        """Change the values about to be stored, as a trigger would."""
        ...


class NoFaults:
    """Lets every row through."""

    def check(self, op: str, object_name: str, row: Row) -> None:
        """Do nothing."""

    def rewrite(self, op: str, object_name: str, values: Row) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Transaction:
    """The state of one request: who asks, when, and what has been written so far."""

    connection: sqlite3.Connection
    schema: Schema
    """The objects and fields this user may see."""
    full_schema: Schema
    settings: OrgSettings
    user: User
    now: datetime
    counters: dict[str, int]
    request_id: str = ""
    options: Options = field(default_factory=Options)
    row_faults: RowFaults = field(default_factory=NoFaults)
    locked: frozenset[str] = frozenset()
    """Rows that another request holds."""
    writes: list[Write] = field(default_factory=list)
    touched_campaigns: set[str] = field(default_factory=set)
    permissions_touched: bool = False
    triggers: Sequence[Callable[["Transaction", str, str, Row], None]] = ()
    """Called before a row is stored, with `insert` or `update`, the object and the values, which they may change."""
    _state: dict[str, str] = field(default_factory=dict)
    _blanks: dict[str, tuple[ObjectType, Row]] = field(default_factory=dict)
    stamp: str = field(init=False)
    """The moment of this request as it is stored."""

    def __post_init__(self) -> None:
        self.stamp = clock.stamp(self.now)

    @property
    def switches(self) -> Switches:
        """Return the org's beliefs."""
        return self.settings.switches

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo everything done inside when it ends in an exception, which goes on."""
        # One name for all: the innermost mark of a name is meant, and a statement that is always the same is compiled once.
        kept = len(self.writes)
        self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO attempt")
            del self.writes[kept:]
            self._state.clear()
            raise
        finally:
            self.connection.execute("RELEASE attempt")

    def object(self, name: str) -> ObjectType:
        """Return an object the user may see; the refusal Salesforce gives otherwise."""
        found = self.schema.object(name)
        if found is None:
            raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
        return found

    def row(self, object_name: str, record_id: str) -> Row | None:
        """Return one record with every column, deleted or not; None when there is none."""
        return self.first(f'SELECT * FROM "{object_name}" WHERE "Id" = ?', record_id)  # noqa: S608  # from the schema

    def first(self, sql: str, *values: Any) -> Row | None:
        """Return the first row of a query of the org's own."""
        found = self.connection.execute(sql, values).fetchone()
        return dict(found) if found is not None else None

    def all(self, sql: str, *values: Any) -> list[Row]:
        """Return every row of a query of the org's own."""
        return [dict(each) for each in self.connection.execute(sql, values)]

    def insert(self, object_type: ObjectType, row: Row, sent: tuple[str, ...] = ()) -> None:
        """Store a new record; `row` has a value for every column it fills."""
        self.connection.execute(object_type.insert_statement, list(map(row.get, object_type.column_names)))
        after = {key: value for key, value in row.items() if value is not None}
        self._log(object_type.name, row["Id"], "insert", before=None, after=after, sent=sent)

    def update(self, object_type: ObjectType, old: Row, changes: Mapping[str, Any], sent: tuple[str, ...] = (), op: str = "update") -> None:
        """Change a record; nothing happens when nothing differs."""
        changed = {key: value for key, value in changes.items() if old[key] != value}
        if not changed:
            return
        parts = ", ".join(f'"{key}" = ?' for key in changed)
        sql = f'UPDATE "{object_type.name}" SET {parts} WHERE "Id" = ?'  # noqa: S608  # names come from the schema
        self.connection.execute(sql, (*changed.values(), old["Id"]))
        self._log(object_type.name, old["Id"], op, before={key: old[key] for key in changed}, after=changed, sent=sent)

    def blank(self, object_type: ObjectType) -> Row:
        """Return what a new record of an object holds before anything is given."""
        known = self._blanks.get(object_type.name)
        if known is None or known[0] is not object_type:
            made = {**self.audit(), "CreatedDate": self.stamp, "CreatedById": self.user.id, "OwnerId": self.user.id}
            stamped = {name: value for name, value in made.items() if name in object_type.audited}
            known = self._blanks[object_type.name] = (object_type, {**object_type.defaults, **stamped})
        return dict(known[1])

    def audit(self) -> Row:
        """Return the fields that every write stamps."""
        return {"LastModifiedDate": self.stamp, "LastModifiedById": self.user.id, "SystemModstamp": self.stamp}

    def next_number(self, key: str) -> int:
        """Return the next number of a sequence; one taken by a write that is undone is not given again."""
        self.counters[key] = self.counters.get(key, 0) + 1
        return self.counters[key]

    def state(self, key: str) -> Any:
        """Return a fact the org remembers outside its objects, or None."""
        if key not in self._state:
            found = self.first("SELECT value FROM _state WHERE key = ?", key)
            self._state[key] = found["value"] if found is not None else "null"
        return json.loads(self._state[key]) if self._state[key] != "null" else None

    def remember(self, key: str, value: Any) -> None:
        """Remember such a fact."""
        self._state[key] = json.dumps(value)
        self.connection.execute("INSERT OR REPLACE INTO _state VALUES (?, ?)", (key, self._state[key]))

    def _log(self, object_name: str, record_id: str, op: str, *, before: Row | None, after: Row | None, sent: tuple[str, ...]) -> None:
        self.writes.append(Write(object_name, record_id, op, before, after, self.stamp, self.request_id, self.user.id, sent))
