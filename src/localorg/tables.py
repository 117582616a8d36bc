"""Keeps one SQLite table per object, with one column per stored field, both named exactly as the schema names them.

Deleted records stay in their table with IsDeleted = 1. Unique fields get a plain index: whether a binned record still blocks its value
is a rule of the org, not of the database.
"""

import sqlite3
from pathlib import Path

from localorg.schema import Field, FieldType, ObjectType, Schema

_INTERNAL = """
CREATE TABLE IF NOT EXISTS _state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _schema_change (
    number INTEGER PRIMARY KEY, object TEXT NOT NULL, field TEXT NOT NULL, definition TEXT
);
CREATE TABLE IF NOT EXISTS _component (
    type TEXT NOT NULL COLLATE NOCASE, full_name TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL, content TEXT NOT NULL, stamp TEXT NOT NULL,
    PRIMARY KEY (type, full_name)
);
CREATE TABLE IF NOT EXISTS _blob (
    record_id TEXT NOT NULL, field TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (record_id, field)
);
CREATE TABLE IF NOT EXISTS _bulk_job (
    id TEXT PRIMARY KEY, api TEXT NOT NULL, state TEXT NOT NULL, object TEXT NOT NULL, operation TEXT NOT NULL, created TEXT NOT NULL,
    finished TEXT, user TEXT NOT NULL, username TEXT NOT NULL, error TEXT, retries INTEGER NOT NULL, settings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS _bulk_batch (
    number INTEGER PRIMARY KEY, job TEXT NOT NULL, state TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL,
    position INTEGER NOT NULL, processed INTEGER NOT NULL, failed INTEGER NOT NULL, message TEXT
);
CREATE INDEX IF NOT EXISTS _bulk_batch_job ON _bulk_batch (job);
CREATE TABLE IF NOT EXISTS _bulk_content (number INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS _bulk_row (
    batch INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
    record_id TEXT, created INTEGER NOT NULL, error TEXT, PRIMARY KEY (batch, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _bulk_line (
    batch INTEGER NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (batch, number)
) WITHOUT ROWID;
"""


def connect(path: Path | None) -> sqlite3.Connection:
    """Open the org's database; None is one in memory that ends with the connection."""
    connection = sqlite3.connect(
        path if path is not None else ":memory:",
        isolation_level=None,
        check_same_thread=False,
        cached_statements=1024,
    )
    connection.row_factory = sqlite3.Row
    if path is not None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_INTERNAL)
    return connection


def create(connection: sqlite3.Connection, schema: Schema) -> None:
    """Create the tables and columns that the schema asks for and the database lacks."""
    for each in schema.objects():
        create_object(connection, each)


def drop(connection: sqlite3.Connection) -> None:
    """Remove every table, so that `create` begins afresh."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (name,) in names.fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    connection.executescript(_INTERNAL)


def drop_object(connection: sqlite3.Connection, object_type: ObjectType) -> None:
    """Remove the table of an object with all its records."""
    connection.execute(f'DROP TABLE "{object_type.name}"')


def drop_field(connection: sqlite3.Connection, object_type: ObjectType, field: Field) -> None:
    """Remove the column of a field with all its values."""
    if field.stored:
        connection.execute(f'DROP INDEX IF EXISTS "{object_type.name}.{field.name}"')
        connection.execute(f'ALTER TABLE "{object_type.name}" DROP COLUMN "{field.name}"')


def convert_field(connection: sqlite3.Connection, object_type: ObjectType, old: Field, new: Field) -> None:
    """Give the column of a field the form that its new definition needs, keeping its values."""
    if old.sql_type == new.sql_type:
        return
    table, aside = object_type.name, f"{old.name}.old"
    connection.execute(f'DROP INDEX IF EXISTS "{table}.{old.name}"')
    connection.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{old.name}" TO "{aside}"')
    connection.execute(f'ALTER TABLE "{table}" ADD COLUMN {_declaration(new)}')
    connection.execute(f'UPDATE "{table}" SET "{new.name}" = "{aside}"')  # noqa: S608  # names of the schema
    connection.execute(f'ALTER TABLE "{table}" DROP COLUMN "{aside}"')


def create_object(connection: sqlite3.Connection, object_type: ObjectType) -> None:
    """Create the table and columns of one object that the database lacks."""
    columns = ", ".join(_declaration(each) for each in object_type.columns)
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{object_type.name}" ({columns})')
    present = {row["name"] for row in connection.execute(f'PRAGMA table_info("{object_type.name}")')}
    for each in object_type.columns:
        if each.name not in present:
            connection.execute(f'ALTER TABLE "{object_type.name}" ADD COLUMN {_declaration(each)}')
        if _worth_an_index(each):
            name = f"{object_type.name}.{each.name}"
            # Most lookups and keys are empty, and a search never asks an index for those.
            some = "" if each.name_field else f' WHERE "{each.name}" IS NOT NULL'
            connection.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{object_type.name}" ("{each.name}"){some}')


def _declaration(field: Field) -> str:
    suffix = ""
    if field.type is FieldType.ID:
        suffix = " PRIMARY KEY"
    elif field.type is FieldType.BOOLEAN:
        suffix = f" NOT NULL DEFAULT {int(bool(field.default_value))}"
    return f'"{field.name}" {field.sql_type}{suffix}'


def _worth_an_index(field: Field) -> bool:
    if field.type is FieldType.ID:
        return False
    if field.unique or field.external_id or field.id_lookup or field.name_field:
        return True
    return field.type is FieldType.REFERENCE and bool(set(field.reference_to) - {"User", "Group"})
