"""Files: a version makes its document, or becomes the latest of one; a document is shared by links; attachments know their size.

The content itself is kept beside the records; what a version says of it (size, checksum, kind) is derived here.
"""

import hashlib
from pathlib import PurePosixPath

from localorg import ids, integrity
from localorg.errors import SalesforceError
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row, Transaction

_LARGEST_ATTACHMENT = 25 * 1024 * 1024


class ContentVersionRule(Rule):
    """The habits of ContentVersion."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Derive title, kind, size and checksum; refuse a version of nothing."""
        path, content = row.get("PathOnClient"), context.blobs.get("VersionData")
        if path is None and row.get("ContentUrl") is None:
            _missing("PathOnClient")
        if path is not None and content is None:
            _missing("VersionData")
        name = PurePosixPath(str(path or row.get("ContentUrl")).replace("\\", "/")).name
        extension = PurePosixPath(name).suffix.removeprefix(".").lower() or None
        row["Title"] = row.get("Title") or PurePosixPath(name).stem or name
        row |= {"FileExtension": extension, "FileType": (extension or "UNKNOWN").upper()[:20] if path else "LINK"}
        row |= {"ContentSize": len(content or b""), "Checksum": hashlib.md5(content or b"").hexdigest()}  # noqa: S324  # as Salesforce does
        row |= {"IsLatest": 1, "PublishStatus": "P", "ContentLocation": row.get("ContentLocation") or "S"}
        row |= {"ContentModifiedDate": context.transaction.stamp, "ContentModifiedById": context.transaction.user.id}

    def check_insert(self, context: Context, row: Row) -> None:
        """Make the document, or take the place of its latest version."""
        transaction = context.transaction
        document_id = row.get("ContentDocumentId")
        if document_id is None:
            row |= {"ContentDocumentId": _new_document(transaction, row), "VersionNumber": "1"}
            return
        if row.get("FirstPublishLocationId"):
            text = "FirstPublishLocationId cannot be given for a new version of a document"
            raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", text, ("FirstPublishLocationId",))
        versions = transaction.all('SELECT * FROM "ContentVersion" WHERE "ContentDocumentId" = ?', document_id)
        row["VersionNumber"] = str(len(versions) + 1)
        for each in versions:
            transaction.update(context.object_type, each, {"IsLatest": 0})
        document_type = transaction.full_schema.object("ContentDocument")
        document = transaction.row("ContentDocument", document_id)
        if document_type is not None and document is not None:
            transaction.update(document_type, document, {**_of_document(row), **transaction.audit()})

    def after_insert(self, context: Context, row: Row) -> None:
        """Share a new document with its owner and with the record it was published to."""
        if row["VersionNumber"] == "1":
            _link(context.transaction, row["ContentDocumentId"], row["OwnerId"], "I")
            if row.get("FirstPublishLocationId"):
                _link(context.transaction, row["ContentDocumentId"], row["FirstPublishLocationId"], "V")


class ContentDocumentLinkRule(Rule):
    """The habits of ContentDocumentLink."""

    def before_insert(self, _context: Context, row: Row) -> None:
        """Share for viewing and with all users unless told otherwise."""
        row["ShareType"] = row.get("ShareType") or "V"
        row["Visibility"] = row.get("Visibility") or "AllUsers"

    def check_insert(self, context: Context, row: Row) -> None:
        """Refuse to share a document with the same record twice."""
        sql = 'SELECT "Id" FROM "ContentDocumentLink" WHERE "ContentDocumentId" = ? AND "LinkedEntityId" = ? AND "IsDeleted" = 0'
        other = context.transaction.first(sql, row["ContentDocumentId"], row["LinkedEntityId"])
        if other is not None:
            raise integrity.duplicate_value(context.transaction, "LinkedEntityId", other["Id"])


class AttachmentRule(Rule):
    """The habits of Attachment."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Measure the body; refuse one that is missing or too large."""
        content = context.blobs.get("Body")
        if content is None:
            _missing("Body")
        if len(content or b"") > _LARGEST_ATTACHMENT:
            raise SalesforceError(400, "STRING_TOO_LONG", f"Body: data value too large (max length={_LARGEST_ATTACHMENT})", ("Body",))
        row["BodyLength"] = len(content or b"")

    def before_update(self, context: Context, _old: Row, changes: Row) -> None:
        """Measure a new body."""
        if "Body" in context.blobs:
            changes["BodyLength"] = len(context.blobs["Body"])


def _new_document(transaction: Transaction, version: Row) -> str:
    document_type = transaction.full_schema.object("ContentDocument")
    document_id = ids.record_id("069", transaction.next_number("069"))
    if document_type is not None:
        created = {"CreatedDate": transaction.stamp, "CreatedById": transaction.user.id, "OwnerId": version["OwnerId"]}
        row = {**document_type.defaults, "Id": document_id, **_of_document(version), **created, **transaction.audit()}
        transaction.insert(document_type, {**row, "PublishStatus": "P"})
    return document_id


def _of_document(version: Row) -> Row:
    copied = {
        name: version.get(name) for name in ("Title", "Description", "ContentSize", "FileType", "FileExtension", "ContentModifiedDate")
    }
    return copied | {"LatestPublishedVersionId": version["Id"]}


def _link(transaction: Transaction, document_id: str, record_id: str, share_type: str) -> None:
    link_type = transaction.full_schema.object("ContentDocumentLink")
    if link_type is not None:
        row = {"Id": ids.record_id("06A", transaction.next_number("06A")), "ContentDocumentId": document_id, "LinkedEntityId": record_id}
        row |= {"ShareType": share_type, "Visibility": "AllUsers", "SystemModstamp": transaction.stamp}
        transaction.insert(link_type, {**link_type.defaults, **row})


def _missing(name: str) -> None:
    raise SalesforceError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", (name,))
