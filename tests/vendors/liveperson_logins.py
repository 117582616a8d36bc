"""Verifies OAuth 1.0 as RFC 5849 has it, written apart from the code that signs: each nonce once, times within five minutes."""

import base64
import hashlib
import hmac
import re
from urllib.parse import quote, unquote

_HEADER = re.compile(r'OAuth ((?:\w+="[^"]*"(?:, )?)+)')
_NAMES = {
    *("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp", "oauth_token", "oauth_version")
}


class AppKeyVerifier:
    """Knows one app key, and which nonces were used."""

    def __init__(self, keys, clock):
        self.keys, self.clock, self.used = keys, clock, set()

    def accepts(self, method, url, header):
        """Tell whether the header signs this request and no other."""
        match = _HEADER.fullmatch(header)
        if match is None:
            return False
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', match[1])}
        if set(given) != _NAMES or given["oauth_signature_method"] != "HMAC-SHA1" or given["oauth_version"] != "1.0":
            return False
        if (given["oauth_consumer_key"], given["oauth_token"]) != (self.keys["consumer_key"], self.keys["access_token"]):
            return False
        if abs(int(given["oauth_timestamp"]) - self.clock.now().timestamp()) > 300 or given["oauth_nonce"] in self.used:
            return False
        self.used.add(given["oauth_nonce"])
        return hmac.compare_digest(given.pop("oauth_signature"), self.signature(method, url, given))

    def signature(self, method, url, given):
        pairs = [(name, value) for name, value in given.items()]
        for piece in filter(None, url.query.split("&")):
            name, _, value = piece.partition("=")
            pairs.append((unquote(name.replace("+", " ")), unquote(value.replace("+", " "))))
        encoded = sorted(f"{_escape(name)}={_escape(value)}" for name, value in pairs)
        address = f"{url.scheme}://{url.netloc}{url.path}"
        base = f"{method}&{_escape(address)}&{_escape('&'.join(encoded))}"
        key = f"{_escape(self.keys['consumer_secret'])}&{_escape(self.keys['access_token_secret'])}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _escape(text):
    return quote(text, safe="")
