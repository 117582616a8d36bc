"""Brings the database to the schema this program was written for.

SQLite is one program's file and migrates by itself at start. On PostgreSQL other programs may still run on the old schema, so only
`crosswalk migrate` changes it and everything else refuses to start on a wrong one.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from crosswalk.errors import ConfigurationError
from crosswalk.store.database import Database

_ADVISORY_LOCK = 0x63726F7373  # any number that only we use: two `crosswalk migrate` at once wait for each other


async def prepare(database: Database) -> None:
    """Make the database ready at start: migrate SQLite, check PostgreSQL."""
    if database.is_postgres:
        await check(database)
    else:
        await upgrade(database)


async def upgrade(database: Database) -> None:
    """Migrate to the newest schema, in one transaction; nothing happens when it is there already."""
    async with database.write() as tx:
        if database.is_postgres:
            await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        await tx.run_sync(_upgrade)


async def check(database: Database) -> None:
    """Raise `ConfigurationError` unless the database has the newest schema."""
    async with database.read() as tx:
        found = await tx.run_sync(_version)
    newest = newest_version()
    if found == newest:
        return
    if found is not None and found not in _known_versions():
        raise ConfigurationError(
            "The database was migrated by a newer Crosswalk; install that version here.", found=found, newest_known=newest
        )
    raise ConfigurationError("The database has an old schema; run `crosswalk migrate` first.", found=found, wanted=newest)


def newest_version() -> str:
    """Return the schema version this program was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise ConfigurationError("The installation holds no migrations; install Crosswalk again.")
    return head


def _known_versions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
