"""The org as a run would leave it, step by step, while a rehearsal writes nothing.

What one turn of a run writes, its next one finds. So decisions are kept here as if they had been carried out: new records under stand-in
ids, changed fields, what we would remember of them, and where their keys would lead. What Salesforce itself puts into a new record is
not known before, so fields that nobody wants are taken for empty.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from crosswalk.model import Answers, Decision, FieldState, Link, Operation, OrgSchema, Question, Record, RecordState
from crosswalk.plan import match
from crosswalk.salesforce import joining

STAND_IN = "new:"


@dataclass(slots=True)
class Imagined:
    """What has been decided so far, as if it were done."""

    _made: dict[str, Record] = field(default_factory=dict)
    _changed: defaultdict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    _considered: defaultdict[str, dict[str, FieldState]] = field(default_factory=lambda: defaultdict(dict))
    _leads_to: dict[str, Link] = field(default_factory=dict)

    def carry_out(self, decision: Decision) -> str | None:
        """Keep a decision as done and return the id of its record: a stand-in for a new one, none where it ends without a record."""
        change, record_id = decision.change, decision.record_id
        if change and change.operation is Operation.INSERT:
            record_id = STAND_IN + change.id
            self._made[record_id] = Record(change.object, record_id, change.fields)
            if change.object == "Account" and change.fields.get("LastName"):  # Salesforce makes the contact of a person account itself
                twin = f"{record_id}-contact"
                self._made[twin] = Record("Contact", twin, {"AccountId": record_id, "IsPersonAccount": True})
        elif change and record_id:
            self._changed[record_id] |= change.fields
        if record_id:
            self._considered[record_id] |= decision.considered
            self._leads_to |= {claim: Link(decision.object or "", record_id, "created") for claim in decision.draft.claims}
        return record_id

    def answers(self, questions: Iterable[Question], real: Answers, schema: OrgSchema, fields: Mapping[str, Sequence[str]]) -> Answers:
        """Return the answers to the questions: what the org said, as it would be by now, and the records made since."""
        found = {question: [self._as_changed(record) for record in real.get(question, ())] for question in questions}
        for question, record in self._hits(found, schema):
            found[question].append(_read(record, schema, fields))
        return {question: tuple(records) for question, records in found.items()}

    def _as_changed(self, record: Record) -> Record:
        changed = self._changed.get(record.id)
        return structs.replace(record, fields={**record.fields, **changed}) if changed else record

    def _hits(self, questions: Iterable[Question], schema: OrgSchema) -> Iterator[tuple[Question, Record]]:
        if not self._made:
            return
        alike: defaultdict[tuple[str, str, str | None], list[Question]] = defaultdict(list)
        for question in questions:
            alike[question.object, question.field, question.within[0] if question.within else None].append(question)
        for (object_name, name, within), asked in alike.items():
            index = joining.Index(joining.FieldType.of(schema, object_name, name), asked)
            for record in self._made.values():
                if record.object == object_name:
                    value = record.id if name == "Id" else joining.value_at(record.fields, name)
                    parent = joining.value_at(record.fields, within) if within else None
                    yield from ((question, record) for question in index.questions(value, parent) or ())

    def links(self, known: match.Links, claims: Iterable[str]) -> match.Links:
        """Return where the claims lead by now."""
        added = {claim: [self._leads_to[claim]] for claim in claims if claim in self._leads_to and not known.get(claim)}
        return {**known, **added}

    def states(self, known: Mapping[str, RecordState], answers: Answers) -> dict[str, RecordState]:
        """Return what we would remember of the records by now."""
        states = dict(known)
        for record in (record for records in answers.values() for record in records):
            if considered := self._considered.get(record.id):
                before = known.get(record.id) or RecordState(record.id, record.object)
                states[record.id] = structs.replace(before, fields={**before.fields, **considered})
        return states


def is_stand_in(question: Question) -> bool:
    """Whether a question is about a record that is not there yet, so that the org need not be asked."""
    return question.value.startswith(STAND_IN) or bool(question.within and question.within[1].startswith(STAND_IN))


def _read(record: Record, schema: OrgSchema, fields: Mapping[str, Sequence[str]]) -> Record:
    """Return a new record as a look-up would bring it, with every field that was asked for."""
    described = {name: schema.field(record.object, name) for name in fields.get(record.object, ())}
    empty = {name: False if found and found.type == "boolean" else None for name, found in described.items()}
    return structs.replace(record, fields={**empty, **record.fields, "Id": record.id})
