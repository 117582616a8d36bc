"""The tree as one canonical statement: keywords in capitals, one space, no parentheses that say nothing.

`parse(text_of(tree))` is the tree again, whatever the tree; the tests lean on that.
"""

from localorg.soql import literals
from localorg.soql.tree import (
    And,
    Call,
    Children,
    Choices,
    ClockTime,
    Comparison,
    Condition,
    Day,
    Distance,
    Expression,
    Fields,
    Grouping,
    GroupKind,
    Item,
    Likeness,
    Membership,
    Moment,
    Not,
    Null,
    Number,
    Or,
    Order,
    Path,
    Query,
    Relative,
    Selected,
    SemiJoin,
    Source,
    Text,
    Truth,
    TypeOf,
    Value,
)


def text_of(query: Query) -> str:
    """Return the statement."""
    clauses = [
        f"SELECT {', '.join(_selected(each) for each in query.selected)}",
        f"FROM {', '.join(_source(each) for each in (query.source, *query.more_sources))}",
        *([f"USING SCOPE {query.scope}"] if query.scope else []),
        *([f"WHERE {condition(query.where)}"] if query.where else []),
        *([f"WITH {query.security}"] if query.security else []),
        *([f"GROUP BY {_grouping(query.grouping)}"] if query.grouping else []),
        *([f"HAVING {condition(query.having)}"] if query.having else []),
        *([f"ORDER BY {', '.join(_order(each) for each in query.order)}"] if query.order else []),
        *([f"LIMIT {query.limit}"] if query.limit is not None else []),
        *([f"OFFSET {query.offset}"] if query.offset is not None else []),
        *(f"FOR {purpose}" for purpose in query.purposes),
    ]
    return " ".join(clauses)


def condition(found: Condition) -> str:
    """Return a condition without parentheses around it."""
    match found:
        case And(terms):
            return " AND ".join(_term(term) for term in terms)
        case Or(terms):
            return " OR ".join(_term(term) for term in terms)
        case Not(term):
            return f"NOT {_term(term)}"
        case Comparison(left, operator, operand):
            return f"{expression(left)} {operator} {value(operand)}"
        case Likeness(left, pattern, negated):
            return f"{expression(left)} {'NOT LIKE' if negated else 'LIKE'} {literals.quoted_pattern(pattern)}"
        case Membership(left, values, negated):
            return f"{expression(left)} {'NOT IN' if negated else 'IN'} ({', '.join(value(each) for each in values)})"
        case Choices(left, texts, negated):
            return f"{expression(left)} {'EXCLUDES' if negated else 'INCLUDES'} ({', '.join(value(each) for each in texts)})"
        case SemiJoin(left, query, negated):
            return f"{expression(left)} {'NOT IN' if negated else 'IN'} ({text_of(query)})"


def expression(found: Expression) -> str:
    """Return a path or function."""
    match found:
        case Path():
            return str(found)
        case Call(function, argument):
            return f"{function}({'' if argument is None else expression(argument)})"
        case Distance(path, latitude, longitude, unit):
            return f"DISTANCE({path}, GEOLOCATION({latitude}, {longitude}), '{unit}')"


def value(found: Value) -> str:
    """Return a literal."""
    match found:
        case Text(text):
            return literals.quoted(text)
        case Number(digits, currency):
            return f"{currency}{digits}"
        case Day(text) | Moment(text) | ClockTime(text):
            return text
        case Relative(name, count):
            return name if count is None else f"{name}:{count}"
        case Truth(true):
            return "TRUE" if true else "FALSE"
        case Null():
            return "NULL"


def _term(found: Condition) -> str:
    return f"({condition(found)})" if isinstance(found, And | Or | Not) else condition(found)


def _selected(found: Selected) -> str:
    match found:
        case Item(selected, alias):
            return expression(selected) if alias is None else f"{expression(selected)} {alias}"
        case Fields(kind):
            return f"FIELDS({kind})"
        case Children(query):
            return f"({text_of(query)})"
        case TypeOf():
            return _typeof(found)


def _typeof(found: TypeOf) -> str:
    whens = [f"WHEN {when.object_name} THEN {', '.join(map(str, when.paths))}" for when in found.whens]
    otherwise = [f"ELSE {', '.join(map(str, found.otherwise))}"] if found.otherwise else []
    return " ".join([f"TYPEOF {found.relationship}", *whens, *otherwise, "END"])


def _source(found: Source) -> str:
    return str(found.path) if found.alias is None else f"{found.path} {found.alias}"


def _grouping(found: Grouping) -> str:
    listed = ", ".join(expression(each) for each in found.expressions)
    return listed if found.kind is GroupKind.PLAIN else f"{found.kind.name}({listed})"


def _order(found: Order) -> str:
    nulls = {None: "", False: " NULLS FIRST", True: " NULLS LAST"}[found.nulls_last]
    return f"{expression(found.expression)}{' DESC' if found.descending else ''}{nulls}"
