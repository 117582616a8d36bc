"""The grants of the token endpoint: what a client shows → who it may act as."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localorg import assertions
from localorg.org import Org
from localorg.settings import ConnectedApp
from localorg.users import User

Form = Mapping[str, str]

DEFAULT_SCOPE = "api refresh_token"
_LASTING = frozenset({"refresh_token", "offline_access", "full"})


class RefusedError(Exception):
    """A login that fails, with OAuth's two words for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class Granted:
    """A login that succeeds; `lasting` when a refresh token goes with it."""

    user: User
    app: ConnectedApp
    scope: str
    lasting: bool = False


def grant(org: Org, form: Form, authorization: str, host: str) -> Granted:
    """Return who logs in; RefusedError says why nobody does."""
    kind = form.get("grant_type", "")
    handler = _GRANTS.get(kind)
    if handler is None:
        raise RefusedError("unsupported_grant_type", "grant type not supported")
    if kind == _JWT:
        return _assertion(org, form, host)
    return handler(org, form, client(org, form, authorization))


def client(org: Org, form: Form, authorization: str) -> ConnectedApp:
    """Return the client that a request names, once it has shown its secret."""
    client_id, client_secret = _credentials(form, authorization)
    app = org.settings.app(client_id)
    if app is None:
        raise RefusedError("invalid_client_id", "client identifier invalid")
    if app.client_secret is not None and not hmac.compare_digest(client_secret.encode(), app.client_secret.encode()):
        raise RefusedError("invalid_client", "invalid client credentials")
    return app


def users(org: Org) -> list[User]:
    """Return everybody who may log in."""
    rows = org.connection.execute('SELECT "Username" FROM "User" WHERE "IsActive" = 1 ORDER BY "Id"').fetchall()
    found = [org.user_named(row["Username"]) for row in rows]
    return [each for each in found if each is not None]


def _credentials(form: Form, authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _password(org: Org, form: Form, app: ConnectedApp) -> Granted:
    user = org.user_named(form.get("username", ""))
    expected = org.password_of(user) if user is not None else None
    if user is None or expected is None or not hmac.compare_digest(form.get("password", "").encode(), expected.encode()):
        raise RefusedError("invalid_grant", "authentication failure")
    return Granted(user, app, DEFAULT_SCOPE, lasting=True)


def _client_credentials(org: Org, _form: Form, app: ConnectedApp) -> Granted:
    user = org.user_named(app.run_as) if app.run_as is not None else org.user
    if user is None:
        raise RefusedError("invalid_grant", "no client credentials user enabled")
    if app.client_secret is None:
        raise RefusedError("invalid_client", "invalid client credentials")
    return Granted(user, app, "api")


def _refresh(org: Org, form: Form, app: ConnectedApp) -> Granted:
    owner = org.sessions.owner_of(form.get("refresh_token", ""), app, _everybody(org))
    if owner is None:
        raise RefusedError("invalid_grant", "expired access/refresh token")
    if org.user_named(owner.username) is None:
        raise RefusedError("inactive_user", "user is inactive")
    if app.rotates_refresh_tokens:
        org.sessions.rotate(owner, app.client_id)
    return Granted(owner, app, DEFAULT_SCOPE, lasting=app.rotates_refresh_tokens)


def _code(org: Org, form: Form, app: ConnectedApp) -> Granted:
    found = org.sessions.take_code(form.get("code", ""), org.clock.now())
    if found is None or found.client_id != app.client_id:
        raise RefusedError("invalid_grant", "expired authorization code")
    if found.redirect_uri != form.get("redirect_uri"):
        raise RefusedError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if found.challenge is not None and not hmac.compare_digest(challenge(form.get("code_verifier", "")), found.challenge):
        raise RefusedError("invalid_grant", "invalid code verifier")
    lasting = bool(_LASTING & set(found.scope.split()))
    return Granted(found.user, app, found.scope, lasting=lasting)


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a code verifier."""
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _assertion(org: Org, form: Form, host: str) -> Granted:
    try:
        claims = assertions.unverified(form.get("assertion", ""))
        app = org.settings.app(claims.issuer)
        if app is None:
            raise RefusedError("invalid_client_id", "client identifier invalid")
        if app.public_key is None:
            raise RefusedError("invalid_grant", "invalid assertion")
        assertions.verify(form["assertion"], app.public_key)
    except assertions.InvalidError as problem:
        raise RefusedError("invalid_grant", "invalid assertion") from problem
    if claims.audience not in {"https://login.salesforce.com", "https://test.salesforce.com", host}:
        raise RefusedError("invalid_grant", "Audience validation failed")
    if not 0 < claims.expires - org.clock.now().timestamp() <= assertions.LONGEST_LIFE:
        raise RefusedError("invalid_grant", "invalid assertion")
    user = org.user_named(claims.subject)
    if user is None:
        raise RefusedError("invalid_grant", "user hasn't approved this consumer")
    return Granted(user, app, "api")


def _everybody(org: Org) -> list[User]:
    rows = org.connection.execute('SELECT "Id", "Username", "Name", "Email" FROM "User"').fetchall()
    return [User(row["Id"], row["Username"] or "", row["Name"] or "", row["Email"] or "") for row in rows]


_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GRANTS: dict[str, Callable[[Org, Form, ConnectedApp], Granted]] = {
    "authorization_code": _code,
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
    _JWT: _client_credentials,
}
