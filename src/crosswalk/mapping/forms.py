"""Whether the form behind an event asks for an attribute at all (LS-15).

A form is a list of fields, each with an id and a value; a field nobody answered stands there without a value, one the form does not have
does not stand there.
"""

from typing import Any

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import Attribute

_VALUE = ".value"


def asks(attribute: Attribute, payload: Any) -> bool | None:
    """Tell whether the form asks for the attribute, answered or not; None for an attribute that is no field of a form."""
    fields = [path.removesuffix(_VALUE) for path in attribute.paths if "[id=" in path and path.endswith(_VALUE)]
    if not fields:
        return None
    return any(paths.compile(field)(payload) is not ABSENT for field in fields)
