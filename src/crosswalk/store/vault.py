"""What is secret or personal, sealed with a key that stands outside the database.

Two keys: one encrypts and rotates (all known ones open, the newest seals, and each sealed value names its key); the other makes HMACs
and never rotates, because claims, links and identities are known only by their HMAC.

Values are sealed by AES-256-GCM-SIV (RFC 8452), which a nonce that comes twice does not break: a busy source seals billions of them. Format
1, Fernet, is still opened; it took four times as long, and every event has three sealed values.
"""

import base64
import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crosswalk.errors import ConfigurationError

_FERNET, _GCM_SIV = b"\x01", b"\x02"  # formats: the first byte of a sealed value
_PURPOSE = b"crosswalk sealed value, format 2"
_GCM_SIV_KEY_BYTES = 32
_NONCE_BYTES = 12
_COMPRESS_FROM = 1024
_KEY_ID_BYTES = 4
_BODY_FROM = 1 + _KEY_ID_BYTES

_JSON, _JSON_COMPRESSED, _BYTES, _BYTES_COMPRESSED = b"j", b"J", b"b", b"B"


News = Callable[[], Sequence[str] | None]  # the encryption keys, when they have changed


def _none() -> None:
    """Tell that the keys have not changed."""


class Vault:
    """Seals, opens and fingerprints values; keep one per process. With `news` it follows a rotation of the keys while it runs."""

    def __init__(self, encryption_keys: Sequence[str], hmac_key: bytes, news: News = _none) -> None:
        self._hmac = hmac.new(hmac_key, digestmod="sha256")  # to be copied: making one takes several times as long
        self._news = news
        self._use(encryption_keys)

    def _use(self, encryption_keys: Sequence[str]) -> None:
        self._keys = {_key_id(key): _Key(key) for key in encryption_keys}
        self._newest = _key_id(encryption_keys[0])

    def _follow(self) -> None:
        keys = self._news()
        if keys:
            self._use(keys)

    def __repr__(self) -> str:
        return f"<Vault key={self._newest.hex()}>"

    @classmethod
    def in_memory(cls, seed: str) -> Self:
        """Make a vault whose keys follow from `seed`; for tests and throw-away databases."""
        encryption = base64.urlsafe_b64encode(hashlib.sha256(f"encrypt:{seed}".encode()).digest()).decode()
        return cls((encryption,), hashlib.sha256(f"hmac:{seed}".encode()).digest())

    def seal(self, value: Any) -> bytes:
        """Encrypt bytes or a JSON value; long ones are compressed first."""
        if isinstance(value, bytes):
            kind, compressed_kind, plain = _BYTES, _BYTES_COMPRESSED, value
        else:
            kind, compressed_kind, plain = _JSON, _JSON_COMPRESSED, json.dumps(value, separators=(",", ":")).encode()
        if len(plain) > _COMPRESS_FROM:
            kind, plain = compressed_kind, zlib.compress(plain, 1)
        self._follow()
        return self._sealed(kind + plain)

    def open(self, sealed: bytes) -> Any:
        """Return what was sealed; raise `ConfigurationError` when its key is not in the key file or it was altered."""
        kind, plain = self._opened(sealed)
        if kind in (_JSON_COMPRESSED, _BYTES_COMPRESSED):
            plain = zlib.decompress(plain)
        return plain if kind in (_BYTES, _BYTES_COMPRESSED) else json.loads(plain)

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a value is sealed with the newest key."""
        return sealed[1:_BODY_FROM] == self._newest

    def knows(self, sealed: bytes) -> bool:
        """Tell whether the key of a value is at hand."""
        return sealed[1:_BODY_FROM] in self._keys

    def reseal(self, sealed: bytes) -> bytes:
        """Return the value sealed with the newest key."""
        kind, plain = self._opened(sealed)
        return self._sealed(kind + plain)

    def hmac(self, text: str) -> str:
        """Return 64 hexadecimal digits that stand for `text`; equal texts give equal digits for ever."""
        digest = self._hmac.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def _sealed(self, content: bytes) -> bytes:
        head = _GCM_SIV + self._newest
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._keys[self._newest].gcm_siv.encrypt(nonce, content, head)

    def _opened(self, sealed: bytes) -> tuple[bytes, bytes]:
        if not self.knows(sealed):
            self._follow()  # another process may have begun to seal with a new key
        key = self._keys.get(sealed[1:_BODY_FROM])
        if sealed[:1] not in (_FERNET, _GCM_SIV) or key is None:
            raise ConfigurationError(
                "A stored value is sealed with a key that the key file does not hold; put the old key file back, or enter the secret anew.",
                key=sealed[1:_BODY_FROM].hex(),
            )
        try:
            plain = key.opened(sealed)
        except (InvalidToken, InvalidTag, ValueError) as error:
            raise ConfigurationError("A stored value was altered and cannot be opened; restore the database from a backup.") from error
        return plain[:1], plain[1:]


class _Key:
    """One key of the key file, as each format uses it."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(key)
        derived = HKDF(SHA256(), _GCM_SIV_KEY_BYTES, salt=None, info=_PURPOSE).derive(base64.urlsafe_b64decode(key))
        self.gcm_siv = AESGCMSIV(derived)

    def opened(self, sealed: bytes) -> bytes:
        """Return what a value of either format holds; raise what the format's own library raises for one that was altered."""
        if sealed[:1] == _FERNET:
            return self._fernet.decrypt(base64.urlsafe_b64encode(sealed[_BODY_FROM:]))
        content = _BODY_FROM + _NONCE_BYTES
        return self.gcm_siv.decrypt(sealed[_BODY_FROM:content], sealed[content:], sealed[:_BODY_FROM])


def _key_id(key: str) -> bytes:
    return hashlib.sha256(b"key-id:" + key.encode()).digest()[:_KEY_ID_BYTES]
