"""The registry of all tables, and the column types of our own."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Index,
    MetaData,
    String,
    TypeDecorator,
    text,
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC time, stored without its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive time is a mistake of the caller."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[str]:
    """Return the primary key of a table whose rows have ids of ours."""
    return Column("id", String(36), primary_key=True)


def run_index() -> Index:
    """Index what belongs to a run; most of the stream does not and costs nothing."""
    in_a_run = text("run_id IS NOT NULL")
    return Index(None, "run_id", "id", sqlite_where=in_a_run, postgresql_where=in_a_run)
