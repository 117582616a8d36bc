"""Every refusal this org can give, as one exception that knows its HTTP status and the JSON array a client receives.

A single request answers with `rows()` (key `errorCode`), a row of a collection with `row_entries()` (key `statusCode`): Salesforce really
does spell the same fact in two ways. Not frozen: a context manager that lets it pass writes its traceback.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class SalesforceError(Exception):
    """A refusal in Salesforce's form; `more` holds further errors of the same request, `details` extra keys of the first."""

    status: int
    code: str
    message: str
    fields: tuple[str, ...] | None = ()
    more: tuple["SalesforceError", ...] = ()
    details: tuple[tuple[str, Any], ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Return the body of a single request that failed; `fields` is present on writes only (None leaves it out)."""
        return [error.entry() for error in (self, *self.more)]

    def entry(self) -> dict[str, Any]:
        """Return one element of that body."""
        body: dict[str, Any] = {**dict(self.details), "message": self.message, "errorCode": self.code}
        if self.fields is not None:
            body["fields"] = list(self.fields)
        return body

    def row_entries(self) -> list[dict[str, Any]]:
        """Return the `errors` of one row of a collection."""
        return [error.row_entry() for error in (self, *self.more)]

    def row_entry(self) -> dict[str, Any]:
        """Return one element of them; what a single request misspells is spelled right here."""
        details = {"duplicateResult" if name == "duplicateResut" else name: value for name, value in self.details}
        return {**details, "statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"
