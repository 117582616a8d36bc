"""Which existing record a refused insert means: the holder of its unique key, or one that a duplicate rule of the org found.

What a rule found is used only where the connection says so and only when it matches one of our match keys as well: rules are fuzzy, and a
namesake at the same company is another person.
"""

from collections.abc import Mapping, Sequence

from crosswalk.errors import RetryLater
from crosswalk.mapping import keys
from crosswalk.model import Change, Draft, Link, OnDuplicateRule, OnDuplicates, OrgSchema, Question, Record, RowResult
from crosswalk.plan import match
from crosswalk.reasons import Reason
from crosswalk.salesforce import lookup
from crosswalk.turn.context import Turn

_BY_PREFIX = {"001": "Account", "003": "Contact", "00Q": "Lead"}  # the objects whose rules look into each other


def allowed(turn: Turn) -> bool:
    """Tell whether the connection saves records that a duplicate rule warns of."""
    return _choice(turn) is OnDuplicateRule.ALLOW


async def holders(turn: Turn, refused: Sequence[Change]) -> dict[str, Link]:
    """Ask for the records whose unique key refused an insert, when the message hid their ids; by change id.

    The recycle bin is asked too: a deleted record may block its key.
    """
    key_field = turn.org.connection.key_field
    asked = {
        change.id: Question(change.object, key_field, str(change.fields[key_field]), deleted=True)
        for change in refused
        if key_field and key_field in change.fields
    }
    if not asked:
        return {}
    try:
        answers = (
            await lookup.inquire(turn.org.client, list(asked.values()), {change.object: () for change in refused}, turn.spend)
        ).answers
    except RetryLater:
        return {}
    found = {
        change_id: sorted(answers.get(question, ()), key=lambda record: bool(record.fields.get("IsDeleted")))
        for change_id, question in asked.items()
    }
    return {change_id: _link(records[0]) for change_id, records in found.items() if records}


async def recognised(turn: Turn, drafts: Mapping[str, Draft], results: Sequence[RowResult]) -> dict[str, Link]:
    """Return the record to use in place of each insert that a duplicate rule refused, by change id; raise `RetryLater` for want of calls.

    Nothing is returned for an insert whose answer lists no records, or only records that match none of the draft's keys.
    """
    if _choice(turn) is not OnDuplicateRule.USE:
        return {}
    asked = {
        one.change_id: [
            Question(_BY_PREFIX.get(found[:3], drafts[one.change_id].targets[0].object), "Id", found) for found in one.fault.matches
        ]
        for one in results
        if one.fault and one.fault.reason is Reason.DUPLICATE_RULE and one.fault.matches
    }
    if not asked:
        return {}
    wanted = {question.object for several in asked.values() for question in several}
    schema = await turn.org.describe.schema(wanted)
    names = {key.field for change_id in asked for target in drafts[change_id].targets for key in target.keys}
    fields = {name: tuple(sorted(field for field in names if schema.field(name, field))) for name in wanted}
    questions = list(dict.fromkeys(question for several in asked.values() for question in several))
    answers = (await lookup.inquire(turn.org.client, questions, fields, turn.spend, schema)).answers
    chosen: dict[str, Link] = {}
    for change_id, several in asked.items():
        records = [record for question in several for record in answers.get(question, ())]
        if record := _matching(drafts[change_id], records, schema):
            chosen[change_id] = _link(record)
    return chosen


def _matching(draft: Draft, records: Sequence[Record], schema: OrgSchema) -> Record | None:
    """Return the record that the strongest matching key leads to; none where several do and duplicates are held."""
    for field, value in dict.fromkeys((key.field, key.value) for target in draft.targets for key in target.keys):
        hits = [record for record in records if _may_be(draft, record) and _holds(record, field, value, schema)]
        if len(hits) > 1 and draft.on_duplicates is OnDuplicates.HOLD:
            return None
        if hits:
            return match.pick(hits, draft.on_duplicates)
    return None


def _may_be(draft: Draft, record: Record) -> bool:
    objects = {target.object.lower() for target in draft.targets}
    return record.object.lower() in (objects | keys.PERSON_OBJECTS if objects & keys.PERSON_OBJECTS else objects)


def _holds(record: Record, field: str, value: str, schema: OrgSchema) -> bool:
    described = schema.field(record.object, field)
    return described is not None and keys.normalised(described, record.fields.get(described.name)) == value


def _choice(turn: Turn) -> OnDuplicateRule:
    return OnDuplicateRule(turn.org.connection.settings.get("duplicates", OnDuplicateRule.HOLD))


def _link(record: Record) -> Link:
    return Link(record.object, record.id, "matched")
