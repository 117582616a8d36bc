"""What happens around every SOAP call: version, session, allowance, the transaction, the account.

The same three services as Salesforce: partner (`u`), enterprise (`c`) and metadata (`m`). Answers to what goes wrong are faults with
status 500. Faults on order do not reach SOAP calls, and neither does the org's latency.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from localorg import clock, metadata_soap, permissions, requests, soap, soap_partner
from localorg.calls import CallRecord
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.org import Org
from localorg.rules import members
from localorg.soap import Envelope
from localorg.users import User

_NAMESPACES = {"u": soap.PARTNER, "c": soap.ENTERPRISE, "m": soap.METADATA}
_XML = "text/xml;charset=UTF-8"
_FAILED = 500


async def answer(org: Org, request: Request) -> Response:
    """Answer one SOAP call."""
    service = request.path_params["service"].lower()
    namespace = _NAMESPACES.get(service)
    if namespace is None:
        return Response(status_code=404)
    body = await request.body()
    request_id, operation, status = requests.request_id(), "unknown", 200
    try:
        envelope = soap.read(body)
        operation = envelope.operation
        text = _run(org, service, envelope, request, request_id)
    except SalesforceError as error:
        status = _FAILED
        text = soap.fault(namespace, error, "LoginFault" if operation == "login" else "UnexpectedErrorFault")
    now = org.clock.now()
    record = CallRecord(
        "POST", request.url.path, f"soap:{service}:{operation}", 0, status, clock.stamp(now), request_id, org.calls.used(now)
    )
    org.calls.record(record)
    return Response(text, status, media_type=_XML)


def _run(org: Org, service: str, envelope: Envelope, request: Request, request_id: str) -> str:
    _check_version(org, request.path_params["version"])
    namespace = _NAMESPACES[service]
    if service != "m" and envelope.operation == "login":
        return soap.answer(namespace, "login", soap_partner.login(org, envelope, request))
    user = org.sessions.user_of(envelope.session_id, org.clock.now())
    if user is None:
        text = "Invalid Session ID found in SessionHeader: Illegal Session"
        raise SalesforceError(_FAILED, "INVALID_SESSION_ID", text, None)
    if org.calls.used(org.clock.now()) >= org.settings.api_limit:
        raise SalesforceError(_FAILED, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", None)
    org.calls.count(org.clock.now())
    if service == "m" and not permissions.is_administrator(org.connection, user):
        raise SalesforceError(_FAILED, "INSUFFICIENT_ACCESS", permissions.NO_METADATA, None)
    operation: Callable[[Work, dict[str, Any]], Any] | None
    operation = metadata_soap.OPERATIONS.get(envelope.operation) if service == "m" else soap_partner.OPERATIONS.get(envelope.operation)
    if envelope.operation == "logout":
        org.sessions.expire(envelope.session_id)
        return soap.answer(namespace, "logout", None)
    if operation is None:
        text = f"No operation available for request {{{namespace}}}{envelope.operation}"
        raise SalesforceError(_FAILED, "UNKNOWN_EXCEPTION", text, None)
    return soap.answer(namespace, envelope.operation, _transact(org, user, request_id, operation, envelope.arguments))


def _transact(org: Org, user: User, request_id: str, operation: Callable[[Work, dict[str, Any]], Any], arguments: dict[str, Any]) -> Any:
    version, transaction = org.schema.version, org.transaction(user, request_id)
    org.connection.execute("BEGIN")
    try:
        results = operation(Work(org, transaction), arguments)
        members.count_members(transaction)
        org.connection.execute("COMMIT")
    except BaseException:
        org.connection.execute("ROLLBACK")
        org.forget_schema_since(version)
        raise
    org.remember_writes(transaction)
    return results


def _check_version(org: Org, text: str) -> None:
    number = text.partition(".")[0]
    if not number.isdecimal() or int(number) not in org.settings.versions:
        raise SalesforceError(_FAILED, "UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {text}", None)
