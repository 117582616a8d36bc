"""The operations of the partner and enterprise services that clients still need: login, and what REST does not offer.

Those are lead conversion, merging, undeleting and emptying the Recycle Bin. Records are created and queried over REST alone.
"""

import hmac
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from localorg import clock, ids, lead_conversion, people_actions, recycle_bin
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.metadata_values import flag, listed, text, texts
from localorg.org import Org
from localorg.soap import Envelope
from localorg.users import User

Arguments = dict[str, Any]

_FAILED = 500
_WRONG = "Invalid username, password, security token; or user locked out."


def login(org: Org, envelope: Envelope, request: Request) -> Arguments:
    """Return a session and what it is good for; INVALID_LOGIN when name, password or token are wrong."""
    username, password = text(envelope.arguments, "username") or "", envelope.arguments.get("password")
    user = org.user_named(username)
    expected = org.password_of(user) if user is not None else None
    if user is None or expected is None or not hmac.compare_digest(str(password).encode(), expected.encode()):
        raise SalesforceError(_FAILED, "INVALID_LOGIN", _WRONG, None)
    if not org.settings.api_enabled:
        raise SalesforceError(_FAILED, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", None)
    version, host = request.path_params["version"], str(request.base_url).rstrip("/")
    return {
        "metadataServerUrl": f"{host}/services/Soap/m/{version}/{org.settings.org_id}",
        "passwordExpired": False,
        "sandbox": False,
        "serverUrl": f"{host}/services/Soap/u/{version}/{org.settings.org_id}",
        "sessionId": org.sessions.issue(user, org.clock.now()),
        "userId": user.id,
        "userInfo": _user_info(org, user),
    }


def _user_info(org: Org, user: User) -> Arguments:
    row = org.transaction(org.human).row("User", user.id) or {}
    return {
        "accessibilityMode": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 26214400,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": org.settings.person_accounts,
        "organizationId": org.settings.org_id,
        "organizationMultiCurrency": False,
        "organizationName": org.settings.org_name,
        "profileId": row.get("ProfileId"),
        "roleId": None,
        "sessionSecondsValid": org.settings.session_seconds,
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user.email,
        "userFullName": user.name,
        "userId": user.id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": user.username,
        "userTimeZone": "GMT",
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


def _about_me(work: Work, _arguments: Arguments) -> Any:
    return _user_info(work.org, work.transaction.user)


def _time(work: Work, _arguments: Arguments) -> Any:
    return {"timestamp": clock.stamp(work.transaction.now)}


def _convert(work: Work, arguments: Arguments) -> Any:
    names = ("leadId", "accountId", "contactId", "convertedStatus", "opportunityName", "ownerId")

    def step(given: Arguments) -> Arguments:
        body: Arguments = {name: text(given, name) for name in names if text(given, name) is not None}
        body |= {"createOpportunity": not flag(given, "doNotCreateOpportunity"), "overwriteLeadSource": flag(given, "overwriteLeadSource")}
        done = lead_conversion.convert(work.transaction, body)
        return {name: done[name] for name in ("accountId", "contactId", "leadId", "opportunityId", "success")}

    return [_attempt(work, each, step) for each in listed(arguments, "leadConverts")]


def _merge(work: Work, arguments: Arguments) -> Any:
    def step(given: Arguments) -> Arguments:
        master = given.get("masterRecord")
        if not isinstance(master, dict):
            raise SalesforceError(_FAILED, "MISSING_ARGUMENT", "masterRecord not specified", None)
        kind = str(master.get("type") or master.get("@type") or "")
        fields = {name: value for name, value in master.items() if name not in {"type", "@type", "Id"}}
        losers = texts(given, "recordToMergeIds")
        body = {"object": kind, "master": text(master, "Id") or "", "losers": losers, "fields": fields}
        done = people_actions.merge(work.transaction, body)
        return {"id": done["id"], "mergedRecordIds": done["merged"], "success": True, "updatedRelatedIds": done["moved"]}

    return [_attempt(work, each, step) for each in listed(arguments, "request")]


def _each_id(restore: Callable[[Work, str], None]) -> Callable[[Work, Arguments], Any]:
    def operation(work: Work, arguments: Arguments) -> Any:
        def step(given: Arguments) -> Arguments:
            record_id = ids.canonical(given["id"])
            if record_id is None:
                raise SalesforceError(_FAILED, "MALFORMED_ID", f"malformed id {given['id']}", None)
            restore(work, record_id)
            return {"id": record_id, "success": True}

        return [_attempt(work, {"id": each}, step) for each in texts(arguments, "ids")]

    return operation


def _attempt(work: Work, given: Arguments, step: Callable[[Arguments], Arguments]) -> Arguments:
    try:
        with work.transaction.attempt():
            return step(given)
    except SalesforceError as error:
        return {"errors": {"fields": list(error.fields or ()), "message": error.message, "statusCode": error.code}, "success": False}
    except (ValueError, KeyError) as problem:
        return {"errors": {"message": str(problem), "statusCode": "INVALID_CROSS_REFERENCE_KEY"}, "success": False}


OPERATIONS: dict[str, Callable[[Work, Arguments], Any]] = {
    "getUserInfo": _about_me,
    "getServerTimestamp": _time,
    "convertLead": _convert,
    "merge": _merge,
    "undelete": _each_id(lambda work, record_id: recycle_bin.undelete(work.transaction, record_id)),
    "emptyRecycleBin": _each_id(lambda work, record_id: recycle_bin.empty(work.transaction, record_id)),
}
