"""Fields and functions as SQL.

Dates are stored as text of fixed width, so date functions cut them with `substr`; everything is in UTC, which makes `convertTimezone` the
identity. Amounts have one currency, which does the same for `convertCurrency`.
"""

from localorg.schema import COMPOUNDS, NUMBERS, Field, FieldType
from localorg.soql import sql
from localorg.soql.operands import Operand
from localorg.soql.problems import Code, QueryError
from localorg.soql.scope import Column, Scope
from localorg.soql.sql import Sql
from localorg.soql.tree import AGGREGATES, DATE_FUNCTIONS, Call, Distance, Expression, Function, Path

DISTANCE = "soql_distance"

_MAX_LATITUDE = 90
_MAX_LONGITUDE = 180

_DATES = frozenset({FieldType.DATE, FieldType.DATETIME})
_DATETIMES = frozenset({FieldType.DATETIME})
_YEAR = "CAST(substr({}, 1, 4) AS INTEGER)"
_MONTH = "CAST(substr({}, 6, 2) AS INTEGER)"
_QUARTER = "((CAST(substr({}, 6, 2) AS INTEGER) + 2) / 3)"
_DATE_SQL = {
    Function.CALENDAR_YEAR: _YEAR,
    Function.CALENDAR_QUARTER: _QUARTER,
    Function.CALENDAR_MONTH: _MONTH,
    Function.FISCAL_YEAR: _YEAR,
    Function.FISCAL_QUARTER: _QUARTER,
    Function.FISCAL_MONTH: _MONTH,
    Function.DAY_IN_MONTH: "CAST(substr({}, 9, 2) AS INTEGER)",
    Function.DAY_IN_WEEK: "(CAST(strftime('%w', substr({}, 1, 10)) AS INTEGER) + 1)",
    Function.DAY_IN_YEAR: "CAST(strftime('%j', substr({}, 1, 10)) AS INTEGER)",
    Function.DAY_ONLY: "substr({}, 1, 10)",
    Function.HOUR_IN_DAY: "CAST(substr({}, 12, 2) AS INTEGER)",
    Function.WEEK_IN_MONTH: "((CAST(substr({}, 9, 2) AS INTEGER) - 1) / 7 + 1)",
    Function.WEEK_IN_YEAR: "((CAST(strftime('%j', substr({}, 1, 10)) AS INTEGER) - 1) / 7 + 1)",
}
_AGGREGATE_SQL = {
    Function.COUNT: "COUNT({})",
    Function.COUNT_DISTINCT: "COUNT(DISTINCT {})",
    Function.SUM: "SUM({})",
    Function.AVG: "AVG({})",
    Function.MIN: "MIN({})",
    Function.MAX: "MAX({})",
}
_UNORDERED = COMPOUNDS | {FieldType.BOOLEAN, FieldType.BASE64, FieldType.COMPLEXVALUE, FieldType.MULTIPICKLIST}


def operand(scope: Scope, expression: Expression) -> Operand:
    """Return an expression as SQL with its type, or refuse a function that does not fit its field."""
    match expression:
        case Path():
            return from_column(scope.column(expression), expression.at)
        case Distance():
            return _distance(scope, expression)
        case Call(function) if function in DATE_FUNCTIONS:
            return _date_part(scope, expression)
        case Call(function) if function in AGGREGATES:
            return _aggregate(scope, expression)
        case Call(Function.TO_LABEL):
            return _label(_inner(scope, expression))
        case Call(Function.CONVERT_TIMEZONE):
            raise QueryError(Code.MALFORMED_QUERY, "convertTimezone() belongs inside a date function", expression.at)
        case Call():
            return _inner(scope, expression)


def from_column(column: Column, at: int) -> Operand:
    """Return a resolved path as an operand; a compound field reads as null, its parts are fields of their own."""
    read = column.sql if column.field.stored else Sql("NULL")
    return Operand(read, column.field.type, column.field.name, at, column.field, optional=bool(column.hop.relationships))


def label_cases(field: Field) -> list[tuple[str, str]]:
    """Return the choices of a picklist whose label differs from the value."""
    return [(choice.value, choice.label) for choice in field.picklist if choice.label and choice.label != choice.value]


def _inner(scope: Scope, call: Call) -> Operand:
    if call.argument is None:
        raise QueryError(Code.MALFORMED_QUERY, f"{call.function} needs a field", call.at)
    return operand(scope, call.argument)


def _date_part(scope: Scope, call: Call) -> Operand:
    zoned = isinstance(call.argument, Call)
    inner = _inner(scope, call.argument if isinstance(call.argument, Call) else call)
    allowed = _DATETIMES if zoned or call.function in {Function.HOUR_IN_DAY, Function.DAY_ONLY} else _DATES
    if inner.type not in allowed:
        message = f"{call.function} cannot be applied to field '{inner.name}' of type {inner.type}"
        raise QueryError(Code.MALFORMED_QUERY, message, call.at)
    type_ = FieldType.DATE if call.function is Function.DAY_ONLY else FieldType.INT
    return Operand(sql.of(_DATE_SQL[call.function], inner.sql), type_, inner.name, call.at)


def _aggregate(scope: Scope, call: Call) -> Operand:
    if call.argument is None:
        return Operand(Sql("COUNT(*)"), FieldType.INT, "count", call.at)
    if call.function is Function.GROUPING:
        raise QueryError(Code.MALFORMED_QUERY, "GROUPING() needs GROUP BY ROLLUP or CUBE", call.at)
    inner = _inner(scope, call)
    if not _can_aggregate(call.function, inner):
        message = f"field {inner.name} does not support aggregate operator {call.function}"
        raise QueryError(Code.MALFORMED_QUERY, message, call.at)
    return Operand(sql.of(_AGGREGATE_SQL[call.function], inner.sql), _aggregate_type(call.function, inner), inner.name, call.at)


def _can_aggregate(function: Function, inner: Operand) -> bool:
    if function in {Function.SUM, Function.AVG}:
        return inner.type in NUMBERS
    if function in {Function.MIN, Function.MAX}:
        return inner.type not in _UNORDERED
    return inner.field is None or inner.field.stored


def _aggregate_type(function: Function, inner: Operand) -> FieldType:
    if function in {Function.COUNT, Function.COUNT_DISTINCT}:
        return FieldType.INT
    return FieldType.DOUBLE if function is Function.AVG else inner.type


def _label(inner: Operand) -> Operand:
    cases = label_cases(inner.field) if inner.field is not None and inner.type is not FieldType.MULTIPICKLIST else []
    if not cases:
        return inner
    whens = sql.join(" ", [Sql("WHEN ? THEN ?", case) for case in cases])
    labelled = sql.of("CASE {} {} ELSE {} END COLLATE NOCASE", inner.sql, whens, inner.sql)
    return Operand(labelled, inner.type, inner.name, inner.at, inner.field, inner.optional)


def _distance(scope: Scope, found: Distance) -> Operand:
    column = scope.column(found.path)
    if column.field.type not in COMPOUNDS:
        message = f"DISTANCE cannot be applied to field '{column.field.name}' of type {column.field.type}"
        raise QueryError(Code.MALFORMED_QUERY, message, found.at)
    latitude, longitude = float(found.latitude), float(found.longitude)
    if abs(latitude) > _MAX_LATITUDE or abs(longitude) > _MAX_LONGITUDE:
        message = f"GEOLOCATION takes a latitude up to {_MAX_LATITUDE} and a longitude up to {_MAX_LONGITUDE} degrees"
        raise QueryError(Code.MALFORMED_QUERY, message, found.at)
    numbers = Sql("?, ?, ?", (latitude, longitude, found.unit))
    table = column.hop.targets[0]
    parts = [
        next((f"{table.table}.{sql.name(part.name)}" for part in components(column) if kind in part.name.lower()), "NULL")
        for kind in ("latitude", "longitude")
    ]
    measured = sql.of(f"{DISTANCE}({', '.join(parts)}, {{}})", numbers)
    return Operand(measured, FieldType.DOUBLE, column.field.name, found.at)


def components(column: Column) -> list[Field]:
    """Return the fields a compound field is made of."""
    owner = column.hop.targets[0].type
    return [field for field in owner.fields.values() if field.compound_field == column.field.name and field.stored]
