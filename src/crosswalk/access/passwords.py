"""Passwords: argon2id, long enough, and never compared faster for an e-mail that nobody has.

Hashing takes memory and time on purpose, so it runs in a thread and a few at a time.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crosswalk.errors import RequestRefused

SHORTEST = 12
LONGEST = 200
_AT_ONCE = 4
_NEEDS = f"Choose a password of {SHORTEST} to {LONGEST} characters that is not the e-mail address and not one character repeated."


class Passwords:
    """Makes and checks hashes; the costs are those of RFC 9106 for small memory unless given."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobody = ""

    async def made(self, password: str, email: str) -> str:
        """Return the hash of a new password; raise `RequestRefused` when it is too weak."""
        expect_strong(password, email)
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether the password is the stored one; without a stored one it takes as long and is not."""
        async with self._turns:
            return await asyncio.to_thread(self._matches, stored, password[:LONGEST])

    def _matches(self, stored: str | None, password: str) -> bool:
        if stored is None and not self._nobody:
            self._nobody = self._hasher.hash("nobody has this password")
        try:
            return self._hasher.verify(stored or self._nobody, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def expect_strong(password: str, email: str) -> None:
    """Raise `RequestRefused` when a password is too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST or password.casefold() == email.casefold() or len(set(password)) == 1:
        raise RequestRefused("weak_password", _NEEDS, 422, field="password")
