"""The signature of a LivePerson webhook: HMAC-SHA1 of the raw body with the app's client secret, in Base64.

LivePerson documents no other hash. HMAC does not rest on what is broken about SHA-1.
"""

import base64
import binascii
import hashlib
import hmac

from crosswalk.errors import RequestRefused

HEADER = "x-liveperson-signature"
ACCOUNT_HEADER = "x-liveperson-account-id"
_PREFIX = "sha1="


def verify(header: str | None, body: bytes, secret: str | None) -> None:
    """Refuse with 401 unless the header proves that the holder of the secret sent this body."""
    if not secret:
        raise RequestRefused("secret_missing", "This source has no signing_secret; set it to the client secret of the app.", 401)
    if not header:
        raise RequestRefused("signature_missing", f"The request has no {HEADER} header; only apps of LivePerson post here.", 401)
    given = header.strip()
    if not given.startswith(_PREFIX):
        raise RequestRefused("signature_malformed", f"The {HEADER} header must be {_PREFIX} and a Base64 digest.", 401)
    if not hmac.compare_digest(_digest(body, secret), _decoded(given.removeprefix(_PREFIX))):
        raise RequestRefused(
            "signature_mismatch", "The signature does not match; compare signing_secret with the app's client secret.", 401
        )


def header(body: bytes, secret: str) -> str:
    """Return the header LivePerson would send with `body`."""
    return _PREFIX + base64.b64encode(_digest(body, secret)).decode()


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha1).digest()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
