"""Passwords of users over REST."""

from localorg import ids
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply


def password(call: ApiCall) -> Reply:
    """Tell whether a user's password has expired; here none ever does."""
    _user_id(call)
    return Reply(200, {"isExpired": False})


def set_password(call: ApiCall) -> Reply:
    """Set a user's password: 204."""
    user_id, body = _user_id(call), call.json()
    chosen = body.get("NewPassword") if isinstance(body, dict) else None
    if not isinstance(chosen, str) or not chosen:
        raise SalesforceError(400, "MISSING_ARGUMENT", "NewPassword not specified", None)
    call.transaction.remember(f"password:{user_id}", chosen)
    return Reply(204)


def _user_id(call: ApiCall) -> str:
    found = ids.canonical(call.parts["id"])
    if found is None or call.transaction.row("User", found) is None:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return found
