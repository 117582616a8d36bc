"""`/query` and `/queryAll`: hands the statement to the SOQL engine and pages the answer."""

import re

from localorg import explain, query_columns
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.soql import answer

_PAGE = 2000
_SMALLEST_PAGE = 200
_OF_LINKS = re.compile(r"^[^(]*\bFROM\s+ContentDocumentLink\b", re.IGNORECASE)
_BY_END = re.compile(r"\bWHERE\b.*\b(?:ContentDocumentId|LinkedEntityId)\s*(?:=|IN\b)", re.IGNORECASE | re.DOTALL)
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def run(call: ApiCall) -> Reply:
    """Answer a statement over the live records, explain it, or tell the columns it has."""
    if "explain" in call.request.query:
        return explain.run(call)
    if call.request.query.get("columns") == "true":
        return query_columns.run(call)
    return _answer(call, include_deleted=False)


def run_all(call: ApiCall) -> Reply:
    """Answer a statement over all records, those in the Recycle Bin included."""
    return _answer(call, include_deleted=True)


def next_page(call: ApiCall) -> Reply:
    """Return a further page."""
    page = call.org.cursors.next_page(call.parts["locator"], call.transaction.now, call.request.root)
    return Reply(200, page, rows=len(page["records"]))


def _answer(call: ApiCall, *, include_deleted: bool) -> Reply:
    text = call.request.query.get("q")
    if text is None:
        raise SalesforceError(400, "MALFORMED_QUERY", "A query string has to be specified", None)
    _check_restricted(text)
    transaction = call.transaction
    found = answer.run(
        transaction.connection,
        transaction.schema,
        text,
        include_deleted=include_deleted,
        now=transaction.now,
        base_path=call.request.root,
    )
    page = call.org.cursors.first_page(found.records, found.total_size, _page_size(call), transaction.now, call.request.root)
    return Reply(200, page, rows=len(page["records"]))


def _check_restricted(text: str) -> None:
    """Refuse what Salesforce does not search: all links of all documents."""
    if _OF_LINKS.search(text) and not _BY_END.search(text):
        message = (
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId "
            "using the equals operator or multiple Id's using the IN operator."
        )
        raise SalesforceError(400, "MALFORMED_QUERY", message, None)


def _page_size(call: ApiCall) -> int:
    wanted = _BATCH_SIZE.search(call.request.headers.get("sforce-query-options", ""))
    return min(_PAGE, max(_SMALLEST_PAGE, int(wanted[1]))) if wanted else _PAGE
