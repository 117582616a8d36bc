"""JWT assertions signed with RS256: three base64 parts → claims, once the signature is right.

Other algorithms are refused, whatever the header says. `exp` may be a number or a text that is one, because clients send both.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LONGEST_LIFE = 5 * 60
"""Seconds; the rule is three minutes, with something for clocks that differ."""
_PARTS = 3


class InvalidError(Exception):
    """The assertion does not read, or its signature is not the client's."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an assertion says."""

    issuer: str
    subject: str
    audience: str
    expires: float


def unverified(assertion: str) -> Claims:
    """Return the claims of an assertion whose signature nobody has looked at yet."""
    header, claims = _json(assertion, 0), _json(assertion, 1)
    if header.get("alg") != "RS256":
        raise InvalidError("the algorithm is not RS256")
    try:
        expires = float(claims["exp"])
    except (KeyError, TypeError, ValueError) as problem:
        raise InvalidError("exp is no number") from problem
    audience = claims.get("aud")
    first = audience[0] if isinstance(audience, list) and audience else audience
    return Claims(str(claims.get("iss", "")), str(claims.get("sub", "")), str(first), expires)


def verify(assertion: str, pem: str) -> None:
    """Check the signature against a certificate or public key; InvalidError when it is another's."""
    signed, _, _ = assertion.rpartition(".")
    try:
        _public_key(pem).verify(_part(assertion, 2), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as problem:
        raise InvalidError("the signature is not the client's") from problem


def _public_key(pem: str) -> rsa.RSAPublicKey:
    try:
        key = (
            x509.load_pem_x509_certificate(pem.encode()).public_key()
            if "CERTIFICATE" in pem
            else serialization.load_pem_public_key(pem.encode())
        )
    except ValueError as problem:
        raise InvalidError("the client's key does not read") from problem
    if not isinstance(key, rsa.RSAPublicKey):
        raise InvalidError("the client's key is no RSA key")
    return key


def _json(assertion: str, number: int) -> dict[str, Any]:
    try:
        read = json.loads(_part(assertion, number))
    except ValueError as problem:
        raise InvalidError("a part is no JSON") from problem
    if not isinstance(read, dict):
        raise InvalidError("a part is no object")
    return read


def _part(assertion: str, number: int) -> bytes:
    parts = assertion.split(".")
    if len(parts) != _PARTS:
        raise InvalidError("an assertion has three parts")
    text = parts[number]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as problem:
        raise InvalidError("a part is no base64") from problem
