"""Who is logged in: access tokens and their time-out, refresh tokens, and codes on their way to becoming tokens.

A session ends when it has not been used for its time-out. Refresh tokens are derived from the client's secret, so that they outlive a
restart of the process, as real ones do; one that was rotated away or revoked stays dead as long as the process lives.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from localorg.settings import ConnectedApp, OrgSettings
from localorg.users import User

_SHORT_ID = 15
_CODE_LIFE = timedelta(minutes=15)


@dataclass(slots=True)
class Session:
    """One access token at work."""

    user: User
    issued_at: datetime
    expires_at: datetime
    client_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class Code:
    """What a user has agreed to; good for one token."""

    user: User
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str | None
    expires_at: datetime


class Sessions:
    """The tokens of one org."""

    def __init__(self, settings: OrgSettings, user: User) -> None:
        self._settings = settings
        self._user = user
        self._sessions: dict[str, Session] = {}
        self._expired: set[str] = set()
        self._codes: dict[str, Code] = {}
        self._generations: dict[tuple[str, str], int] = {}

    def issue(self, user: User, now: datetime, client_id: str = "", scope: str = "api") -> str:
        """Log a user in and return the access token."""
        token = f"{self._settings.org_id[:_SHORT_ID]}!AQ{secrets.token_hex(32)}"
        self._sessions[token] = Session(user, now, now + self._timeout, client_id or self._settings.client_id, scope)
        return token

    def user_of(self, token: str, now: datetime) -> User | None:
        """Return who a token belongs to, and keep the session alive; None when it is not valid."""
        session = self.find(token, now)
        if session is None:
            return None
        session.expires_at = now + self._timeout
        return session.user

    def find(self, token: str, now: datetime) -> Session | None:
        """Return the session of a token, or None when it is not valid."""
        if token in self._expired:
            return None
        if token == self._settings.access_token:
            return Session(self._user, now, now + self._timeout, self._settings.client_id, "api")
        session = self._sessions.get(token)
        return session if session is not None and session.expires_at > now else None

    def expire(self, token: str) -> None:
        """End one session at once."""
        self._sessions.pop(token, None)
        if token == self._settings.access_token:
            self._expired.add(token)

    def expire_all(self) -> None:
        """End every session at once; the token of the settings too."""
        self._sessions.clear()
        if self._settings.access_token is not None:
            self._expired.add(self._settings.access_token)

    def refresh_token(self, user: User, app: ConnectedApp | None = None) -> str:
        """Return the refresh token that a user has with a client."""
        client_id = app.client_id if app is not None else self._settings.client_id
        secret = (app.client_secret if app is not None else self._settings.client_secret) or client_id
        generation = self._generations.get((client_id, user.id), 0)
        digest = hmac.new(secret.encode(), f"{user.id}:{client_id}:{generation}".encode(), hashlib.sha256)
        return f"5Aep861{digest.hexdigest()}"

    def owner_of(self, refresh_token: str, app: ConnectedApp, users: Iterable[User]) -> User | None:
        """Return whose refresh token this is, or None."""
        given = refresh_token.encode()
        return next((each for each in users if hmac.compare_digest(given, self.refresh_token(each, app).encode())), None)

    def rotate(self, user: User, client_id: str) -> None:
        """Make the refresh token that a user has with a client worthless; the next one is another."""
        self._generations[client_id, user.id] = self._generations.get((client_id, user.id), 0) + 1

    def revoke_refresh(self, user: User, client_id: str) -> None:
        """End a refresh token and every session of its user with that client."""
        self.rotate(user, client_id)
        self._sessions = {token: each for token, each in self._sessions.items() if each.user.id != user.id or each.client_id != client_id}

    def offer_code(self, user: User, client_id: str, redirect_uri: str, scope: str, challenge: str | None, now: datetime) -> str:
        """Return a code that a client may change into a token once, within a quarter of an hour."""
        code = f"aPrx{secrets.token_urlsafe(48)}"
        self._codes[code] = Code(user, client_id, redirect_uri, scope, challenge, now + _CODE_LIFE)
        return code

    def take_code(self, code: str, now: datetime) -> Code | None:
        """Return what a code stands for, and spend it; None when it is unknown, spent or too old."""
        found = self._codes.pop(code, None)
        return found if found is not None and found.expires_at > now else None

    @property
    def _timeout(self) -> timedelta:
        return timedelta(seconds=self._settings.session_seconds)
