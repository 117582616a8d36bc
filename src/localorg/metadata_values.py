"""Values of a metadata component, which XML gives as text and JSON as what they are."""

from collections.abc import Mapping
from typing import Any

from localorg.errors import SalesforceError

Content = dict[str, Any]

_TRUE, _FALSE = "true", "false"


def flag(given: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """Return a yes or no; FIELD_INTEGRITY_EXCEPTION for anything else."""
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() in {_TRUE, _FALSE}:
        return str(value).strip().lower() == _TRUE
    raise wrong(f"'{value}' is not a valid value for the type xsd:boolean", name)


def number(given: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number or None; FIELD_INTEGRITY_EXCEPTION for anything else."""
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return int(str(value))
    except ValueError:
        raise wrong(f"'{value}' is not a valid value for the type xsd:int", name) from None


def text(given: Mapping[str, Any], name: str) -> str | None:
    """Return text or None; blank text is None."""
    value = given.get(name)
    if isinstance(value, dict | list):
        raise wrong(f"{name} must be text", name)
    return str(value).strip() or None if value is not None else None


def listed(given: Any, name: str) -> list[Content]:
    """Return the elements of a name that may occur once, often or never; each is an object."""
    value = given.get(name) if isinstance(given, Mapping) else None
    found = value if isinstance(value, list) else [] if value is None else [value]
    for each in found:
        if not isinstance(each, dict):
            raise wrong(f"{name} must be an object", name)
    return found


def texts(given: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a name that may occur once, often or never."""
    value = given.get(name)
    return [str(each) for each in (value if isinstance(value, list) else [] if value is None else [value])]


def wrong(message: str, *fields: str) -> SalesforceError:
    """Return the refusal of a component whose content does not hold together."""
    return SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", message, fields)


def missing(*fields: str) -> SalesforceError:
    """Return the refusal of a component that lacks something."""
    return SalesforceError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(fields)}]", fields)
