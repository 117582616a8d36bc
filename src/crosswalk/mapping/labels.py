"""The texts that a mapping may give to the Status of Campaign Members: a campaign has to know each of them before it is sent."""

from crosswalk.mapping.document import Document, FieldRow, ValueEntry

_MEMBER, _STATUS = "campaignmember", "status"


def written(document: Document) -> tuple[str, ...]:
    """Return the texts in the order of the mapping, each once; texts that only events know are not among them."""
    rows = [
        row
        for step in document.steps
        if (step.object or "").lower() == _MEMBER
        for row in step.rows
        if isinstance(row, FieldRow) and row.field.lower() == _STATUS
    ]
    found: dict[str, str] = {}
    for row in rows:
        fixed = [row.entry.value] if isinstance(row.entry, ValueEntry) else []
        for text in (*(row.values or {}).values(), *fixed):
            found.setdefault(str(text).casefold(), str(text))
    return tuple(found.values())
