"""Who one is: the user behind a token, as OpenID has it and as the identity URL does."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localorg.gateway import expired
from localorg.org import Org
from localorg.users import User

_PLACES = {
    "enterprise": "/services/Soap/c/{version}/",
    "metadata": "/services/Soap/m/{version}/",
    "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
    "tooling_soap": "/services/Soap/T/{version}/",
    "tooling_rest": "/services/data/v{version}/tooling/",
}


async def user_info(org: Org, request: Request) -> Response:
    """Tell a client who it is, as OpenID has it."""
    user = bearer(org, request)
    if user is None:
        return unauthorized()
    host = host_of(request)
    about = {"sub": url_of(org, user, host), "email_verified": True, "is_salesforce_integration_user": False}
    photos = {"picture": f"{host}/profilephoto/005/F", "thumbnail": f"{host}/profilephoto/005/T"}
    pictures = {"photos": photos, "profile": f"{host}/{user.id}", "picture": photos["picture"], "address": {}}
    return JSONResponse({**about, **_about(org, user), **pictures, "urls": _urls(org, user, host), "updated_at": _updated(org, user)})


async def identity(org: Org, request: Request) -> Response:
    """Answer the identity URL of a token response."""
    user = bearer(org, request)
    if user is None:
        return unauthorized()
    host, about = host_of(request), _about(org, user)
    named = {"id": url_of(org, user, host), "asserted_user": True, "username": user.username, "display_name": user.name}
    named |= {"nick_name": about["nickname"], "first_name": about["given_name"], "last_name": about["family_name"]}
    return JSONResponse(
        {**named, "timezone": about["zoneinfo"], **about, "urls": _urls(org, user, host), "last_modified_date": _updated(org, user)}
    )


def bearer(org: Org, request: Request) -> User | None:
    """Return who a request comes from, by its header or by `oauth_token`; None without a session."""
    given = request.headers.get("authorization", "").partition(" ")[2] or request.query_params.get("oauth_token", "")
    return org.sessions.user_of(given.strip(), org.clock.now())


def unauthorized() -> Response:
    """Return the refusal of a session that is over."""
    return JSONResponse(expired().rows(), 401)


def host_of(request: Request) -> str:
    """Return the address a request came to."""
    return str(request.base_url).rstrip("/")


def url_of(org: Org, user: User, host: str) -> str:
    """Return the identity URL of a user."""
    return f"{host}/id/{org.settings.org_id}/{user.id}"


def _urls(org: Org, user: User, host: str) -> dict[str, str]:
    places = {name: host + place + (org.settings.org_id if "/Soap/" in place else "") for name, place in _PLACES.items()}
    return {**places, "profile": f"{host}/{user.id}", "custom_domain": host}


def _updated(org: Org, user: User) -> str | None:
    row = org.transaction(org.human).row("User", user.id)
    return row["LastModifiedDate"] if row is not None else None


def _about(org: Org, user: User) -> dict[str, Any]:
    first, _, last = user.name.partition(" ")
    return {
        "user_id": user.id,
        "organization_id": org.settings.org_id,
        "preferred_username": user.username,
        "nickname": first.lower(),
        "name": user.name,
        "email": user.email,
        "given_name": first,
        "family_name": last,
        "zoneinfo": user.time_zone,
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
    }
