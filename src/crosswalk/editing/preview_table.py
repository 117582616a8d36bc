"""A preview as a table to take along: a line for each field of each record, and one for each record without any."""

import csv
import io
from collections.abc import Iterator

from crosswalk.editing.previews import Previewed, PreviewedRecord

HEADING = ("person", "object", "record", "action", "field", "now", "after", "why")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(shown: Previewed) -> str:
    """Return the records of a preview as comma-separated text."""
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(HEADING)
    table.writerows([_inert(cell) for cell in line] for record in shown.records for line in _lines(record))
    return stream.getvalue()


def _lines(record: PreviewedRecord) -> Iterator[tuple[str, ...]]:
    about = (record.person, record.object, record.record_id)
    for field in record.fields:
        yield (*about, record.action, field.name, field.before, field.after, field.why)
    for field in record.left:
        yield (*about, "left alone", field.name, "", field.after, field.why)
    if not record.fields and not record.left:
        yield (*about, record.action, "", "", "", record.sentence)


def _inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not calculate: what people enter in forms is not ours to be run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
