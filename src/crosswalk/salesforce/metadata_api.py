"""The org's definitions through the Metadata API: read what is there whatever the user may see, deploy a package, ask how it went.

Everything is changed by deploying, because a deploy is all or nothing and putting the same thing twice is putting it once: whoever was cut
off does it again. Only organisations whose user may change metadata let us in at all.
"""

import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk import errors
from crosswalk.model import Fault, Recovery
from crosswalk.salesforce import xml_text
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.xml_text import Content
from crosswalk.store import statements

BeforeCall = Callable[[], Awaitable[None]]

NOT_ALLOWED = (
    "The connection's user may not read or change the org's definitions; grant it \"Modify Metadata Through Metadata API Functions\", "
    "log in as an administrator, or let an administrator deploy the files of `crosswalk provision --sfdx DIR`."
)
_SERVICE = "m"
_MOST = 10  # components a call may name
_NO_ACCESS = "INSUFFICIENT_ACCESS"
_OPTIONS = {  # in the order the WSDL demands
    "allowMissingFiles": False,
    "autoUpdatePackage": False,
    "checkOnly": False,
    "ignoreWarnings": True,
    "performRetrieve": False,
    "purgeOnDelete": False,
    "rollbackOnError": True,
    "singlePackage": True,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A component that a deploy could not put, in Salesforce's words."""

    type: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class Deploy:
    """How far a deploy has come; it put everything or nothing."""

    done: bool
    succeeded: bool
    failures: tuple[Failure, ...]


class MetadataApi:
    """The Metadata API of one org; `before_call` runs before each call."""

    def __init__(self, client: Client, before_call: BeforeCall) -> None:
        self._client = client
        self._before_call = before_call

    async def read(self, type_: str, names: Iterable[str]) -> Mapping[str, Content]:
        """Return the definitions of the components that exist, by the name asked for."""
        found: dict[str, Content] = {}
        for part in statements.chunks(list(names), _MOST):
            wanted = {"type": type_, "fullNames": list(part)}
            answer = await self._call("readMetadata", wanted, Purpose.DESCRIBE)
            known = {str(each.get("fullName", "")).lower(): each for each in xml_text.listed(answer, "records")}
            found |= {name: known[name.lower()] for name in part if name.lower() in known}
        return found

    async def deploy(self, package: bytes) -> str:
        """Begin to put the components of a package, all or none, and return the id to ask by; raises `ReplyLost` when nobody knows."""
        wanted = {"ZipFile": base64.b64encode(package).decode(), "DeployOptions": _OPTIONS}
        return str((await self._call("deploy", wanted, Purpose.PROVISION)).get("id", ""))

    async def status(self, deploy_id: str) -> Deploy:
        """Return how far a deploy has come."""
        wanted = {"asyncProcessId": deploy_id, "includeDetails": True}
        answer = await self._call("checkDeployStatus", wanted, Purpose.CHECK)
        failures = [
            Failure(str(each.get("componentType", "")), str(each.get("fullName", "")), str(each.get("problem", "")))
            for each in xml_text.listed(answer.get("details"), "componentFailures")
        ]
        return Deploy(answer.get("done") == "true", answer.get("success") == "true", tuple(failures))

    async def _call(self, operation: str, arguments: Mapping[str, Any], purpose: Purpose) -> Content:
        await self._before_call()
        body = f'<{operation} xmlns="{xml_text.METADATA}">{xml_text.elements(arguments)}</{operation}>'
        try:
            reply = await self._client.soap(_SERVICE, body, purpose=purpose)
        except errors.PauseConnection as error:
            if error.facts.get("salesforce_code") != _NO_ACCESS:
                raise
            raise errors.SalesforceRefusedError(NOT_ALLOWED, Fault(_NO_ACCESS, Recovery.HOLD, NOT_ALLOWED)) from error
        try:
            answer = xml_text.read(reply.body)["Body"][f"{operation}Response"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._client.unreadable(purpose, reply.status, "the answer is no SOAP envelope") from error
        result = answer.get("result") if isinstance(answer, dict) else None
        return result if isinstance(result, dict) else {}
