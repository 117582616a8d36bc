"""What a rule is: what an object does around a write, beyond what its fields say.

`before_…` may change the values about to be stored, `check_insert` refuses once references are known to be good, `after_…` writes to
other records. The class itself does nothing: an object without rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from localorg.schema import ObjectType
from localorg.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class Context:
    """The write at hand: `sent` are the fields the client gave, as against defaults."""

    transaction: Transaction
    object_type: ObjectType
    sent: frozenset[str]
    blobs: Mapping[str, bytes] = field(default_factory=dict)


class Rule:
    """Does nothing; objects with habits override what they need."""

    def before_insert(self, context: Context, row: Row, /) -> None:
        """Fill or change the values of a new record."""

    def check_insert(self, context: Context, row: Row, /) -> None:
        """Refuse a new record whose references are known to exist."""

    def after_insert(self, context: Context, row: Row, /) -> None:
        """Write to other records because of a new one."""

    def before_update(self, context: Context, old: Row, changes: Row, /) -> None:
        """Fill, change or refuse the values of an update."""

    def after_update(self, context: Context, old: Row, new: Row, /) -> None:
        """Write to other records because of an update."""

    def before_delete(self, context: Context, old: Row, /) -> None:
        """Refuse a deletion."""

    def after_delete(self, context: Context, old: Row, /) -> None:
        """Write to other records because of a deletion."""
