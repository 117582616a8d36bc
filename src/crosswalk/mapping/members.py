"""The ids of campaign and person on a Campaign Member, as Kaltura's own integration wants them.

Where an org requires that field, members added by any other tool are refused without it, so every step that makes members fills it there
(KA-10), unless it has a row of its own for it. Where the field is not required, only mappings that name it write it.
"""

from crosswalk.mapping.document import FieldRow, JoinEntry, Row, Step
from crosswalk.model import CAMPAIGN, ObjectType

FIELD = "external_id__c"
_LONGEST = 37  # two ids of 18 characters and what joins them


def rows_with_ids(step: Step, target: ObjectType) -> tuple[Row, ...]:
    """Return the rows of a step, with one for the ids where the org requires them and no row fills them."""
    found = target.field(FIELD)
    if not step.campaign or not step.parent or found is None or not found.required:
        return step.rows
    is_filled = any(isinstance(row, FieldRow) and row.field.lower() == FIELD for row in step.rows)
    if is_filled or found.type != "string" or found.length < _LONGEST:
        return step.rows
    return (*step.rows, FieldRow(field=found.name, entry=JoinEntry(join=(CAMPAIGN, step.parent))))
