"""What the editor asks Salesforce while somebody types: records by name, an auto-match tried out, and objects to map.

Every question costs an API call and is counted as interactive work. Names are checked and values escaped by `soql`; what the connection's
user may not see is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from crosswalk.editing.desk import Desk
from crosswalk.errors import ConfigurationError, CrosswalkError, RequestRefused
from crosswalk.mapping.document import AutoMatchEntry, FieldRow
from crosswalk.mapping.rows import Makings
from crosswalk.mapping.trial import Sends, trial
from crosswalk.model import AutoMatch, Event, Field, ObjectType, Priority, Question
from crosswalk.salesforce import lookup, soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.turn.context import Org

_MOST = 10
_SHORTEST = 2
_NAMES = {"Case": "CaseNumber", "Task": "Subject", "Event": "Subject", "Contract": "ContractNumber", "Solution": "SolutionName"}


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """One record by its name."""

    id: str
    name: str
    object: str


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """One object a step may write."""

    name: str
    label: str
    custom: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """What an auto-match would find for one event, and the API calls asking cost."""

    sentence: str
    found: tuple[FoundRecord, ...] = ()
    calls: int = 1


def asked(desk: Desk) -> Org:
    """Return the org, or raise 503 with why it cannot be asked now."""
    if desk.org is None:
        raise RequestRefused("salesforce_away", f"Salesforce cannot be asked now. {desk.stale}", 503)
    return desk.org


async def records(desk: Desk, object_name: str, text: str) -> list[FoundRecord]:
    """Return up to ten records of an object whose name holds the text, the best-known first."""
    org = asked(desk)
    if len(text.strip()) < _SHORTEST:
        return []
    name = _NAMES.get(object_name, "Name")
    pattern = soql.containing(text.strip()[:100])
    where = "Type = 'Queue' AND " if object_name == "Group" else ""
    query = (
        f"SELECT Id, {name} FROM {_identifier(object_name)} WHERE {where}{name} LIKE {pattern} "  # noqa: S608  # checked and escaped
        f"ORDER BY {name} LIMIT {_MOST}"
    )
    return [FoundRecord(row["Id"], str(row.get(name) or row["Id"]), object_name) for row in await rows(org, query)]


async def named(desk: Desk, object_names: Sequence[str], record_id: str) -> FoundRecord | None:
    """Return the record of an id, looked for in the objects a field may refer to, or None when there is none (any more)."""
    org = asked(desk)
    for object_name in object_names:
        name = _NAMES.get(object_name, "Name")
        query = f"SELECT Id, {name} FROM {_identifier(object_name)} WHERE Id = {soql.literal(record_id)}"  # noqa: S608  # checked and escaped
        try:
            found = await rows(org, query)
        except CrosswalkError:
            continue  # an id of another object is refused, not unknown
        if found:
            return FoundRecord(found[0]["Id"], str(found[0].get(name) or record_id), object_name)
    return None


async def objects(desk: Desk) -> list[ObjectChoice]:
    """Return the objects of the org that the connection's user may create, custom ones too."""
    org = asked(desk)
    await org.budget.reserve(1, Priority.INTERACTIVE)
    reply = await org.client.get("sobjects", purpose=Purpose.DESCRIBE)
    found = [
        ObjectChoice(one["name"], one.get("label") or one["name"], bool(one.get("custom")))
        for one in reply.body["sobjects"]
        if one.get("createable") and not one.get("deprecatedAndHidden")
    ]
    return sorted(found, key=lambda one: (one.label.casefold(), one.name))


async def read_again(desk: Desk) -> None:
    """Describe every object of the desk anew, as after somebody made a field."""
    org = asked(desk)
    for name in desk.schema.objects:
        org.describe.invalidate(name)
    await org.describe.schema(found.name for found in desk.schema.objects.values())


async def match(desk: Desk, entry: AutoMatchEntry, event: Event | None) -> Matched:
    """Try an auto-match on an event: which record it would find."""
    if event is None:
        return Matched("There is no event to try it on yet.", calls=0)
    wanted = _wanted(desk, entry, event)
    if wanted is None:
        return Matched("This event has no value to look for, so the field stays as it is.", calls=0)
    org = asked(desk)
    question = Question(wanted.object, wanted.field, wanted.value)
    name = _NAMES.get(wanted.object, "Name")
    answers = await lookup.ask(org.client, [question], {wanted.object: (name,)}, org.budget.spender(Priority.INTERACTIVE), desk.schema)
    found = tuple(FoundRecord(one.id, str(one.fields.get(name) or one.id), one.object) for one in answers[question])
    return Matched(_told(found, wanted), found)


def _told(found: Sequence[FoundRecord], wanted: AutoMatch) -> str:
    if not found:
        return f"No {wanted.object} has {wanted.field} {wanted.value}, so the field stays as it is."
    if len(found) > 1:
        return f"{len(found)} {wanted.object} records have {wanted.field} {wanted.value}; the sync's choice for several decides."
    return f"{found[0].name}, {found[0].object}, for {wanted.value}."


def _wanted(desk: Desk, entry: AutoMatchEntry, event: Event) -> AutoMatch | None:
    """Return what the entry looks for; a field of its own stands in for the one it fills."""
    stand_in = ObjectType("", "", {"match": Field("Match", "Match", "reference")})
    makings: Makings = desk.makings(None)
    tried = trial(FieldRow(field="Match", entry=entry), stand_in, makings, event, desk.zone)
    return tried.match if tried.sends is Sends.RECORD else None


async def rows(org: Org, query: str) -> list[dict[str, Any]]:
    """Return the first page of a query's rows, asked as interactive work."""
    await org.budget.reserve(1, Priority.INTERACTIVE)
    reply = await org.client.get(f"query?q={quote(query, safe='')}", purpose=Purpose.LOOKUP)
    found: list[dict[str, Any]] = reply.body["records"]
    return found


def _identifier(name: str) -> str:
    try:
        return soql.identifier(name)
    except ConfigurationError as error:
        raise RequestRefused("bad_name", error.sentence, 422) from error
