"""OAuth 1.0 (RFC 5849): a request is signed by itself, over its method, its address and the parameters in it.

The body is JSON and no part of the signature. Nonce and time are made anew each time a request is sent, also when it is sent again.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

import httpx2

from crosswalk.clock import Clock

_METHOD = "HMAC-SHA1"


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The four strings of an app key."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)


class SignedByAppKeys(httpx2.Auth):
    """Signs each request with app keys."""

    def __init__(self, keys: AppKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Put the signature into the request and let it go."""
        request.headers["Authorization"] = self._header(request.method, str(request.url))
        yield request

    def _header(self, method: str, url: str) -> str:
        named = {
            "oauth_consumer_key": self._keys.consumer_key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": _METHOD,
            "oauth_timestamp": str(int(self._clock.now().timestamp())),
            "oauth_token": self._keys.access_token,
            "oauth_version": "1.0",
        }
        named["oauth_signature"] = signature(method, url, named.items(), self._keys)
        return "OAuth " + ", ".join(f'{_quoted(name)}="{_quoted(value)}"' for name, value in sorted(named.items()))


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], keys: AppKeys) -> str:
    """Return the signature over a request; `parameters` are those of OAuth itself, those of the query stand in `url`."""
    address, _, query = url.partition("?")
    everything = [*parameters, *parse_qsl(query, keep_blank_values=True)]
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in everything)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_quoted(part) for part in (method.upper(), address, joined))
    key = f"{_quoted(keys.consumer_secret)}&{_quoted(keys.access_token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="")
