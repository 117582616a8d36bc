"""Style sheets, scripts and icons: read once, served compressed, under an address that changes when any of them does.

Browsers keep them for ever. Scripts import one another by relative paths, so all of them share one version.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.web.console import icons

FOLDER = Path(__file__).parent / "static"
PATH = "/static/{version}/{name:path}"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
_SPRITE = "vendor/lucide.svg"
_SYMBOL = re.compile(r'<symbol id="(?P<id>[^"]+)".*?</symbol>', re.DOTALL)
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is and compressed."""

    media_type: str
    plain: bytes
    zipped: bytes


class Files:
    """All files a page may ask for."""

    def __init__(self, found: Mapping[str, File]) -> None:
        self._found = found
        self.version = hashlib.sha256(b"".join(found[name].plain for name in sorted(found))).hexdigest()[:_DIGITS]

    def address(self, name: str) -> str:
        """Return the address of a file; raise KeyError when there is none of that name, so that a wrong template fails its test."""
        if name not in self._found:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def get(self, request: Request) -> Response:
        """Return a style sheet, a script or the icons."""
        file = self._found.get(request.path_params["name"])
        if file is None:
            raise RequestRefused("not_found", "There is nothing at this address.", 404)
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.zipped, headers={**headers, "content-encoding": "gzip"}, media_type=file.media_type)
        return Response(file.plain, headers=headers, media_type=file.media_type)


@cache
def load() -> Files:
    """Read all files; raise `ConfigurationError` when the fetched ones are missing."""
    if not (FOLDER / _SPRITE).exists():
        raise ConfigurationError("The front-end files are missing; install the package anew (`make setup` in a checkout).")
    found = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*")) if path.suffix in _TYPES}
    found["icons.svg"] = _icons(found.pop(_SPRITE).decode()).encode()
    return Files({name: _file(name, content) for name, content in found.items()})


def _icons(sprite: str) -> str:
    """Return the sprite with the icons we use and no others."""
    symbols = {one["id"]: one[0] for one in _SYMBOL.finditer(sprite)}
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols[name] for name in sorted(icons.USED))}</svg>'


def _file(name: str, content: bytes) -> File:
    return File(_TYPES[Path(name).suffix], content, gzip.compress(content, mtime=0))
