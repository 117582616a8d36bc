"""Logging in with a signed assertion (RFC 7523): a connected app with a certificate, and a user it was approved for."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from crosswalk import errors
from crosswalk.clock import Clock
from crosswalk.salesforce.logins import LoginHost, Token

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIVES_SECONDS = 150  # Salesforce takes three minutes at most, and clocks differ


@dataclass(frozen=True, slots=True)
class JwtLogin:
    """A connected app that signs for a user."""

    host: LoginHost
    clock: Clock
    client_id: str
    username: str
    private_key: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Log in anew with a fresh assertion; raise `ConfigurationError` when the key does not read."""
        del previous
        return await self.host.grant({"grant_type": _GRANT, "assertion": self._assertion()})

    def _assertion(self) -> str:
        ends = int(self.clock.now().timestamp()) + _LIVES_SECONDS
        claims = {"iss": self.client_id, "sub": self.username, "aud": self.host.url, "exp": ends}
        signed = f"{_encoded({'alg': 'RS256'})}.{_encoded(claims)}"
        signature = read_key(self.private_key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64(signature)}"


def read_key(pem: str) -> RSAPrivateKey:
    """Return the private key of a PEM text; raise `ConfigurationError` when it is none or is locked by a password."""
    try:
        key = serialization.load_pem_private_key(pem.strip().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _not_a_key() from error
    if not isinstance(key, RSAPrivateKey):
        raise _not_a_key()
    return key


def _not_a_key() -> errors.ConfigurationError:
    sentence = "The private key does not read; paste the whole PEM text of an RSA key without a password, with its BEGIN and END lines."
    return errors.ConfigurationError(sentence, field="private_key")


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
