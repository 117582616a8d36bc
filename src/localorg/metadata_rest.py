"""`/metadata/deployRequest`: deploys over REST."""

import json

from localorg import deployments, form_parts, permissions
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.requests import Reply


def deploy(call: ApiCall) -> Reply:
    """Carry out a deploy: 201 with its id and the status of one that has not begun; administrators only."""
    if not permissions.is_administrator(call.transaction.connection, call.transaction.user):
        raise SalesforceError(403, "INSUFFICIENT_ACCESS", permissions.NO_METADATA, None)
    parts = form_parts.read(call.request)
    archive = parts.get("file")
    if archive is None:
        raise SalesforceError(400, "MISSING_ARGUMENT", "The multipart body needs a part named file with the zip", None)
    given = parts.get("json") or parts.get("entity_content") or form_parts.Part(b"{}")
    try:
        body = json.loads(given.content or b"{}")
    except ValueError as problem:
        raise SalesforceError(400, "JSON_PARSER_ERROR", f"The part named json cannot be read: {problem}", None) from problem
    options = body.get("deployOptions") if isinstance(body, dict) else None
    work = Work(call.org, call.transaction)
    deploy_id = deployments.deploy(work, archive.content, options if isinstance(options, dict) else {})
    answer = {"id": deploy_id, "deployResult": deployments.pending(work, deploy_id)}
    return Reply(201, answer)


def status(call: ApiCall) -> Reply:
    """Return the status of a deploy, with every component when `includeDetails` asks for them."""
    details = call.request.query.get("includeDetails", "false").lower() == "true"
    result = deployments.status(Work(call.org, call.transaction), call.parts["id"], details=details)
    return Reply(200, {"id": result["id"], "deployResult": result})
