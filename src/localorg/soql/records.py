"""Rows → records as Salesforce's JSON has them.

A `Shape` is the plan of one record: its keys in SELECT order, each with a reader. A parent without an id was not there, and is null as a
whole; child records are found by the id of their parent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from localorg.schema import FieldType
from localorg.soql.formats import formatted

Row = Sequence[Any]
Record = dict[str, Any]
ChildRows = Sequence[Mapping[str, list[Record]]]


class Reader(Protocol):
    """Makes one value of a record."""

    def read(self, row: Row, children: ChildRows) -> Any:
        """Return the value this row gives."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A value as the column holds it."""

    slot: int

    def read(self, row: Row, children: ChildRows) -> Any:  # noqa: ARG002  # the protocol's
        """Return the column."""
        return row[self.slot]


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean, which SQLite keeps as a number."""

    slot: int

    def read(self, row: Row, children: ChildRows) -> bool | None:  # noqa: ARG002  # the protocol's
        """Return the column as true or false."""
        return None if row[self.slot] is None else bool(row[self.slot])


@dataclass(frozen=True, slots=True)
class Formatted:
    """FORMAT(): the value as text for people."""

    slot: int
    type: FieldType

    def read(self, row: Row, children: ChildRows) -> str | None:  # noqa: ARG002  # the protocol's
        """Return the column as en_US writes it."""
        return formatted(row[self.slot], self.type)


@dataclass(frozen=True, slots=True)
class Labels:
    """toLabel() of a multi-select picklist: each choice by its label."""

    slot: int
    labels: Mapping[str, str]

    def read(self, row: Row, children: ChildRows) -> str | None:  # noqa: ARG002  # the protocol's
        """Return the labels, joined as the values were."""
        value = row[self.slot]
        return None if value is None else ";".join(self.labels.get(choice, choice) for choice in value.split(";"))


@dataclass(frozen=True, slots=True)
class Compound:
    """An address or a location, put together from its parts."""

    slots: tuple[tuple[str, int | None], ...]

    def read(self, row: Row, children: ChildRows) -> Record | None:  # noqa: ARG002  # the protocol's
        """Return the parts, or null when all of them are."""
        parts = {key: None if slot is None else row[slot] for key, slot in self.slots}
        return None if all(value is None for value in parts.values()) else parts


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, which a record shows as the address to get them from."""

    id_slot: int
    prefix: str
    name: str

    def read(self, row: Row, children: ChildRows) -> str | None:  # noqa: ARG002  # the protocol's
        """Return the address."""
        return None if row[self.id_slot] is None else f"{self.prefix}{row[self.id_slot]}/{self.name}"


@dataclass(frozen=True, slots=True)
class ChildList:
    """The records of one subquery that belong to this one."""

    index: int
    id_slot: int

    def read(self, row: Row, children: ChildRows) -> Record | None:
        """Return them as a query result of their own, or null when there are none."""
        records = children[self.index].get(row[self.id_slot])
        return {"totalSize": len(records), "done": True, "records": records} if records else None


@dataclass(slots=True)
class Shape:
    """A record: the object it is of, by name or by a column that says it, its id, and its values."""

    label: str
    id_slot: int
    base_path: str
    type_slot: int | None = None
    relationships: tuple[str, ...] = ()
    readers: dict[str, Reader] = field(default_factory=dict)

    def read(self, row: Row, children: ChildRows) -> Record | None:
        """Return the record, or null when it is not there."""
        record_id = row[self.id_slot]
        if record_id is None:
            return None
        type_name = self.label if self.type_slot is None else row[self.type_slot]
        record: Record = {"attributes": {"type": self.label, "url": f"{self.base_path}/sobjects/{type_name}/{record_id}"}}
        for key, reader in self.readers.items():
            record[key] = reader.read(row, children)
        return record


@dataclass(frozen=True, slots=True)
class Variants:
    """TYPEOF: the shape depends on the object the row's lookup points at."""

    type_slot: int
    shapes: Mapping[str, Shape]
    otherwise: Shape | None

    def read(self, row: Row, children: ChildRows) -> Record | None:
        """Return the record in the shape of its object, or null when no branch speaks of it."""
        shape = self.shapes.get(row[self.type_slot], self.otherwise)
        return None if shape is None else shape.read(row, children)


def reader(slot: int, type_: FieldType) -> Reader:
    """Return the reader of a column of this type."""
    return Flag(slot) if type_ is FieldType.BOOLEAN else Plain(slot)
