"""The signature of a Kaltura event notification: the hex digest of the secret followed by the raw body.

It is a plain hash and no HMAC, and a header names the hash; MD5 is not taken, because another one can be chosen at Kaltura.
"""

import hashlib
import hmac

from crosswalk.errors import RequestRefused

HEADER = "x-kaltura-signature"
HASH_HEADER = "x-kaltura-hash-algo"
DEFAULT_HASH = "sha256"
_HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})


def verify(header: str | None, hash_name: str | None, body: bytes, secret: str | None) -> None:
    """Refuse with 401 unless the header proves that the holder of the secret sent this body."""
    if not secret:
        raise RequestRefused("secret_missing", "This source has no signing secret; set it to the signSecret of the notification.", 401)
    if not header:
        raise RequestRefused("signature_missing", f"The request has no {HEADER} header; set a signSecret on the notification.", 401)
    chosen = (hash_name or DEFAULT_HASH).strip().lower().replace("-", "")
    if chosen not in _HASHES:
        raise RequestRefused("signature_malformed", f"The hash of the signature must be one of {', '.join(sorted(_HASHES))}.", 401)
    if not hmac.compare_digest(digest(body, secret, chosen).encode(), header.strip().lower().encode()):
        raise RequestRefused("signature_mismatch", "The signature does not match; compare the signing secret with Kaltura's.", 401)


def digest(body: bytes, secret: str, hash_name: str = DEFAULT_HASH) -> str:
    """Return the signature Kaltura would send with `body`."""
    return hashlib.new(hash_name, secret.encode() + body).hexdigest()
