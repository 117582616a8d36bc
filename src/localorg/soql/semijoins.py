"""`Id IN (SELECT LeadId FROM CampaignMember ...)`: what Salesforce allows there, and its SQL.

The rules are narrow on purpose (two of them, never under OR, never nested, ids only): a client that relies on more would fail against the
real thing.
"""

from collections.abc import Iterator

from localorg.schema import IDS
from localorg.soql import sql
from localorg.soql.operands import Operand
from localorg.soql.problems import Code, QueryError
from localorg.soql.sql import Sql
from localorg.soql.tree import And, Condition, Item, Not, Or, Path, Query, SemiJoin

MAX_SEMIJOINS = 2

_ONLY_IDS = "Semi join sub-selects can only query id and reference fields"


def check(condition: Condition, *, nested: bool) -> None:
    """Refuse semi-joins that are too many, under OR, or inside another."""
    found = list(_found(condition, under_or=False))
    if found and nested:
        raise QueryError(Code.MALFORMED_QUERY, "Nesting of semi join sub-selects is not supported", found[0][0].at)
    for each, under_or in found:
        if under_or:
            raise QueryError(Code.MALFORMED_QUERY, "Semi join sub-selects are not allowed with the 'OR' operator", each.at)
    if len(found) > MAX_SEMIJOINS:
        raise QueryError(Code.MALFORMED_QUERY, f"Maximum {MAX_SEMIJOINS} semi join sub-selects are allowed", found[MAX_SEMIJOINS][0].at)


def selected_path(outer: Operand, leaf: SemiJoin) -> Path:
    """Return the one field a semi-join's query selects, or refuse its shape."""
    if outer.type not in IDS:
        raise QueryError(Code.MALFORMED_QUERY, f"{_ONLY_IDS}: '{outer.name}' is neither", outer.at)
    match leaf.query:
        case Query(selected=(Item(Path() as path, None),), grouping=None, having=None, order=(), limit=None, offset=None, more_sources=()):
            return path
        case _:
            message = "Semi join sub-selects take one field and a WHERE clause, nothing else"
            raise QueryError(Code.MALFORMED_QUERY, message, leaf.query.at)


def subquery(inner: Operand, source: Sql, conditions: list[Sql]) -> Sql:
    """Return the SQL of the nested query; null is left out, so that NOT IN means what it says."""
    if inner.type not in IDS:
        raise QueryError(Code.MALFORMED_QUERY, f"{_ONLY_IDS}: '{inner.name}' is neither", inner.at)
    present = sql.of("{} IS NOT NULL", inner.sql)
    return sql.of("SELECT {} {} WHERE {}", inner.sql, source, sql.all_of([present, *conditions]))


def _found(condition: Condition, *, under_or: bool) -> Iterator[tuple[SemiJoin, bool]]:
    match condition:
        case SemiJoin():
            yield condition, under_or
        case Not(term):
            yield from _found(term, under_or=under_or)
        case And(terms):
            for term in terms:
                yield from _found(term, under_or=under_or)
        case Or(terms):
            for term in terms:
                yield from _found(term, under_or=True)
        case _:
            return
