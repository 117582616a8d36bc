"""What the names of one query mean: paths → columns, and the joins they need.

A lookup that can point at several objects leads to Salesforce's generic Name object, which has only the fields all of them can answer; it
is joined once per possible object. Every join is a LEFT JOIN: a row whose lookup is empty stays, its parent's fields null.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from localorg.schema import Field, FieldType, ObjectType, Schema
from localorg.soql import sql
from localorg.soql.problems import Code, QueryError
from localorg.soql.sql import Sql
from localorg.soql.tree import Path

Visible = Callable[[str, str], bool]

MAX_LEVELS = 5
MAX_RELATIONSHIPS = 55
NAME_OBJECT = "Name"

_NAME_FIELDS = {"id", "name", "type", "email", "phone", "firstname", "lastname", "title", "username", "alias", "isactive"} | {
    "profileid",
    "userroleid",
    "recordtypeid",
}
_NAME_LOOKUPS = {"profileid", "userroleid", "recordtypeid"}
_TYPE_FIELD = Field("Type", "Type", FieldType.PICKLIST, groupable=True)
NAME_HELP = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Request:
    """What every query of one call shares: the org as its user sees it, the time, and where its records live."""

    schema: Schema
    visible: Visible
    now: datetime
    include_deleted: bool
    base_path: str


@dataclass(frozen=True, slots=True)
class Target:
    """One joined table: its name in the SQL, and its object."""

    table: str
    type: ObjectType


@dataclass(frozen=True, slots=True)
class Hop:
    """A place paths lead through: the object itself, or a parent; more than one target, or `generic`, for the Name object."""

    relationships: tuple[str, ...]
    targets: tuple[Target, ...]
    generic: bool = False

    @property
    def entity(self) -> str:
        """Return the name error messages and records call it by."""
        return NAME_OBJECT if self.generic else self.targets[0].type.name


@dataclass(frozen=True, slots=True)
class Column:
    """A resolved path: where it leads, the field, the SQL that reads it, and the parents on the way."""

    hop: Hop
    field: Field
    sql: Sql
    trail: tuple[Hop, ...] = ()

    @property
    def key(self) -> str:
        """Return the path with every name as the schema spells it."""
        return ".".join((*self.hop.relationships, self.field.name))


class Scope:
    """The names one query can use; resolving a path adds the joins it needs."""

    def __init__(self, request: Request, base: ObjectType, table: str) -> None:
        self.request = request
        self.base = base
        self.table = table
        self.root = Hop((), (Target(table, base),))
        self._joins: list[Sql] = []
        self._steps: dict[tuple[tuple[str, ...], str], Hop] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._tables = 0

    @property
    def source(self) -> Sql:
        """Return FROM with every join that the paths resolved so far need."""
        return sql.join(" ", [Sql(f"FROM {sql.name(self.base.name)} {self.table}"), *self._joins])

    def name_alias(self, alias: str, path: Path | None) -> None:
        """Let an alias of the FROM clause stand for the object, or for a relationship path from it."""
        self._aliases[alias.lower()] = () if path is None else self._unaliased(path.parts)

    def column(self, path: Path) -> Column:
        """Return what a path names, or refuse as Salesforce words it."""
        return self._column(self.root, self._unaliased(path.parts), path.at)

    def column_from(self, hop: Hop, path: Path) -> Column:
        """Return what a path names when it begins at a parent, or refuse."""
        return self._column(hop, path.parts, path.at)

    def hop(self, path: Path) -> Hop:
        """Return the parent a path of relationships leads to, or refuse."""
        return self._trail(self.root, self._unaliased(path.parts), path.at)[-1]

    def narrowed(self, hop: Hop, object_name: str) -> Hop | None:
        """Return a many-object lookup as if it pointed at this object alone, or None when it never does."""
        targets = tuple(target for target in hop.targets if target.type.name.lower() == object_name.lower())
        return Hop(hop.relationships, targets) if targets else None

    def is_base(self, qualifier: tuple[str, ...]) -> bool:
        """Tell whether what stands before a subquery's relationship, if anything, means the object of this scope."""
        own = {self.base.name.lower()} | {alias for alias, path in self._aliases.items() if not path}
        return not qualifier or (len(qualifier) == 1 and qualifier[0].lower() in own)

    def id_of(self, hop: Hop) -> Sql:
        """Return the SQL of a parent's id, null where the lookup is empty."""
        return self._merged(hop, "id")

    def type_of(self, hop: Hop) -> Sql:
        """Return the SQL of the name of the object a parent is."""
        return _case_of_target(hop, [f"'{target.type.name}'" for target in hop.targets])

    def fields(self) -> list[Field]:
        """Return every field of the object the user may see."""
        return [field for field in self.base.fields.values() if self.request.visible(self.base.name, field.name)]

    def _unaliased(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        first = parts[0].lower()
        if first in self._aliases and len(parts) > 1:
            return (*self._aliases[first], *parts[1:])
        own_name = first == self.base.name.lower() and len(parts) > 1
        return parts[1:] if own_name and self._lookup(self.base, first) is None else parts

    def _column(self, start: Hop, parts: tuple[str, ...], at: int) -> Column:
        trail = self._trail(start, parts[:-1], at)
        column = self._column_of(trail[-1] if trail else start, parts[-1])
        if column is None:
            raise QueryError(Code.INVALID_FIELD, _no_column(parts[-1], (trail[-1] if trail else start).entity), at)
        return replace(column, trail=trail)

    def _trail(self, start: Hop, relationships: tuple[str, ...], at: int) -> tuple[Hop, ...]:
        if len(start.relationships) + len(relationships) > MAX_LEVELS:
            raise QueryError(Code.MALFORMED_QUERY, f"a field path may hold {MAX_LEVELS} relationships at most", at)
        trail: list[Hop] = []
        for part in relationships:
            trail.append(self._step(trail[-1] if trail else start, part, at))
        return tuple(trail)

    def _step(self, hop: Hop, relationship: str, at: int) -> Hop:
        key = (tuple(target.table for target in hop.targets), relationship.lower())
        if key not in self._steps:
            if len(self._steps) >= MAX_RELATIONSHIPS:
                message = f"a query may follow {MAX_RELATIONSHIPS} child-to-parent relationships at most"
                raise QueryError(Code.MALFORMED_QUERY, message, at)
            self._steps[key] = self._joined(hop, relationship, at)
        return self._steps[key]

    def _joined(self, hop: Hop, relationship: str, at: int) -> Hop:
        lookups = [lookup for target in hop.targets if (lookup := self._lookup(target.type, relationship)) is not None]
        if hop.generic:
            lookups = [lookup for lookup in lookups if lookup.name.lower() in _NAME_LOOKUPS]
        types = [found for name in _names(lookups) if (found := self.request.schema.object(name)) is not None]
        if not types:
            raise QueryError(Code.INVALID_FIELD, _no_relationship(relationship), at)
        targets = tuple(Target(f"{self.table}_{self._tables + number}", found) for number, found in enumerate(types, start=1))
        self._tables += len(types)
        key = self._merged(hop, lookups[0].name.lower())
        self._joins += [
            sql.of(f'LEFT JOIN {sql.name(target.type.name)} {target.table} ON {target.table}."Id" = {{}}', key) for target in targets
        ]
        generic = lookups[0].polymorphic or len(lookups[0].reference_to) > 1
        return Hop((*hop.relationships, lookups[0].relationship_name or relationship), targets, generic)

    def _lookup(self, owner: ObjectType, relationship: str) -> Field | None:
        wanted = relationship.lower()
        for field in owner.fields.values():
            if field.relationship_name and field.relationship_name.lower() == wanted and self.request.visible(owner.name, field.name):
                return field
        return None

    def _column_of(self, hop: Hop, name: str) -> Column | None:
        if hop.generic:
            return self._name_column(hop, name.lower())
        target = hop.targets[0]
        field = target.type.field(name)
        if field is None or not self.request.visible(target.type.name, field.name):
            return None
        return Column(hop, field, Sql(f"{target.table}.{sql.name(field.name)}"))

    def _name_column(self, hop: Hop, key: str) -> Column | None:
        if key not in _NAME_FIELDS:
            return None
        if key == "type":
            return Column(hop, _TYPE_FIELD, _kind_of(hop))
        found = self._same_field(hop, key)
        return None if found is None else Column(hop, found, self._merged(hop, key))

    def _same_field(self, hop: Hop, key: str) -> Field | None:
        if key == "name":
            return Field("Name", "Name", FieldType.STRING)
        fields = [target.type.field(key) for target in hop.targets]
        return next((field for field in fields if field is not None), None)

    def _merged(self, hop: Hop, key: str) -> Sql:
        columns = []
        text = False
        for target in hop.targets:
            field = target.type.field(key) or (target.type.name_field if key == "name" else None)
            if field is not None and field.stored and self.request.visible(target.type.name, field.name):
                columns.append(f"{target.table}.{sql.name(field.name)}")
                text = text or field.sql_type.endswith("NOCASE")
        if len(columns) > 1:
            return Sql(f"COALESCE({', '.join(columns)}){' COLLATE NOCASE' if text else ''}")
        return Sql(columns[0] if columns else "NULL")


def _kind_of(hop: Hop) -> Sql:
    # A queue is a Group in its address, and yet `Owner.Type` says Queue.
    queue = "CASE {}.\"Type\" WHEN 'Queue' THEN 'Queue' ELSE 'Group' END"
    return _case_of_target(hop, [queue.format(each.table) if each.type.name == "Group" else f"'{each.type.name}'" for each in hop.targets])


def _case_of_target(hop: Hop, values: list[str]) -> Sql:
    pairs = zip(hop.targets, values, strict=True)
    cases = "".join(f' WHEN {target.table}."Id" IS NOT NULL THEN {value}' for target, value in pairs)
    return Sql(f"CASE{cases} END COLLATE NOCASE")


def _names(lookups: list[Field]) -> list[str]:
    return list(dict.fromkeys(name for lookup in lookups for name in lookup.reference_to))


def _no_column(name: str, entity: str) -> str:
    custom = "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
    return f"No such column '{name}' on entity '{entity}'. {custom} {NAME_HELP}"


def _no_relationship(name: str) -> str:
    custom = "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name."
    return f"Didn't understand relationship '{name}' in field path. {custom} {NAME_HELP}"
