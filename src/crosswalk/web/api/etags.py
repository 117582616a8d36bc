"""Two people at one thing: an answer carries the state it shows, and a change says which state it was made from."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.errors import RequestRefused

_DIGITS = 32


def of(value: Any) -> str:
    """Return the tag of a state: a model, or what can be written as JSON."""
    content = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    return f'"{digest[:_DIGITS]}"'


def show(response: Response, value: Any) -> None:
    """Write the tag of what is answered into the answer."""
    response.headers["etag"] = of(value)


def expect(request: Request, current: Any) -> None:
    """Raise `RequestRefused` unless the change was made from the current state: 428 when it does not say, 412 when it is another."""
    given = request.headers.get("if-match")
    if given is None:
        raise RequestRefused("state_missing", "Send the ETag of what you changed as If-Match, so that no other change is lost.", 428)
    if given != "*" and of(current) not in {one.strip() for one in given.split(",")}:
        sentence = "Somebody saved meanwhile; nothing of yours was written. Read it again, compare, and save what you still want."
        raise RequestRefused("changed_meanwhile", sentence, 412)
