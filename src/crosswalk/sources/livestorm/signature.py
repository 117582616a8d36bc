"""The signature of a Livestorm webhook.

The header is `<unix seconds>,<hex digest>`; the digest is SHA-256 over three joined elements of which only the first, the time, is
documented. When the configured order does not match but another one does, the refusal says so.
"""

import hashlib
import hmac
from datetime import datetime

from crosswalk.errors import RequestRefused
from crosswalk.sources.livestorm.settings import LivestormSettings, SignatureOrder
from crosswalk.sources.moments import from_unix

HEADER = "x-livestorm-signature"


def verify(header: str | None, body: bytes, secret: str | None, settings: LivestormSettings, now: datetime) -> None:
    """Refuse with 401 unless the header proves that the holder of the secret sent this body just now."""
    if settings.unsigned:
        return
    if not secret:
        raise RequestRefused("secret_missing", "This source has no signing secret; set it, or allow unsigned webhooks.", 401)
    if not header:
        raise RequestRefused("signature_missing", f"The request has no {HEADER} header; create the webhook through the REST API.", 401)
    timestamp, _, given = header.strip().rpartition(",")
    timestamp, given = timestamp.strip(), given.strip().lower()
    if not _matches(given, timestamp, body, secret, settings.signature_order):
        raise _mismatch(given, timestamp, body, secret)
    if timestamp or settings.signature_order is not SignatureOrder.HMAC:
        _check_age(timestamp, settings, now)


def header(body: bytes, secret: str, now: datetime, order: SignatureOrder) -> str:
    """Return the header Livestorm would send with `body` at `now`."""
    timestamp = str(int(now.timestamp()))
    return f"{timestamp},{_digest(timestamp, body, secret, order)}"


def _matches(given: str, timestamp: str, body: bytes, secret: str, order: SignatureOrder) -> bool:
    return hmac.compare_digest(_digest(timestamp, body, secret, order).encode(), given.encode())


def _digest(timestamp: str, body: bytes, secret: str, order: SignatureOrder) -> str:
    if order is SignatureOrder.HMAC:
        return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if order is SignatureOrder.TIMESTAMP_BODY_SECRET:
        return hashlib.sha256(timestamp.encode() + body + secret.encode()).hexdigest()
    return hashlib.sha256(timestamp.encode() + secret.encode() + body).hexdigest()


def _mismatch(given: str, timestamp: str, body: bytes, secret: str) -> RequestRefused:
    for order in SignatureOrder:
        if _matches(given, timestamp, body, secret, order):
            return RequestRefused("signature_order", f"The signature follows another order; set signature_order to {order.value!r}.", 401)
    return RequestRefused("signature_mismatch", "The signature does not match; compare the source's signing secret with Livestorm's.", 401)


def _check_age(timestamp: str, settings: LivestormSettings, now: datetime) -> None:
    signed_at = from_unix(int(timestamp)) if timestamp.isascii() and timestamp.isdigit() else None
    if signed_at is None:
        raise RequestRefused("signature_malformed", f"The {HEADER} header must be <unix seconds>,<hex digest>.", 401)
    if abs((now - signed_at).total_seconds()) > settings.signature_window_seconds:
        raise RequestRefused("signature_expired", "The signature is too old or from the future; check the clocks of both sides.", 401)
