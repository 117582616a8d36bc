"""`/search` (SOSL) and `/parameterizedSearch`: words looked for in the text of records.

Words are matched whole unless `*` or `?` says otherwise; there is no index that lags behind, and no ranking: records come by object and id.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import Field, FieldType, ObjectType
from localorg.soql import answer

_MOST = 2000
_FIRST_VERSION_WITH_ENVELOPE = 37
_FIND = re.compile(r"\s*FIND\s*\{((?:\\.|[^\\}])*)\}(.*)", re.IGNORECASE | re.DOTALL)
_IN = re.compile(r"\s*IN\s+(ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS\b(.*)", re.IGNORECASE | re.DOTALL)
_RETURNING = re.compile(r"\s*RETURNING\s+(.*)", re.IGNORECASE | re.DOTALL)
_LIMIT = re.compile(r"\s*LIMIT\s+(\d+)\s*", re.IGNORECASE)
_WITH = re.compile(r"\s*WITH\s+.*", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"\s*(\w+)\s*")
_CLAUSE = re.compile(r"\s+(WHERE|ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r'"((?:\\.|[^"\\])*)"|\b(AND\s+NOT|AND|OR|NOT)\b|((?:\\.|[^\s"])+)')
_SCOPES: dict[str, Callable[[Field], bool]] = {
    "NAME": lambda field: field.name_field or field.name in {"FirstName", "LastName"},
    "EMAIL": lambda field: field.type is FieldType.EMAIL,
    "PHONE": lambda field: field.type is FieldType.PHONE,
}
_TEXTS = frozenset({FieldType.STRING, FieldType.TEXTAREA, FieldType.EMAIL, FieldType.PHONE, FieldType.URL, FieldType.COMBOBOX})
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class _Target:
    """An object to look in, the fields to return, and what else its records must satisfy, as the end of a SOQL statement."""

    name: str
    fields: tuple[str, ...] = ("Id",)
    rest: str = ""
    limit: int = _MOST


def run(call: ApiCall) -> Reply:
    """Answer a SOSL statement; MALFORMED_SEARCH when it is none."""
    text = call.request.query.get("q")
    found = _FIND.fullmatch(text or "")
    if found is None:
        raise _malformed("No search term found. The search term must be enclosed in braces.")
    scope, rest = "ALL", found[2]
    within = _IN.fullmatch(rest)
    if within is not None:
        scope, rest = within[1].upper(), within[2]
    targets, overall = _targets(call, rest)
    shown = _search(call, found[1], scope, targets)[:overall]
    body: Any = {"searchRecords": shown} if call.request.version >= _FIRST_VERSION_WITH_ENVELOPE else shown
    return Reply(200, body, rows=len(shown))


def by_parameters(call: ApiCall) -> Reply:
    """Answer a search given as parameters or as JSON."""
    given = call.json() if call.request.method == "POST" else _from_query(call)
    words = given.get("q") if isinstance(given, dict) else None
    if not isinstance(words, str) or not words.strip():
        raise _malformed("The q parameter is required")
    listed = given.get("sobjects") or [{"name": each.name} for each in _searchable(call)]
    if not isinstance(listed, list) or not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in listed):
        raise _malformed("The sobjects property must be a list of objects with names")
    targets = [_parameter(each, given.get("fields")) for each in listed]
    overall = _number(given.get("overallLimit"), _MOST)
    shown = _search(call, words, str(given.get("in") or "ALL").upper(), targets)[:overall]
    return Reply(200, {"searchRecords": shown}, rows=len(shown))


def _from_query(call: ApiCall) -> dict[str, Any]:
    query = call.request.query
    names = [each for each in (query.get("sobject") or "").split(",") if each]
    listed = []
    for name in names:
        fields = [each for each in query.get(f"{name}.fields", query.get("fields", "")).split(",") if each]
        listed.append({"name": name, "fields": fields or ["Id"], "limit": query.get(f"{name}.limit"), "where": query.get(f"{name}.where")})
    return {"q": query.get("q"), "in": query.get("in"), "sobjects": listed, "overallLimit": query.get("overallLimit")}


def _parameter(given: dict[str, Any], common: Any) -> _Target:
    fields = given.get("fields") or common or ["Id"]
    if not isinstance(fields, list):
        raise _malformed("fields must be a list of names")
    where = f" WHERE {given['where']}" if given.get("where") else ""
    order = f" ORDER BY {given['orderBy']}" if given.get("orderBy") else ""
    return _Target(given["name"], tuple(str(each) for each in fields), where + order, _number(given.get("limit"), _MOST))


def _number(given: Any, default: int) -> int:
    return int(given) if str(given).isdecimal() else default


def _targets(call: ApiCall, rest: str) -> tuple[list[_Target], int]:
    returning = _RETURNING.fullmatch(rest)
    if returning is None:
        limit = _LIMIT.fullmatch(rest)
        if rest.strip() and limit is None and _WITH.fullmatch(rest) is None:
            raise _malformed(f"unexpected token: '{rest.split(maxsplit=1)[0]}'")
        return [_Target(each.name) for each in _searchable(call)], int(limit[1]) if limit else _MOST
    targets, rest = [], returning[1]
    while True:
        name = _TARGET.match(rest)
        if name is None:
            raise _malformed("RETURNING needs the name of an object")
        rest = rest[name.end() :]
        inner, rest = _parenthesised(rest) if rest.startswith("(") else ("Id", rest)
        targets.append(_target(name[1], inner))
        if not rest.lstrip().startswith(","):
            break
        rest = rest.lstrip()[1:]
    limit = _LIMIT.fullmatch(rest)
    if rest.strip() and limit is None and _WITH.fullmatch(rest) is None:
        raise _malformed(f"unexpected token: '{rest.split()[0]}'")
    return targets, int(limit[1]) if limit else _MOST


def _parenthesised(text: str) -> tuple[str, str]:
    depth, quoted = 0, False
    for place, letter in enumerate(text):
        if letter == "'" and text[place - 1] != "\\":
            quoted = not quoted
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise _malformed("expecting a right parenthesis, found the end of the search")


def _target(name: str, inner: str) -> _Target:
    clause = _CLAUSE.search(inner)
    names = inner[: clause.start()] if clause else inner
    fields = tuple(each.strip() for each in names.split(",") if each.strip())
    return _Target(name, fields or ("Id",), inner[clause.start() :] if clause else "")


def _search(call: ApiCall, words: str, scope: str, targets: list[_Target]) -> list[dict[str, Any]]:
    plain = re.sub(r"\\(.)", r"\1", words).strip().strip('"')
    if len(plain) < _SHORTEST:
        raise _malformed(f"search term must be longer than one character: {plain}")
    condition, shown = _condition(words), []
    for target in targets:
        object_type = call.transaction.schema.object(target.name)
        if object_type is None:
            text = f"sObject type '{target.name}' is not supported."
            raise SalesforceError(400, "INVALID_TYPE", text, None)
        matching = _matching(call, object_type, scope, condition)
        fields = ("Id", *(each for each in target.fields if each.lower() != "id"))
        statement = f"SELECT {', '.join(fields)} FROM {object_type.name}{target.rest}"  # noqa: S608  # SOQL, parsed and checked
        found = answer.run(
            call.transaction.connection,
            call.transaction.schema,
            statement,
            include_deleted=False,
            now=call.transaction.now,
            base_path=call.request.root,
        )
        wanted = {each.lower() for each in target.fields}
        kept = [each for each in found.records if each["Id"] in matching][: target.limit]
        shown += [each if "id" in wanted else {key: value for key, value in each.items() if key != "Id"} for each in kept]
    return shown[:_MOST]


def _matching(call: ApiCall, object_type: ObjectType, scope: str, condition: list[list[tuple[bool, re.Pattern[str]]]]) -> set[str]:
    pick = _SCOPES.get(scope)
    names = [each.name for each in object_type.columns if each.type in _TEXTS and (pick is None or pick(each))]
    live = 'WHERE "IsDeleted" = 0' if object_type.field("IsDeleted") else ""
    found = set()
    for row in call.transaction.all(f'SELECT * FROM "{object_type.name}" {live}'):  # noqa: S608  # from the schema
        text = " \n ".join(" ".join(_WORD.findall(str(row[name]).lower())) for name in names if row[name] is not None)
        if any(all((pattern.search(f" {text} ") is not None) is wanted for wanted, pattern in group) for group in condition):
            found.add(row["Id"])
    return found


def _condition(words: str) -> list[list[tuple[bool, re.Pattern[str]]]]:
    """Return what is looked for: groups of which one must hold, each a list of words that must or must not be there."""
    groups: list[list[tuple[bool, re.Pattern[str]]]] = [[]]
    wanted = True
    for quoted, operator, word in _PIECE.findall(words.replace("(", " ").replace(")", " ")):
        if operator:
            if operator.upper() == "OR":
                groups.append([])
            wanted = "NOT" not in operator.upper()
            continue
        pattern = _pattern(re.sub(r"\\([^*?])", r"\1", quoted or word))
        if pattern is not None:
            groups[-1].append((wanted, pattern))
        wanted = True
    return [each for each in groups if each]


def _pattern(word: str) -> re.Pattern[str] | None:
    parts = re.findall(r"(?:[^\W_]|[*?])+", word.replace("\\*", "").replace("\\?", "").lower())
    pieces = ["".join({"*": r"\w*", "?": r"\w"}.get(letter, re.escape(letter)) for letter in each) for each in parts]
    return re.compile(r"(?<=\s)" + r"\s".join(pieces) + r"(?=\s)") if pieces else None


def _searchable(call: ApiCall) -> list[ObjectType]:
    return [each for each in call.transaction.schema.objects() if each.searchable]


def _malformed(text: str) -> SalesforceError:
    return SalesforceError(400, "MALFORMED_SEARCH", text, None)
