"""What every part of access needs."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from crosswalk.access.passwords import Passwords
from crosswalk.clock import Clock
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Access:
    """The parts, and how long a session lives."""

    database: Database
    vault: Vault
    clock: Clock
    ids: Ids
    passwords: Passwords
    session_idle: timedelta
    session_longest: timedelta

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def email_hmac(self, email: str) -> str:
        """Return what an e-mail address is found by."""
        return self.vault.hmac(f"user-email:{folded(email)}")


def folded(email: str) -> str:
    """Return the one spelling of an e-mail address that is stored."""
    return email.strip().casefold()


def new_token() -> str:
    """Return a token nobody can guess, in letters that an address bears."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hmac(vault: Vault, kind: str, token: str) -> str:
    """Return what a token is stored as; tokens of different kinds never stand in for one another."""
    return vault.hmac(f"{kind}:{token}")
