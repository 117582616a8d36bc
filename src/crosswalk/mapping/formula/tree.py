"""What a formula means, as frozen nodes; each knows its place so that an error at run time can point to it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, TRUE, FALSE or NULL."""

    value: Decimal | str | bool | None
    position: int


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute or an own path in braces."""

    key: str
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign or a negation."""

    operator: str
    operand: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and what stands between them."""

    operator: str
    left: "Node"
    right: "Node"
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; `name` is in capitals."""

    name: str
    arguments: tuple["Node", ...]
    position: int


Node = Literal | Reference | Unary | Binary | Call


def references(node: Node) -> frozenset[str]:
    """Return the keys of all attributes a formula reads."""
    match node:
        case Reference():
            return frozenset({node.key})
        case Unary():
            return references(node.operand)
        case Binary():
            return references(node.left) | references(node.right)
        case Call():
            return frozenset[str]().union(*(references(argument) for argument in node.arguments))
        case _:
            return frozenset()
