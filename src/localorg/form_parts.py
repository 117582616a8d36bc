"""The parts of a multipart body: JSON beside files, as blob uploads and deploys send them."""

import io
from dataclasses import dataclass

import python_multipart
from python_multipart.exceptions import FormParserError

from localorg.errors import SalesforceError
from localorg.requests import ApiRequest


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its content, and the name of the file it was."""

    content: bytes
    file_name: str | None = None


def read(request: ApiRequest) -> dict[str, Part]:
    """Return the parts of a request by name; SalesforceError when its body is not multipart."""
    parts: dict[str, Part] = {}

    def on_field(field: object) -> None:
        name, content = getattr(field, "field_name", None), getattr(field, "value", None)
        parts[(name or b"").decode("utf-8", "replace")] = Part(content or b"")

    def on_file(file: object) -> None:
        name, file_name = getattr(file, "field_name", None), getattr(file, "file_name", None)
        held = file.file_object  # type: ignore[attr-defined]  # the parser promises no type
        held.seek(0)
        parts[(name or b"").decode("utf-8", "replace")] = Part(held.read(), (file_name or b"").decode("utf-8", "replace"))

    headers = {"Content-Type": request.headers.get("content-type", "").encode(), "Content-Length": str(len(request.body)).encode()}
    try:
        python_multipart.parse_form(headers, io.BytesIO(request.body), on_field, on_file)
    except (FormParserError, ValueError, KeyError) as problem:
        raise SalesforceError(400, "INVALID_MULTIPART_REQUEST", f"The multipart body cannot be read: {problem}", None) from problem
    return parts


def is_multipart(request: ApiRequest) -> bool:
    """Tell whether a request's body is multipart."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")
