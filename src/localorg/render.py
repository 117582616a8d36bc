"""A stored record as the REST API shows it: attributes first, then every field the user sees, compounds put together."""

from collections.abc import Iterable
from typing import Any

from localorg.schema import COMPOUNDS, Field, FieldType, ObjectType
from localorg.transaction import Row

_ADDRESS = {
    "city": "City",
    "country": "Country",
    "geocodeAccuracy": "GeocodeAccuracy",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "postalCode": "PostalCode",
    "state": "State",
    "street": "Street",
}


def record(object_type: ObjectType, row: Row, root: str, fields: Iterable[Field] | None = None) -> dict[str, Any]:
    """Return the JSON of a record with the fields given, or with all."""
    url = f"{root}/sobjects/{object_type.name}/{row['Id']}"
    shown: dict[str, Any] = {"attributes": {"type": object_type.name, "url": url}}
    for each in object_type.fields.values() if fields is None else fields:
        shown[each.name] = _value(object_type, each, row, url)
    return shown


def _value(object_type: ObjectType, field: Field, row: Row, url: str) -> Any:
    if field.type in COMPOUNDS:
        return _compound(object_type, field, row)
    if field.type is FieldType.BASE64:
        return f"{url}/{field.name}"
    value = row.get(field.name)
    return bool(value) if field.type is FieldType.BOOLEAN else value


def _compound(object_type: ObjectType, field: Field, row: Row) -> dict[str, Any] | None:
    prefix = field.name.removesuffix("Address")
    parts = {key: row.get(prefix + suffix) for key, suffix in _ADDRESS.items() if object_type.field(prefix + suffix)}
    return parts if any(value is not None for value in parts.values()) else None
