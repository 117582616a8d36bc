"""One call of the REST API as its handlers see it, whether it came over HTTP or as a part of a composite, and the answer to it."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localorg.errors import SalesforceError
from localorg.transaction import Options

_UNREAD = object()
_JSON = "application/json"
_ASSIGN = "sforce-auto-assign"
_DUPLICATES = "sforce-duplicate-rule-header"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """Method, place and content of a call; `path` begins after `/services/data/vXX.X`."""

    method: str
    version: int
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    origin: str = ""
    """Scheme, host and port as the client addressed them; nothing inside a composite."""
    parsed: Any = _UNREAD
    """The body of a composite's part, which is JSON already."""

    @property
    def root(self) -> str:
        """Return the path that everything of this version begins with."""
        return f"/services/data/v{self.version}.0"

    def json(self) -> Any:
        """Return the body; the JSON reader's complaint when there is none or it does not parse."""
        if self.parsed is not _UNREAD:
            return self.parsed
        if not self.body.strip():
            text = "The HTTP entity body is required, but this request has no entity body."
            raise SalesforceError(400, "JSON_PARSER_ERROR", text, None)
        kind = self.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
        if kind != _JSON:
            raise SalesforceError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type '{kind}' is not supported here; send {_JSON}", None)
        try:
            return json.loads(self.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as problem:
            raise SalesforceError(400, "JSON_PARSER_ERROR", f"Unexpected character or end of input: {problem}", None) from problem

    def options(self) -> Options:
        """Return what the headers say about writes."""
        rule = {
            name.strip().lower(): value.strip().lower()
            for name, _, value in (part.partition("=") for part in self.headers.get(_DUPLICATES, "").split(";"))
        }
        return Options(
            auto_assign=self.headers.get(_ASSIGN, "TRUE").strip(),
            allow_duplicates=rule.get("allowsave") == "true",
            include_duplicate_details=rule.get("includerecorddetails") == "true",
        )


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is not JSON: its media type, and its bytes piece by piece, made while they are sent."""

    media_type: str
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer: a JSON body, other content, or none; `rows` is how many records it concerned."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    content: Content | None = None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")


def request_id() -> str:
    """Return a new id for `X-SFDC-Request-Id`."""
    return secrets.token_hex(16)


def refusal(error: SalesforceError) -> Reply:
    """Return the answer that carries a refusal."""
    return Reply(error.status, error.rows())
