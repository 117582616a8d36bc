"""Deploys and retrieves: a zip of component files ↔ components.

A deploy is carried out at once and reported as pending on the first answer, so that clients poll as they must. Unless told otherwise one
failed component undoes them all.
"""

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from localorg import clock, ids, metadata, soap
from localorg.errors import SalesforceError
from localorg.metadata import DEPLOY_ORDER, FOLDERS, Work
from localorg.metadata_values import Content, flag, listed, text, texts

_SUFFIX_TYPES = {
    "object": "CustomObject",
    "permissionset": "PermissionSet",
    "profile": "Profile",
    "tab": "CustomTab",
    "layout": "Layout",
    "reportType": "ReportType",
    "globalValueSet": "GlobalValueSet",
    "standardValueSet": "StandardValueSet",
}
_SUFFIXES = {type_: suffix for suffix, type_ in _SUFFIX_TYPES.items()}
_NESTED = {"fields": "CustomField", "recordTypes": "RecordType", "validationRules": "ValidationRule"}
_IGNORED = ("actionOverrides", "businessProcesses", "compactLayouts", "fieldSets", "indexes", "listViews", "searchLayouts", "webLinks")
_DESTRUCTIVE = ("destructiveChangesPre.xml", "destructiveChanges.xml", "destructiveChangesPost.xml")
_UNKNOWN = "@unknown"
_LARGEST = 39_000_000
_LARGEST_UNPACKED = 400_000_000


@dataclass(frozen=True, slots=True)
class _Step:
    """One component of a deploy."""

    type: str
    full_name: str
    file: str
    content: Content | None
    """None: the component is to be deleted."""


class _Undo(Exception):  # noqa: N818  # a signal that unwinds the attempt, never an answer
    """Undoes a deploy that failed, or that was a rehearsal."""


def deploy(work: Work, archive: bytes, options: Content) -> str:
    """Carry out a deploy and return its id; what went wrong is in its status."""
    deploy_id = ids.record_id("0Af", work.transaction.next_number("0Af"))
    steps = _steps(archive)
    results: list[Content] = []
    rehearsal, partial = flag(options, "checkOnly"), not flag(options, "rollbackOnError", default=True)
    try:
        with work.org.changing_schema(work.transaction):
            results = [_carry_out(work, each) for each in steps]
            _check(results, rehearsal=rehearsal, partial=partial)
    except _Undo:
        pass
    work.org.deployments[deploy_id] = _finished(work, deploy_id, results, checked_only=rehearsal, partial=partial)
    return deploy_id


def _check(results: list[Content], *, rehearsal: bool, partial: bool) -> None:
    if rehearsal or (not partial and any(not each["success"] for each in results)):
        raise _Undo


def pending(work: Work, deploy_id: str) -> Content:
    """Return what the first answer says of a deploy."""
    return {"id": deploy_id, "status": "Pending", "done": False, "success": False, "createdDate": clock.stamp(work.transaction.now)}


def status(work: Work, deploy_id: str, *, details: bool) -> Content:
    """Return the status of a deploy; INVALID_CROSS_REFERENCE_KEY when there is none of this id."""
    found = work.org.deployments.get(ids.canonical(deploy_id) or "")
    if found is None or "zipFile" in found:
        raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {deploy_id}", None)
    return found if details else {name: value for name, value in found.items() if name != "details"}


def retrieve(work: Work, wanted: Content) -> str:
    """Write the components wanted into a zip and return the id to fetch it by."""
    retrieve_id = ids.record_id("09S", work.transaction.next_number("09S"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        types = ""
        for each in listed(wanted, "types"):
            type_, members = text(each, "name") or "", texts(each, "members")
            names = metadata.kind(type_).names(work) if members == ["*"] else members
            for name in names:
                _write(work, archive, type_, name)
            types += soap.element("types", {"members": names, "name": type_})
        archive.writestr("package.xml", _document("Package", types))
    work.org.deployments[retrieve_id] = {
        "done": True,
        "id": retrieve_id,
        "status": "Succeeded",
        "success": True,
        "zipFile": base64.b64encode(buffer.getvalue()).decode(),
    }
    return retrieve_id


def retrieved(work: Work, retrieve_id: str) -> Content:
    """Return the result of a retrieve; INVALID_CROSS_REFERENCE_KEY when there is none of this id."""
    found = work.org.deployments.get(ids.canonical(retrieve_id) or "")
    if found is None or "zipFile" not in found:
        raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {retrieve_id}", None)
    return found


def _write(work: Work, archive: zipfile.ZipFile, type_: str, name: str) -> None:
    found = metadata.read(work, type_, name)
    if found is None or type_ not in _SUFFIXES:
        return
    content = soap.in_order({key: value for key, value in found.items() if key != "fullName"})
    inner = "".join(soap.element(key, value) for key, value in content.items())
    archive.writestr(f"{FOLDERS[type_]}/{name}.{_SUFFIXES[type_]}", _document(type_, inner))


def _document(root: str, inner: str) -> str:
    space = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{soap.METADATA}" {space}>{inner}</{root}>'


def _steps(archive: bytes) -> list[_Step]:
    files = _files(archive)
    if "package.xml" not in files:
        raise SalesforceError(400, "INVALID_ZIP_FILE", "No package.xml found in the root of the zip", None)
    deletions = [step for name in _DESTRUCTIVE if name in files for step in _deletions(name, files[name])]
    puts = [step for name, content in files.items() for step in _puts(name, content)]
    puts.sort(key=lambda each: (_place(each), _is_detail(each)))
    deletions.sort(key=_place, reverse=True)
    return puts + deletions


def _place(step: _Step) -> int:
    return DEPLOY_ORDER.index(step.type) if step.type in DEPLOY_ORDER else len(DEPLOY_ORDER)


def _is_detail(step: _Step) -> bool:
    return (step.content or {}).get("type") in {"Lookup", "MasterDetail"}


def _files(archive: bytes) -> dict[str, bytes]:
    """Return the files of a zip by path; one folder around everything is taken away."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [each for each in opened.infolist() if not each.is_dir()]
            if len(archive) > _LARGEST or sum(each.file_size for each in entries) > _LARGEST_UNPACKED:
                raise SalesforceError(400, "LIMIT_EXCEEDED", "Maximum size of request reached", None)
            files = {each.filename: opened.read(each) for each in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as problem:
        raise SalesforceError(400, "INVALID_ZIP_FILE", f"The file is no zip: {problem}", None) from problem
    tops = {PurePosixPath(name).parts[0] for name in files if PurePosixPath(name).parts}
    if "package.xml" not in files and len(tops) == 1:
        files = {name.partition("/")[2]: content for name, content in files.items()}
    return files


def _puts(file: str, content: bytes) -> Iterator[_Step]:
    path = PurePosixPath(file)
    if file == "package.xml" or file in _DESTRUCTIVE:
        return
    type_ = _SUFFIX_TYPES.get(path.suffix.removeprefix("."))
    if type_ is None:
        yield _Step("CustomObject", path.stem, file, {_UNKNOWN: path.suffix})
        return
    given = soap.value(soap.parse(content))
    read = given if isinstance(given, dict) else {}
    own = {name: value for name, value in read.items() if name not in _NESTED and name not in _IGNORED}
    yield _Step(type_, path.stem, file, own)
    if type_ == "CustomObject":
        for element, nested in _NESTED.items():
            for each in listed(read, element):
                yield _Step(nested, f"{path.stem}.{text(each, 'fullName')}", file, each)


def _deletions(file: str, content: bytes) -> Iterator[_Step]:
    given = soap.value(soap.parse(content))
    for each in listed(given, "types"):
        for member in texts(each, "members"):
            yield _Step(text(each, "name") or "", member, file, None)


def _carry_out(work: Work, step: _Step) -> Content:
    result: Content = {"changed": True, "created": False, "deleted": step.content is None, "fileName": step.file}
    result |= {"fullName": step.full_name, "componentType": step.type, "success": True}
    try:
        result["created"] = _put(work, step)
    except SalesforceError as error:
        result |= {"changed": False, "success": False, "problem": error.message, "problemType": "Error"}
    return result


def _put(work: Work, step: _Step) -> bool:
    if step.content is None:
        metadata.delete(work, step.type, step.full_name)
        return False
    if _UNKNOWN in step.content:
        message = f"This org does not model files of the kind {step.content[_UNKNOWN] or step.file}"
        raise SalesforceError(400, "INVALID_TYPE", message, ())
    return metadata.upsert(work, step.type, {**step.content, "fullName": step.full_name})[1]


def _finished(work: Work, deploy_id: str, results: list[Content], *, checked_only: bool, partial: bool) -> Content:
    failures = [each for each in results if not each["success"]]
    outcome = "Succeeded" if not failures else "SucceededPartial" if partial and len(failures) < len(results) else "Failed"
    moment = clock.stamp(work.transaction.now)
    return {
        "checkOnly": checked_only,
        "completedDate": moment,
        "createdBy": work.transaction.user.id,
        "createdByName": work.transaction.user.name,
        "createdDate": moment,
        "details": {"componentFailures": failures, "componentSuccesses": [each for each in results if each["success"]]},
        "done": True,
        "id": deploy_id,
        "ignoreWarnings": False,
        "lastModifiedDate": moment,
        "numberComponentErrors": len(failures),
        "numberComponentsDeployed": len(results) - len(failures),
        "numberComponentsTotal": len(results),
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": not partial,
        "runTestsEnabled": False,
        "startDate": moment,
        "status": outcome,
        "success": not failures or outcome == "SucceededPartial",
    }
