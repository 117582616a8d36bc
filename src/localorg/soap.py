"""SOAP envelopes: XML → plain values and back, and faults as Salesforce words them.

Names lose their namespaces, because clients choose their own prefixes; `xsi:type` is kept under `@type`. Documents that declare entities
are refused unread.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from localorg.errors import SalesforceError

PARTNER = "urn:partner.soap.sforce.com"
ENTERPRISE = "urn:enterprise.soap.sforce.com"
METADATA = "http://soap.sforce.com/2006/04/metadata"
FAULTS = {PARTNER: "urn:fault.partner.soap.sforce.com", ENTERPRISE: "urn:fault.enterprise.soap.sforce.com", METADATA: METADATA}
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TYPE = "@type"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One SOAP request: the operation, its arguments and the headers by name."""

    operation: str
    arguments: dict[str, Any]
    headers: dict[str, Any] = field(default_factory=dict)

    @property
    def session_id(self) -> str:
        """Return the session of the header, or nothing."""
        header = self.headers.get("SessionHeader")
        return str(header.get("sessionId") or "") if isinstance(header, dict) else ""


def read(body: bytes) -> Envelope:
    """Return the request in an envelope; SalesforceError when it is none."""
    root = parse(body)
    if _local(root.tag) != "Envelope":
        raise _unreadable("the document is no SOAP envelope")
    parts = {_local(each.tag): each for each in root}
    inner = list(parts["Body"]) if "Body" in parts else []
    if len(inner) != 1:
        raise _unreadable("the body of the envelope holds no operation")
    headers = value(parts["Header"]) if "Header" in parts else {}
    arguments = value(inner[0])
    return Envelope(_local(inner[0].tag), arguments if isinstance(arguments, dict) else {}, headers if isinstance(headers, dict) else {})


def parse(document: bytes) -> ET.Element:
    """Return the root of an XML document; SalesforceError when it does not parse."""
    if _DECLARES.search(document):
        raise _unreadable("the document declares entities")
    try:
        return ET.fromstring(document)  # noqa: S314  # entities are refused above
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise _unreadable(str(problem)) from problem


def value(element: ET.Element) -> Any:
    """Return what an element holds: text, None, or an object whose repeated names are lists."""
    if element.get(f"{_XSI}nil") in {"true", "1"}:
        return None
    kind = element.get(f"{_XSI}type")
    if len(element) == 0 and kind is None:
        return element.text or ""
    found: dict[str, Any] = {} if kind is None else {_TYPE: kind.rpartition(":")[2]}
    for child in element:
        name, held = _local(child.tag), value(child)
        if name not in found:
            found[name] = held
        elif isinstance(found[name], list):
            found[name].append(held)
        else:
            found[name] = [found[name], held]
    if (
        len(element) == 0
        and kind is not None
        and kind.partition(":")[2] in {"string", "ID", "boolean", "int", "date", "dateTime", "double"}
    ):
        return element.text or ""
    return found


def answer(namespace: str, operation: str, results: Any) -> str:
    """Return the envelope of an answer; `results` is one result or a list of them, None for none."""
    held = "" if results is None else element("result", results)
    body = f'<{operation}Response xmlns="{namespace}">{held}</{operation}Response>'
    return _envelope(body, "")


def fault(namespace: str, error: SalesforceError, kind: str = "UnexpectedErrorFault") -> str:
    """Return the envelope of a fault."""
    code, message = escape(error.code), escape(_CONTROL.sub(" ", error.message))
    detail = (
        f'<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail>"
    )
    body = f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>{detail}</soapenv:Fault>"
    return _envelope(body, f' xmlns:sf="{FAULTS[namespace]}"')


def element(name: str, held: Any) -> str:
    """Return a value as an element, a list as several, None as a nil one."""
    if isinstance(held, list):
        return "".join(element(name, each) for each in held)
    if held is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(held, dict):
        kind = f" xsi:type={quoteattr(str(held[_TYPE]))}" if _TYPE in held else ""
        inner = "".join(element(key, each) for key, each in held.items() if key != _TYPE)
        return f"<{name}{kind}>{inner}</{name}>"
    return f"<{name}>{text(held)}</{name}>"


def in_order(content: Any) -> Any:
    """Return a component in the order its schema demands: the full name first, the rest by name, nothing that is null."""
    if isinstance(content, list):
        return [in_order(each) for each in content]
    if not isinstance(content, dict):
        return content
    names = sorted((name for name in content if name not in {"fullName", _TYPE}), key=str.lower)
    first = {"fullName": content["fullName"]} if "fullName" in content else {}
    return first | {name: in_order(content[name]) for name in names if content[name] is not None}


def text(held: Any) -> str:
    """Return a plain value as XML text."""
    if isinstance(held, bool):
        return "true" if held else "false"
    return escape(_CONTROL.sub(" ", str(held)))


def _envelope(body: str, namespaces: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{namespaces}>'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _unreadable(reason: str) -> SalesforceError:
    return SalesforceError(500, "UNKNOWN_EXCEPTION", f"XML_PARSER_ERROR: {reason}", None)
