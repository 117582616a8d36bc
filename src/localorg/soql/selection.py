"""The SELECT list: which columns a statement reads, and the shape of the records they become.

Columns and shapes grow together, one selected expression at a time; a column wanted twice is read once. A field may not be selected twice.
"""

from localorg.schema import COMPOUNDS, Field, FieldType
from localorg.soql import expressions, functions
from localorg.soql.operands import Operand
from localorg.soql.problems import Code, QueryError
from localorg.soql.records import ChildList, Compound, Content, Formatted, Labels, Reader, Shape, Variants, reader
from localorg.soql.scope import NAME_OBJECT, Column, Hop, Scope
from localorg.soql.sql import Sql
from localorg.soql.tree import Call, Distance, Expression, Fields, FieldSet, Function, Item, Path, TypeOf

MAX_FIELDS_LIMIT = 200

_ADDRESS_KEYS = ("city", "country", "countryCode", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "stateCode", "street")
_LOCATION_KEYS = ("latitude", "longitude")
_OPTIONAL_KEYS = frozenset({"countryCode", "stateCode"})


class Selection:
    """Collects what a query selects."""

    def __init__(self, scope: Scope) -> None:
        self.columns: list[Sql] = []
        self._scope = scope
        self._slots: dict[Sql, int] = {}
        self._seen: set[str] = set()
        self._unnamed = 0
        self.id_slot = self._slot(scope.id_of(scope.root))
        self.shape = self._shape(scope.root)

    def add_item(self, item: Item) -> None:
        """Select a field or a function of one."""
        expression = item.expression
        if expressions.needs_grouping(expression):
            raise QueryError(Code.MALFORMED_QUERY, "Grouping is needed for this function: add GROUP BY", expression.at)
        if isinstance(expression, Path):
            if item.alias is not None:
                raise QueryError(Code.MALFORMED_QUERY, "only aggregate expressions use field aliasing", expression.at)
            self._add_column(self._scope.column(expression), self.shape, ())
            return
        found = functions.operand(self._scope, expression)
        shape, key = self._place(expression, found.name) if item.alias is None else (self.shape, item.alias)
        self._claim((*shape.relationships, key))
        shape.readers[key] = self._function_reader(expression, found)

    def add_fields(self, fields: Fields, limit: int | None) -> None:
        """Select every field of a kind; all and custom ones only in small answers."""
        if fields.kind is not FieldSet.STANDARD and (limit is None or limit > MAX_FIELDS_LIMIT):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}"
            raise QueryError(Code.MALFORMED_QUERY, message, fields.at)
        for field in self._scope.fields():
            if fields.kind is FieldSet.ALL or field.custom == (fields.kind is FieldSet.CUSTOM):
                self._add_column(self._scope.column(Path((field.name,), fields.at)), self.shape, ())

    def add_children(self, relationship: str, index: int) -> None:
        """Select the records of a subquery."""
        self._claim((relationship,))
        self.shape.readers[relationship] = ChildList(index, self.id_slot)

    def add_typeof(self, found: TypeOf) -> None:
        """Select fields that depend on the object a lookup points at."""
        hop = self._scope.hop(found.relationship)
        if not hop.generic or len(hop.relationships) > 1:
            message = f"TYPEOF can only be used with a polymorphic relationship: '{found.relationship}' is none"
            raise QueryError(Code.MALFORMED_QUERY, message, found.relationship.at)
        shapes = {}
        for when in found.whens:
            narrowed = self._scope.narrowed(hop, when.object_name)
            if narrowed is None:
                message = f"'{when.object_name}' is not an object that '{found.relationship}' can point at"
                raise QueryError(Code.INVALID_TYPE, message, when.at)
            shapes[narrowed.entity] = self._shape_with(narrowed, when.paths)
        otherwise = self._shape_with(hop, found.otherwise) if found.otherwise else None
        self._claim(hop.relationships)
        self.shape.readers[hop.relationships[0]] = Variants(self._slot(self._scope.type_of(hop)), shapes, otherwise)

    def _place(self, expression: Expression, name: str) -> tuple[Shape, str]:
        if isinstance(expression, Distance):
            self._unnamed += 1
            return self.shape, f"expr{self._unnamed - 1}"
        while isinstance(expression, Call) and expression.argument is not None:
            expression = expression.argument
        shape = self.shape
        for hop in self._scope.column(expression).trail if isinstance(expression, Path) else ():
            shape = self._parent(shape, hop, ())
        return shape, name

    def _shape_with(self, hop: Hop, paths: tuple[Path, ...]) -> Shape:
        shape = self._shape(hop)
        for path in paths:
            column = self._scope.column_from(hop, path)
            self._add_column(column, shape, (hop.entity,))
        return shape

    def _add_column(self, column: Column, shape: Shape, prefix: tuple[str, ...]) -> None:
        self._claim((*prefix, column.key))
        for hop in column.trail:
            shape = self._parent(shape, hop, prefix)
        shape.readers[column.field.name] = self._column_reader(column)

    def _parent(self, shape: Shape, hop: Hop, prefix: tuple[str, ...]) -> Shape:
        name = hop.relationships[-1]
        found = shape.readers.get(name)
        if not isinstance(found, Shape):
            self._claim((*prefix, *hop.relationships))
            found = shape.readers[name] = self._shape(hop)
        return found

    def _shape(self, hop: Hop) -> Shape:
        type_slot = self._slot(self._scope.type_of(hop)) if hop.generic else None
        label = NAME_OBJECT if hop.generic else hop.entity
        return Shape(label, self._slot(self._scope.id_of(hop)), self._scope.request.base_path, type_slot, hop.relationships)

    def _column_reader(self, column: Column) -> Reader:
        type_ = column.field.type
        if type_ in COMPOUNDS:
            return self._compound(column)
        if type_ is FieldType.BASE64:
            prefix = f"{self._scope.request.base_path}/sobjects/{column.hop.entity}/"
            return Content(self._slot(self._scope.id_of(column.hop)), prefix, column.field.name)
        return reader(self._slot(column.sql if column.field.stored else Sql("NULL")), type_)

    def _compound(self, column: Column) -> Compound:
        parts = {_part_key(part): part for part in functions.components(column)}
        keys = _ADDRESS_KEYS if column.field.type is FieldType.ADDRESS else _LOCATION_KEYS
        table = column.hop.targets[0]
        slots: list[tuple[str, int | None]] = []
        for key in keys:
            part = parts.get(key.lower())
            seen = part is not None and self._scope.request.visible(table.type.name, part.name)
            if part is not None and seen:
                slots.append((key, self._slot(self._scope.column_from(column.hop, Path((part.name,))).sql)))
            elif key not in _OPTIONAL_KEYS:
                slots.append((key, None))
        return Compound(tuple(slots))

    def _function_reader(self, expression: Expression, found: Operand) -> Reader:
        slot = self._slot(found.sql)
        if isinstance(expression, Call) and expression.function is Function.FORMAT:
            return Formatted(slot, found.type)
        if isinstance(expression, Call) and expression.function is Function.TO_LABEL and found.type is FieldType.MULTIPICKLIST:
            return Labels(slot, dict(functions.label_cases(found.field)) if found.field else {})
        return reader(slot, found.type)

    def _claim(self, key: tuple[str, ...]) -> None:
        joined = ".".join(key)
        if joined.lower() in self._seen:
            raise QueryError(Code.INVALID_FIELD, f"duplicate field selected: {joined}")
        self._seen.add(joined.lower())

    def _slot(self, column: Sql) -> int:
        if column not in self._slots:
            self._slots[column] = len(self.columns)
            self.columns.append(column)
        return self._slots[column]


def _part_key(part: Field) -> str:
    name = part.name.lower().removesuffix("__s")
    return next((key.lower() for key in sorted(_ADDRESS_KEYS, key=len, reverse=True) if name.endswith(key.lower())), name)
