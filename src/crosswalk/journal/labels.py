"""How a connection's org calls its objects and fields, from what was described last; the org is not asked.

What was never described keeps its API name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some objects of one org and of their fields, by their names in lower case."""

    objects: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def object(self, name: str) -> str:
        """Return how people call an object."""
        return self.objects.get(name.lower(), name)

    def field(self, object_name: str, name: str) -> str:
        """Return how people call a field."""
        return self.fields.get((object_name.lower(), name.lower()), name)


async def of_objects(tx: AsyncConnection, connection_id: str, names: Iterable[str]) -> Labels:
    """Return the labels of objects alone: the database takes them out of descriptions that may be long."""
    cache = tables.describe_cache
    label = cache.c.document["label"].as_string().label("label")
    rows = await tx.execute(select(cache.c.object, label).where(*_of(connection_id, names)))
    return Labels({row.object: row.label for row in rows if row.label})


async def of_fields(tx: AsyncConnection, connection_id: str, names: Iterable[str]) -> Labels:
    """Return the labels of objects and of all their fields."""
    cache = tables.describe_cache
    rows = await tx.execute(select(cache.c.object, cache.c.document).where(*_of(connection_id, names)))
    known = {row.object: row.document for row in rows if row.document}
    fields = {(name, one["name"].lower()): one["label"] or one["name"] for name, found in known.items() for one in found["fields"]}
    return Labels({name: found["label"] or found["name"] for name, found in known.items()}, fields)


def _of(connection_id: str, names: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    cache = tables.describe_cache
    return cache.c.connection_id == connection_id, cache.c.object.in_(sorted({name.lower() for name in names}))
