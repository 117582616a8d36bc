"""Answers the plan's questions with as few API calls as the platform bears.

Questions about one field of one object share an `IN` list, five lists share a `/composite`. Salesforce answers with records, not with
answers, so each record is joined back by the value it was found by; one that fits no question is an error, because taking it for
"not found" would make a duplicate.
"""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from crosswalk import errors
from crosswalk.model import Answers, Fault, OrgSchema, Question, Record, Recovery
from crosswalk.salesforce import composite, joining, soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.composite import SubReply, Subrequest

MAX_VALUES = 1_000  # so that a page of 2,000 rows holds the answer unless keys have many hits
MAX_PARENTS = 20  # of one list: more would bring many pairs that nobody asked for

BeforeCall = Callable[[], Awaitable[None]]

_MAX_LITERALS_CHARS = soql.MAX_STATEMENT_CHARS - 20_000  # room for the field list
_ALWAYS = ("Id", "CreatedDate", "LastModifiedDate", "LastModifiedById")
_MERGEABLE = frozenset({"account", "contact", "lead", "case"})
_NO_SUCH = frozenset({"INVALID_FIELD", "INVALID_TYPE"})


@dataclass(frozen=True, slots=True)
class _Query:
    """One `IN` list: the questions it answers, with the literal of each.

    Questions within a few different parents share a list, so the answer may hold pairs that nobody asked for.
    """

    statement: soql.Statement
    deleted: bool
    field_type: joining.FieldType
    asked: tuple[tuple[Question, str], ...]

    @property
    def path(self) -> str:
        verb = "queryAll" if self.deleted else "query"
        literals = list(dict.fromkeys(literal for _, literal in self.asked))
        parents = dict.fromkeys(soql.literal(question.within[1]) for question, _ in self.asked if question.within)
        return f"{verb}?q={quote(self.statement.text(literals, list(parents)), safe='')}"

    def halves(self) -> tuple["_Query", "_Query"]:
        middle = len(self.asked) // 2
        return (
            _Query(self.statement, self.deleted, self.field_type, self.asked[:middle]),
            _Query(self.statement, self.deleted, self.field_type, self.asked[middle:]),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers, and for each question that Salesforce does not answer the error that says what to do about it."""

    answers: Answers
    refused: Mapping[Question, errors.CrosswalkError]


async def ask(
    client: Client,
    questions: Sequence[Question],
    fields: Mapping[str, Sequence[str]],
    before_call: BeforeCall,
    schema: OrgSchema | None = None,
    *,
    purpose: Purpose = Purpose.LOOKUP,
) -> Answers:
    """Return the records for every question, none where none match; `before_call` runs before each API call.

    With a schema, values are asked and compared by the type of their field; without one they are text and ids. Raise `FieldUnknownError`
    when the org lacks a field, `LookupUnjoinedError` when an answer fits no question.
    """
    asked = await inquire(client, questions, fields, before_call, schema, purpose=purpose)
    for refusal in asked.refused.values():
        raise refusal
    return asked.answers


async def inquire(
    client: Client,
    questions: Sequence[Question],
    fields: Mapping[str, Sequence[str]],
    before_call: BeforeCall,
    schema: OrgSchema | None = None,
    *,
    purpose: Purpose = Purpose.LOOKUP,
) -> Asked:
    """Do as `ask`, but let a query that is refused, or answered with what fits nothing, stop only its own questions (P10)."""
    found: dict[Question, dict[str, Record]] = {question: {} for question in questions}
    refused: dict[Question, errors.CrosswalkError] = {}
    waiting = deque(_queries(questions, fields, schema))
    while waiting:
        packed = [waiting.popleft() for _ in range(min(len(waiting), composite.MAX_COLLECTIONS))]
        await before_call()
        parts = [Subrequest("GET", client.path(query.path), f"q{number}") for number, query in enumerate(packed)]
        try:
            replies = await client.composite(parts, purpose=purpose)
        except (errors.Replan, errors.HoldDelivery) as refusal:
            refused |= {question: refusal for query in packed for question, _ in query.asked}
            continue
        for query, reply in zip(packed, replies, strict=True):
            if reply.fault and reply.fault.recovery is Recovery.HALVE and len(query.asked) > 1:
                waiting.extend(query.halves())
                continue
            try:
                await _take(client, query, reply, found, before_call, purpose)
            except (errors.Replan, errors.HoldDelivery) as refusal:
                refused |= {question: refusal for question, _ in query.asked}
    answers = {question: tuple(records[key] for key in sorted(records)) for question, records in found.items() if question not in refused}
    return Asked(answers, refused)


def calls_needed(questions: Sequence[Question]) -> int:
    """Return how many API calls the questions cost as long as no answer has more than a page."""
    lists = sum(1 for _ in _queries(questions, {}, None))
    return -(-lists // composite.MAX_COLLECTIONS)


def _queries(questions: Iterable[Question], fields: Mapping[str, Sequence[str]], schema: OrgSchema | None) -> Iterator[_Query]:
    groups: dict[tuple[str, str, str | None, bool], list[Question]] = defaultdict(list)
    for question in dict.fromkeys(questions):
        groups[question.object, question.field, question.within[0] if question.within else None, question.deleted].append(question)
    for (object_name, key, within, deleted), members in groups.items():
        field_type = joining.FieldType.of(schema, object_name, key)
        names = [key, *([within] if within else []), *fields.get(object_name, ())]
        statement = soql.Statement(object_name, _selected(object_name, names, deleted=deleted), key, within)
        members.sort(key=_parent)
        asked = [(question, text) for question in members for text in field_type.literals(question)]
        for part in _lists(asked):
            yield _Query(statement, deleted, field_type, part)


def _parent(question: Question) -> str:
    return question.within[1] if question.within else ""


def _selected(object_name: str, wanted: Sequence[str], *, deleted: bool) -> tuple[str, ...]:
    names = [*_ALWAYS, *wanted]
    if deleted:
        names.append("IsDeleted")
        if object_name.lower() in _MERGEABLE:
            names.append("MasterRecordId")
    return tuple({name.lower(): name for name in reversed(names)}[lower] for lower in dict.fromkeys(name.lower() for name in names))


def _lists(asked: Sequence[tuple[Question, str]]) -> Iterator[tuple[tuple[Question, str], ...]]:
    part: list[tuple[Question, str]] = []
    parents: set[str] = set()
    room = _MAX_LITERALS_CHARS
    for question, text in asked:
        parents.add(_parent(question))
        if part and (len(part) == MAX_VALUES or len(text) + 2 > room or len(parents) > MAX_PARENTS):
            yield tuple(part)
            part, parents, room = [], {_parent(question)}, _MAX_LITERALS_CHARS
        part.append((question, text))
        room -= len(text) + 2
    if part:
        yield tuple(part)


async def _take(
    client: Client, query: _Query, reply: SubReply, found: dict[Question, dict[str, Record]], before_call: BeforeCall, purpose: Purpose
) -> None:
    fault = reply.fault
    if fault:
        raise _failure(client, query, fault, reply, purpose)
    await _collect(client, query, reply.body, found, before_call, purpose)


async def _collect(
    client: Client, query: _Query, page: Any, found: dict[Question, dict[str, Record]], before_call: BeforeCall, purpose: Purpose
) -> None:
    index = joining.Index(query.field_type, (question for question, _ in query.asked))
    while True:
        for row in _rows(client, page, purpose):
            record = Record(query.statement.object, row["Id"], {name: value for name, value in row.items() if name != "attributes"})
            for question in _answered(index, query, record):
                found[question][record.id] = record
        if page.get("done", True):
            return
        await before_call()
        page = (await client.get(page["nextRecordsUrl"], purpose=purpose)).body


def _rows(client: Client, page: Any, purpose: Purpose) -> list[dict[str, Any]]:
    rows = page.get("records") if isinstance(page, Mapping) else None
    if not isinstance(rows, list) or (not page.get("done", True) and not page.get("nextRecordsUrl")):
        raise client.unreadable(purpose, None, "the answer to a query has no records")
    return rows


def _answered(index: joining.Index, query: _Query, record: Record) -> Sequence[Question]:
    within = query.statement.within
    parent = joining.value_at(record.fields, within) if within else None
    questions = index.questions(joining.value_at(record.fields, query.statement.key), parent)
    if questions is None:
        raise errors.LookupUnjoinedError(
            f"Salesforce found {record.object} {record.id} by {query.statement.key}, but its value is none of those asked for; the "
            "field may be masked or rewritten. Choose another match key.",
            object=record.object,
            field=query.statement.key,
            record=record.id,
        )
    return questions


def _failure(client: Client, query: _Query, fault: Fault, reply: SubReply, purpose: Purpose) -> errors.CrosswalkError:
    if fault.code in _NO_SUCH:
        field = fault.fields[0] if fault.fields else ""
        return errors.FieldUnknownError(
            f"{query.statement.object} has no {field or 'such'} field for the connection's user; show it in Salesforce or map another.",
            query.statement.object,
            field,
            salesforce_code=fault.code,
        )
    if fault.recovery is Recovery.HALVE:
        return errors.Replan(fault.sentence, salesforce_code=fault.code)  # a single value, which cannot be made smaller
    return client.refusal(fault, reply.status, purpose)
