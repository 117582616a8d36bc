"""The operations of the Metadata API over SOAP: an operation's arguments → its results, inside one transaction."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from localorg import deployments, metadata, soap
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.metadata_values import flag, listed, text, texts

Arguments = dict[str, Any]
Operation = Callable[[Work, Arguments], Any]

_MOST_COMPONENTS = 10
_SUFFIXES = {
    "CustomObject": "object",
    "CustomTab": "tab",
    "GlobalValueSet": "globalValueSet",
    "Layout": "layout",
    "PermissionSet": "permissionset",
    "Profile": "profile",
    "ReportType": "reportType",
    "StandardValueSet": "standardValueSet",
}
_CHILDREN = ("CustomField", "RecordType", "ValidationRule")


def _each(arguments: Arguments, step: Callable[[str, Arguments], Arguments]) -> list[Arguments]:
    given = listed(arguments, "metadata")
    _check_number(len(given))
    return [_result(each, step) for each in given]


def _result(content: Arguments, step: Callable[[str, Arguments], Arguments]) -> Arguments:
    type_ = str(content.get("@type") or "")
    try:
        return step(type_, content)
    except SalesforceError as error:
        return _failure(error, text(content, "fullName") or "")


def _failure(error: SalesforceError, full_name: str) -> Arguments:
    fields = list(error.fields or ())
    errors: Arguments = {**({"fields": fields} if fields else {}), "message": error.message, "statusCode": error.code}
    return {"errors": errors, "fullName": full_name, "success": False}


def _create(work: Work, arguments: Arguments) -> Any:
    return _each(arguments, lambda type_, content: {"fullName": metadata.create(work, type_, content), "success": True})


def _update(work: Work, arguments: Arguments) -> Any:
    return _each(arguments, lambda type_, content: {"fullName": metadata.update(work, type_, content), "success": True})


def _upsert(work: Work, arguments: Arguments) -> Any:
    def step(type_: str, content: Arguments) -> Arguments:
        full_name, created = metadata.upsert(work, type_, content)
        return {"created": created, "fullName": full_name, "success": True}

    return _each(arguments, step)


def _delete(work: Work, arguments: Arguments) -> Any:
    names = texts(arguments, "fullNames")
    _check_number(len(names))
    type_, results = text(arguments, "type") or "", []
    for name in names:
        try:
            metadata.delete(work, type_, name)
            results.append({"fullName": name, "success": True})
        except SalesforceError as error:
            results.append(_failure(error, name))
    return results


def _read(work: Work, arguments: Arguments) -> Any:
    names = texts(arguments, "fullNames")
    _check_number(len(names))
    type_ = text(arguments, "type") or ""
    found = [metadata.read(work, type_, each) for each in names]
    return {"records": [{"@type": type_, **soap.in_order(each)} if each is not None else None for each in found]}


def _list(work: Work, arguments: Arguments) -> Any:
    found = []
    for query in listed(arguments, "queries"):
        type_ = text(query, "type") or ""
        found += [metadata.properties(work, type_, name) for name in metadata.kind(type_).names(work)]
    return found or None


def _describe(_work: Work, _arguments: Arguments) -> Any:
    objects = []
    for type_, suffix in sorted(_SUFFIXES.items()):
        children = {"childXmlNames": list(_CHILDREN)} if type_ == "CustomObject" else {}
        place = {"directoryName": metadata.FOLDERS[type_], "inFolder": False, "metaFile": False, "suffix": suffix, "xmlName": type_}
        objects.append({**children, **place})
    return {"metadataObjects": objects, "organizationNamespace": "", "partialSaveAllowed": True, "testRequired": False}


def _deploy(work: Work, arguments: Arguments) -> Any:
    options = arguments.get("DeployOptions")
    try:
        archive = base64.b64decode(text(arguments, "ZipFile") or "", validate=True)
    except (binascii.Error, ValueError):
        raise SalesforceError(500, "INVALID_ZIP_FILE", "ZipFile is no base64 text", None) from None
    started = deployments.deploy(work, archive, options if isinstance(options, dict) else {})
    return {"done": False, "id": started, "state": "Queued"}


def _check_deploy(work: Work, arguments: Arguments) -> Any:
    return deployments.status(work, text(arguments, "asyncProcessId") or "", details=flag(arguments, "includeDetails"))


def _retrieve(work: Work, arguments: Arguments) -> Any:
    request = arguments.get("retrieveRequest")
    wanted = request.get("unpackaged") if isinstance(request, dict) else None
    return {"done": False, "id": deployments.retrieve(work, wanted if isinstance(wanted, dict) else {}), "state": "Queued"}


def _check_retrieve(work: Work, arguments: Arguments) -> Any:
    return deployments.retrieved(work, text(arguments, "asyncProcessId") or "")


OPERATIONS: dict[str, Operation] = {
    "createMetadata": _create,
    "updateMetadata": _update,
    "upsertMetadata": _upsert,
    "deleteMetadata": _delete,
    "readMetadata": _read,
    "listMetadata": _list,
    "describeMetadata": _describe,
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy,
    "retrieve": _retrieve,
    "checkRetrieveStatus": _check_retrieve,
}


def _check_number(number: int) -> None:
    if number > _MOST_COMPONENTS:
        message = f"LIMIT_EXCEEDED: the call holds {number} components; at most {_MOST_COMPONENTS} are allowed"
        raise SalesforceError(500, "LIMIT_EXCEEDED", message, None)
