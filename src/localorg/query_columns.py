"""`/query?q=…&columns=true`: the columns of an answer in place of its rows, as the command-line tool of Salesforce asks for them.

Fields of parents and of children stand inside the column of their relationship. No documentation tells the shape; it is what that
tool and others read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from localorg.api_call import ApiCall
from localorg.requests import Reply
from localorg.schema import Field, FieldType, ObjectType, Schema
from localorg.soql import answer, printer
from localorg.soql.parser import parse
from localorg.soql.tree import AGGREGATES, Call, Children, Distance, Fields, FieldSet, Item, Path, Query, Selected, TypeOf

_NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})


def run(call: ApiCall) -> Reply:
    """Return the columns of a statement; it is compiled and run, so that a wrong one is refused as ever."""
    text, transaction = call.request.query.get("q", ""), call.transaction
    answer.run(transaction.connection, transaction.schema, text, include_deleted=False, now=transaction.now)
    query = parse(text)
    object_type = transaction.object(query.source.path.parts[0])
    columns = _columns(transaction.schema, object_type, query)
    body = {
        "columnMetadata": columns,
        "entityName": object_type.name,
        "groupBy": query.grouping is not None,
        "idSelected": any(column["columnName"] == "Id" for column in columns),
        "keyPrefix": object_type.key_prefix,
    }
    return Reply(200, body)


def _columns(schema: Schema, object_type: ObjectType, query: Query) -> list[dict[str, Any]]:
    names = {query.source.path.parts[-1].lower(), (query.source.alias or "").lower()}
    found: list[dict[str, Any]] = []
    unnamed = iter(range(len(query.selected)))
    for selected in query.selected:
        _merge(found, _of(schema, object_type, selected, names, unnamed))
    return found


def _of(schema: Schema, object_type: ObjectType, selected: Selected, names: Iterable[str], unnamed: Iterator[int]) -> list[dict[str, Any]]:
    match selected:
        case Fields(kind):
            chosen = (each for each in object_type.columns if kind is FieldSet.ALL or each.custom == (kind is FieldSet.CUSTOM))
            return [_leaf(each.name, each) for each in chosen]
        case Children(query):
            return _children(schema, object_type, query)
        case TypeOf(relationship, whens, otherwise):
            paths = dict.fromkeys(path.parts[-1] for path in (*(path for when in whens for path in when.paths), *otherwise))
            return [{**_leaf(relationship.parts[-1], None), "joinColumns": [_leaf(name, None) for name in paths]}]
        case Item(Path(parts), _):
            within = parts[1:] if len(parts) > 1 and parts[0].lower() in names else parts
            return [_nested(schema, object_type, within)]
        case Item(expression, alias):
            return [_computed(expression, alias, unnamed)]


def _computed(expression: Call | Distance | Path, alias: str | None, unnamed: Iterator[int]) -> dict[str, Any]:
    name = alias or f"expr{next(unnamed)}"
    is_aggregate = isinstance(expression, Call) and expression.function in AGGREGATES
    return {**_leaf(name, None), "aggregate": is_aggregate, "displayName": printer.expression(expression)}


def _children(schema: Schema, object_type: ObjectType, query: Query) -> list[dict[str, Any]]:
    wanted = query.source.path.parts[-1].lower()
    name, child = next(
        (each.relationship_name, schema.object(each.child_object))
        for each in schema.children(object_type.name)
        if (each.relationship_name or "").lower() == wanted
    )
    inner = _columns(schema, child, query) if child is not None else []
    return [{**_leaf(name or wanted, None), "aggregate": True, "joinColumns": inner}]


def _nested(schema: Schema, object_type: ObjectType, parts: Sequence[str]) -> dict[str, Any]:
    first, *rest = parts
    if not rest:
        field = object_type.field(first)
        return _leaf(field.name if field else first, field)
    reference = next((each for each in object_type.references.values() if (each.relationship_name or "").lower() == first.lower()), None)
    parent = schema.object(reference.reference_to[0]) if reference is not None else None
    inner = _nested(schema, parent, rest) if parent is not None else _leaf(".".join(rest), None)
    name = reference.relationship_name if reference is not None and reference.relationship_name else first
    return {**_leaf(name, None), "foreignKeyName": reference.name if reference else None, "joinColumns": [inner]}


def _merge(columns: list[dict[str, Any]], added: Iterable[dict[str, Any]]) -> None:
    """Put further fields of a parent into the column its relationship has already."""
    for column in added:
        same = next((each for each in columns if each["columnName"] == column["columnName"] and each["joinColumns"]), None)
        if same is not None and column["joinColumns"] and not column["aggregate"]:
            _merge(same["joinColumns"], column["joinColumns"])
        else:
            columns.append(column)


def _leaf(name: str, field: Field | None) -> dict[str, Any]:
    kind = field.type if field else None
    return {
        "aggregate": False,
        "apexType": None,
        "booleanType": kind is FieldType.BOOLEAN,
        "columnName": name,
        "custom": bool(field and field.custom),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": bool(field and field.createable),
        "joinColumns": [],
        "numberType": kind in _NUMBERS,
        "textType": kind is FieldType.STRING,
        "updatable": bool(field and field.updateable),
    }
