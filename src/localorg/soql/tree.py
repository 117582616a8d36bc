"""The nouns of a parsed SOQL statement.

Every node is frozen and compares by meaning alone: `at`, the offset in the statement, takes no part, so that printing and parsing
again gives an equal tree. Names keep the case typed; resolving them is the business of `scope`.
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto


def _place() -> int:
    return field(default=0, compare=False, repr=False)


class Function(StrEnum):
    """Every function but DISTANCE, spelled as the printer writes it."""

    COUNT = "COUNT"
    COUNT_DISTINCT = "COUNT_DISTINCT"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    GROUPING = "GROUPING"
    TO_LABEL = "toLabel"
    CONVERT_CURRENCY = "convertCurrency"
    CONVERT_TIMEZONE = "convertTimezone"
    FORMAT = "FORMAT"
    CALENDAR_MONTH = "CALENDAR_MONTH"
    CALENDAR_QUARTER = "CALENDAR_QUARTER"
    CALENDAR_YEAR = "CALENDAR_YEAR"
    DAY_IN_MONTH = "DAY_IN_MONTH"
    DAY_IN_WEEK = "DAY_IN_WEEK"
    DAY_IN_YEAR = "DAY_IN_YEAR"
    DAY_ONLY = "DAY_ONLY"
    FISCAL_MONTH = "FISCAL_MONTH"
    FISCAL_QUARTER = "FISCAL_QUARTER"
    FISCAL_YEAR = "FISCAL_YEAR"
    HOUR_IN_DAY = "HOUR_IN_DAY"
    WEEK_IN_MONTH = "WEEK_IN_MONTH"
    WEEK_IN_YEAR = "WEEK_IN_YEAR"


AGGREGATES = frozenset({Function.COUNT, Function.COUNT_DISTINCT, Function.SUM, Function.AVG, Function.MIN, Function.MAX, Function.GROUPING})
RENDERINGS = frozenset({Function.TO_LABEL, Function.CONVERT_CURRENCY, Function.FORMAT})
DATE_FUNCTIONS = frozenset(Function) - AGGREGATES - RENDERINGS - {Function.CONVERT_TIMEZONE}


class FieldSet(StrEnum):
    """The argument of FIELDS()."""

    ALL = "ALL"
    STANDARD = "STANDARD"
    CUSTOM = "CUSTOM"


class Operator(StrEnum):
    """A comparison with one value; `<>` is read as `!=`."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class GroupKind(Enum):
    """How GROUP BY multiplies its rows."""

    PLAIN = auto()
    ROLLUP = auto()
    CUBE = auto()


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps through relationships: `Account.Owner.Name`."""

    parts: tuple[str, ...]
    at: int = _place()

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field, of another function, or of nothing: `COUNT()`."""

    function: Function
    argument: "Path | Call | None"
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Distance:
    """`DISTANCE(field, GEOLOCATION(latitude, longitude), 'km')`."""

    path: Path
    latitude: str
    longitude: str
    unit: str
    at: int = _place()


Expression = Path | Call | Distance


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted value with its escapes resolved."""

    value: str
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or an amount when a currency code stands before it; the digits stay as typed."""

    digits: str
    currency: str = ""
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Day:
    """A date literal, `2026-11-20`, known to exist."""

    text: str
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Moment:
    """A datetime literal as typed, known to exist."""

    text: str
    at: int = _place()


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time literal, `12:00:00.000Z`."""

    text: str
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative date, `LAST_WEEK`, or with a count, `LAST_N_DAYS:7`."""

    name: str
    count: int | None = None
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Truth:
    """TRUE or FALSE."""

    value: bool
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Null:
    """NULL."""

    at: int = _place()


Value = Text | Number | Day | Moment | ClockTime | Relative | Truth | Null


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator value`."""

    left: Expression
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Likeness:
    r"""`left [NOT] LIKE pattern`; in the pattern `\` still stands before a literal `%`, `_` and backslash."""

    left: Expression
    pattern: str
    negated: bool = False
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Membership:
    """`left [NOT] IN (values)`."""

    left: Expression
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """`left INCLUDES|EXCLUDES ('a;b', 'c')` on a multi-select picklist."""

    left: Expression
    values: tuple[Text, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """`left [NOT] IN (SELECT ...)`."""

    left: Expression
    query: "Query"
    negated: bool = False
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    term: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more conditions."""

    terms: tuple["Condition", ...]


Leaf = Comparison | Likeness | Membership | Choices | SemiJoin
Condition = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Item:
    """One selected expression, with the alias an aggregate may carry."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """`FIELDS(ALL)` and its two siblings."""

    kind: FieldSet
    at: int = _place()


@dataclass(frozen=True, slots=True)
class Children:
    """A subquery in the SELECT list; its source names a child relationship."""

    query: "Query"


@dataclass(frozen=True, slots=True)
class When:
    """One `WHEN Object THEN fields` of a TYPEOF."""

    object_name: str
    paths: tuple[Path, ...]
    at: int = _place()


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF relationship WHEN ... ELSE ... END`."""

    relationship: Path
    whens: tuple[When, ...]
    otherwise: tuple[Path, ...] = ()
    at: int = _place()


Selected = Item | Fields | Children | TypeOf


@dataclass(frozen=True, slots=True)
class Source:
    """One name of the FROM clause: an object, or a relationship of an earlier one."""

    path: Path
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Grouping:
    """The GROUP BY clause."""

    expressions: tuple[Expression, ...]
    kind: GroupKind = GroupKind.PLAIN


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; `nulls_last` is None when the statement does not say."""

    expression: Expression
    descending: bool = False
    nulls_last: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement, a child subquery, or the inside of a semi-join."""

    selected: tuple[Selected, ...]
    source: Source
    more_sources: tuple[Source, ...] = ()
    scope: str | None = None
    where: Condition | None = None
    security: str | None = None
    grouping: Grouping | None = None
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    purposes: tuple[str, ...] = ()
    at: int = _place()
