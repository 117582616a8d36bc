"""The file that holds the keys of the vault.

It stands outside the data folder, so that a copy of the data is worth nothing without it, and only its owner may read it. A missing file
is made on the first start only: beside data that exists already, a new key would be a silent loss.
"""

import base64
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from crosswalk.errors import ConfigurationError
from crosswalk.store.vault import Vault

_HMAC_BYTES = 32


def default_path() -> Path:
    """Return where the key file stands when no setting names one."""
    return Path.home() / ".config" / "crosswalk" / "keys.json"


def read_or_create(path: Path, data_dir: Path) -> Vault:
    """Return the vault of `path`; make the file on the first start; raise `ConfigurationError` when it is unsafe, missing or wrong."""
    _refuse_inside(path, data_dir)
    if not path.exists():
        if data_dir.exists() and any(data_dir.iterdir()):
            raise ConfigurationError(
                "The key file is missing but the data folder is not empty; put the key file back, or start with an empty data folder.",
                key_file=str(path),
            )
        _create(path, {"fernet": [Fernet.generate_key().decode()], "hmac": _text(secrets.token_bytes(_HMAC_BYTES))})
    return read(path)


def read(path: Path) -> Vault:
    """Return the vault of an existing key file; raise `ConfigurationError` when others may read it or it is not a key file."""
    following = _Following(path)
    document = _document(path)
    return Vault(document["fernet"], base64.urlsafe_b64decode(document["hmac"]), following.news)


def number_of_keys(path: Path) -> int:
    """Return how many encryption keys the file holds; more than one means that a rotation has begun and not ended."""
    return len(_document(path)["fernet"])


def add_key(path: Path) -> Vault:
    """Put a new encryption key first and return the vault that seals with it; the old keys go on opening."""
    document = _document(path)
    document["fernet"].insert(0, Fernet.generate_key().decode())
    _replace(path, document)
    return read(path)


def announce_key(path: Path) -> Vault:
    """Put a new encryption key last: it opens already, so that every machine can have it before anything is sealed with it."""
    document = _document(path)
    document["fernet"].append(Fernet.generate_key().decode())
    _replace(path, document)
    return read(path)


def use_announced_key(path: Path) -> Vault:
    """Let the key that was announced last seal from now on."""
    document = _document(path)
    document["fernet"].insert(0, document["fernet"].pop())
    _replace(path, document)
    return read(path)


def drop_old_keys(path: Path) -> Vault:
    """Keep only the newest encryption key; call it after every sealed value has been sealed anew."""
    document = _document(path)
    document["fernet"] = document["fernet"][:1]
    _replace(path, document)
    return read(path)


class _Following:
    """Notices that the key file was replaced, at the price of a look at its directory entry."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._state()

    def news(self) -> Sequence[str] | None:
        """Return the keys when the file is another one than at the last look; what cannot be read at the moment is no news."""
        state = self._state()
        if state in (None, self._seen):
            return None
        try:
            keys: Sequence[str] = _document(self._path)["fernet"]
        except ConfigurationError:
            return None
        self._seen = state
        return keys

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def _document(path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise ConfigurationError(
                f"Others may read the key file (mode {mode:04o}); run chmod 600 on it, and rotate the keys if in doubt.",
                key_file=str(path),
            )
        document = json.loads(path.read_bytes())
        keys = document["fernet"]
        Vault(keys, base64.urlsafe_b64decode(document["hmac"]))
    except OSError as error:
        raise ConfigurationError("The key file cannot be read; see that it exists and belongs to this user.", key_file=str(path)) from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ConfigurationError(
            'The key file is not one: it holds {"fernet": ["<key>", …], "hmac": "<key>"}. Put the right file back.', key_file=str(path)
        ) from error
    return {"fernet": list(keys), "hmac": document["hmac"]}


def _refuse_inside(path: Path, data_dir: Path) -> None:
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise ConfigurationError(
            "The key file stands in the data folder, where a copy of the data takes it along; set CROSSWALK_KEY_FILE to a place outside.",
            key_file=str(path),
        )


def _create(path: Path, document: dict[str, Any]) -> None:
    """Make the file in one step: another process that starts at the same time sees all of it or nothing, and the first one counts."""
    new = _written_beside(path, document)
    with suppress(FileExistsError):
        os.link(new, path)
    new.unlink()


def _replace(path: Path, document: dict[str, Any]) -> None:
    _written_beside(path, document).replace(path)


def _written_beside(path: Path, document: dict[str, Any]) -> Path:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(
            "The key file cannot be written; set CROSSWALK_KEY_FILE to a place this user may write.", key_file=str(path)
        ) from error
    return new


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()
