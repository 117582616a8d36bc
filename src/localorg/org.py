"""One org: its records, schema, users, allowance and the state that a running server keeps beside them.

Everything a handler needs hangs here; nothing is global. The schema is the standard one plus a list of changes kept in the database, so
a file brings its custom fields back and a snapshot holds them too.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from localorg import fresh, permissions, person_accounts, schema_log, tables
from localorg.calls import Calls
from localorg.clock import Clock
from localorg.cursors import Cursors
from localorg.faults import Faults
from localorg.locks import Locks
from localorg.schema import Field, ObjectType, Schema
from localorg.sessions import Sessions
from localorg.settings import OrgSettings
from localorg.transaction import NoFaults, Options, RowFaults, Transaction
from localorg.users import User
from localorg.write_log import WriteLog

_NUMBER_PART = slice(5, 15)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Org:
    """The state of one org; `close` ends what still runs."""

    def __init__(self, settings: OrgSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.connection = tables.connect(settings.data)
        self.user = fresh.integration_user(settings)
        self.human = fresh.human_user()
        self.sessions = Sessions(settings, self.user)
        self.calls = Calls()
        self.cursors = Cursors()
        self.faults = Faults()
        self.locks = Locks(clock)
        self.writes = WriteLog()
        self.hidden: frozenset[str] = settings.hidden_fields
        self.running: set[asyncio.Task[object]] = set()
        self.schema = Schema()
        self.schema_changed_at: datetime = clock.now()
        self.counters: dict[str, int] = {}
        self.triggers: list[Callable[[Transaction, str, str, dict[str, Any]], None]] = []
        """Functions a test hangs on writes; see `transaction.Transaction.triggers`."""
        self.permissions_version = 0
        self.deployments: dict[str, dict[str, Any]] = {}
        """Deploys and retrieves by id, until the process ends."""
        self._views: dict[str, tuple[tuple[int, int, frozenset[str]], Schema]] = {}
        self._snapshots: dict[str, sqlite3.Connection] = {}
        self._load()

    def seen_by(self, user: User) -> Schema:
        """Return the objects and fields that a user sees; the org's own people see everything."""
        if user.id == self.human.id:
            return self.schema
        key = (self.schema.version, self.permissions_version, self.hidden)
        if self._views.get(user.id, (None,))[0] != key:
            self._views[user.id] = (key, permissions.view(self.connection, self.schema, user, self.hidden))
        return self._views[user.id][1]

    def user_named(self, username: str) -> User | None:
        """Return the active user of this login name, or None."""
        sql = 'SELECT "Id", "Username", "Name", "Email" FROM "User" WHERE "Username" = ? COLLATE NOCASE AND "IsActive" = 1'
        row = self.connection.execute(sql, (username,)).fetchone()
        return User(row["Id"], row["Username"], row["Name"], row["Email"] or "") if row is not None else None

    def password_of(self, user: User) -> str | None:
        """Return what a user logs in with, security token included; None when the user has no password."""
        changed = self.transaction(self.human).state(f"password:{user.id}")
        settings = self.settings
        if user.id == self.user.id:
            return (changed or settings.password) + settings.security_token
        found = next((each for each in settings.users if each.username.lower() == user.username.lower()), None)
        if found is not None:
            return (changed or found.password) + found.security_token
        return str(changed) if changed else None

    def transaction(
        self,
        user: User,
        request_id: str = "",
        *,
        options: Options | None = None,
        row_faults: RowFaults | None = None,
        locked: frozenset[str] = frozenset(),
    ) -> Transaction:
        """Return the view of a request on the org; API users see less than the org's own people."""
        return Transaction(
            connection=self.connection,
            schema=self.seen_by(user),
            full_schema=self.schema,
            settings=self.settings,
            user=user,
            now=self.clock.now(),
            counters=self.counters,
            request_id=request_id,
            options=options or Options(),
            row_faults=row_faults or NoFaults(),
            locked=locked,
            triggers=self.triggers,
        )

    def add_object(self, added: ObjectType) -> None:
        """Define an object."""
        schema_log.put_object(self.connection, self.schema, added)
        self._schema_changed(added.name)

    def remove_object(self, object_name: str) -> None:
        """Delete an object and its records."""
        found = self.schema.object(object_name)
        if found is not None:
            tables.drop_object(self.connection, found)
        schema_log.drop_object(self.connection, self.schema, object_name)
        self._schema_changed(object_name)

    def add_field(self, object_name: str, added: Field) -> None:
        """Define a field, visible at once."""
        schema_log.put_field(self.connection, self.schema, object_name, added)
        self._schema_changed(object_name)

    def remove_field(self, object_name: str, field_name: str) -> None:
        """Delete a field and its values."""
        owner = self.schema.object(object_name)
        found = owner.field(field_name) if owner is not None else None
        if owner is not None and found is not None:
            tables.drop_field(self.connection, owner, found)
        schema_log.drop_field(self.connection, self.schema, object_name, field_name)
        self._schema_changed(object_name)

    @contextmanager
    def changing_schema(self, transaction: Transaction) -> Iterator[None]:
        """Undo what happens inside, changes of the schema included, when it ends in an exception, which goes on."""
        version = self.schema.version
        try:
            with transaction.attempt():
                yield
        except BaseException:
            self.forget_schema_since(version)
            raise

    def forget_schema_since(self, version: int) -> None:
        """Read the schema again after a transaction that changed it was undone."""
        if self.schema.version != version:
            self.schema.become(self._read_schema())
            self.schema_changed_at = self.clock.now()

    def hide(self, fields: frozenset[str]) -> None:
        """Take the sight of these fields, and of no others, from API users."""
        self.hidden = fields
        if not self.settings.switches.describe_304_on_permission_change:
            self.schema_changed_at = self.clock.now()

    def reset(self) -> None:
        """Return to a fresh org: no records, custom fields, calls, faults or sessions."""
        tables.drop(self.connection)
        self._forget()
        self.calls.clear()
        self.faults.clear()
        self.hidden = self.settings.hidden_fields
        self._load()

    def snapshot(self, name: str) -> None:
        """Remember every record and custom field under a name."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self.connection.backup(copy)
        self._close_snapshot(name)
        self._snapshots[name] = copy

    def restore(self, name: str) -> bool:
        """Return to a snapshot; False when there is none of that name."""
        copy = self._snapshots.get(name)
        if copy is None:
            return False
        copy.backup(self.connection)
        self._forget()
        self._load()
        return True

    def remember_writes(self, transaction: Transaction) -> None:
        """Add what a transaction has written to the org's log."""
        self.writes.extend(transaction.writes)
        transaction.writes.clear()
        if transaction.permissions_touched:
            self.permissions_changed()

    def permissions_changed(self) -> None:
        """Have every user's view of the schema made anew."""
        self.permissions_version += 1
        if not self.settings.switches.describe_304_on_permission_change:
            self.schema_changed_at = self.clock.now()

    async def settled(self) -> None:
        """Wait until no request is running any more, those included whose client has gone."""
        while self.running:
            await asyncio.wait(set(self.running))

    async def close(self) -> None:
        """Stop what still runs and close the database."""
        for task in self.running:
            task.cancel()
        if self.running:
            await asyncio.wait(set(self.running))
        for name in list(self._snapshots):
            self._close_snapshot(name)
        self.connection.close()

    def _load(self) -> None:
        self.schema = self._read_schema()
        tables.create(self.connection, self.schema)
        self._views.clear()
        self.schema_changed_at = self.clock.now()
        self.counters.clear()
        self._recover_counters()
        fresh.populate(self.transaction(self.user))

    def _read_schema(self) -> Schema:
        schema = schema_log.replay(self.connection)
        if self.settings.person_accounts:
            person_accounts.extend(schema)
        return schema

    def _recover_counters(self) -> None:
        for each in self.schema.objects():
            if each.key_prefix is None:
                continue
            sql = f'SELECT max("Id") AS last FROM "{each.name}" WHERE substr("Id", 4, 2) = \'Hr\''  # noqa: S608  # from the schema
            found = self.connection.execute(sql).fetchone()["last"]
            if found is not None:
                self.counters[each.key_prefix] = _number(found[_NUMBER_PART])
            for field in each.auto_numbers:
                self.counters[f"{each.name}.{field.name}"] = self.counters.get(each.key_prefix, 0)
        for row in self.connection.execute("SELECT substr(id, 1, 3) AS prefix, max(id) AS last FROM _component GROUP BY 1"):
            self.counters[row["prefix"]] = max(self.counters.get(row["prefix"], 0), _number(row["last"][_NUMBER_PART]))
        cases = self.connection.execute('SELECT max("CaseNumber") AS last FROM "Case"').fetchone()["last"]
        if cases is not None:
            self.counters["CaseNumber"] = int(cases) - 1000

    def _schema_changed(self, object_name: str) -> None:
        changed = self.schema.object(object_name)
        if changed is not None:
            tables.create_object(self.connection, changed)
        self.schema_changed_at = self.clock.now()

    def _forget(self) -> None:
        self.writes.clear()
        self.cursors.clear()
        self.deployments.clear()

    def _close_snapshot(self, name: str) -> None:
        old = self._snapshots.pop(name, None)
        if old is not None:
            old.close()


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return number
