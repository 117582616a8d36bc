"""XML of the Metadata API: plain values → elements, and back.

Names lose their namespaces; a name that occurs several times becomes a list; all that is read is text. Documents that declare entities
are refused unread.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

METADATA = "http://soap.sforce.com/2006/04/metadata"

Content = dict[str, Any]

_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_INDENT = "    "


def document(root: str, content: Mapping[str, Any]) -> str:
    """Return a component as a file, its elements in alphabetical order as the schema wants them."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{METADATA}">\n{_inner(content, 1)}</{root}>\n'


def elements(content: Mapping[str, Any]) -> str:
    """Return values as elements without any layout, in the order given."""
    return "".join(_plain(name, held) for name, held in content.items())


def read(xml: bytes) -> Any:
    """Return what a document's root holds; raises ValueError when it is no XML."""
    if _DECLARES.search(xml):
        raise ValueError("the document declares entities")
    try:
        return _value(ET.fromstring(xml))  # noqa: S314  # entities are refused above
    except (ET.ParseError, LookupError) as error:
        raise ValueError(str(error)) from error


def listed(content: Any, name: str) -> list[Content]:
    """Return the elements of a name that may occur once, often or never."""
    found = content.get(name) if isinstance(content, Mapping) else None
    every = found if isinstance(found, list) else [found]
    return [each for each in every if isinstance(each, dict)]


def text(held: Any) -> str:
    """Return a plain value as the text XML has for it."""
    if isinstance(held, bool):
        return "true" if held else "false"
    return escape(_CONTROL.sub(" ", str(held)))


def _inner(content: Mapping[str, Any], depth: int) -> str:
    names = sorted((name for name in content if name != "fullName"), key=str.lower)
    return "".join(_laid_out(name, content[name], depth) for name in (["fullName"] if "fullName" in content else []) + names)


def _laid_out(name: str, held: Any, depth: int) -> str:
    pad = _INDENT * depth
    if held is None:
        return ""
    if isinstance(held, list | tuple):
        return "".join(_laid_out(name, each, depth) for each in held)
    if isinstance(held, Mapping):
        return f"{pad}<{name}>\n{_inner(held, depth + 1)}{pad}</{name}>\n"
    return f"{pad}<{name}>{text(held)}</{name}>\n"


def _plain(name: str, held: Any) -> str:
    if isinstance(held, list | tuple):
        return "".join(_plain(name, each) for each in held)
    return f"<{name}>{elements(held) if isinstance(held, Mapping) else text(held)}</{name}>"


def _value(element: ET.Element) -> Any:
    if element.get(_NIL) in {"true", "1"}:
        return None
    if len(element) == 0:
        return element.text or ""
    found: Content = {}
    for child in element:
        name, held = child.tag.rpartition("}")[2], _value(child)
        if name not in found:
            found[name] = held
        elif isinstance(found[name], list):
            found[name].append(held)
        else:
            found[name] = [found[name], held]
    return found
