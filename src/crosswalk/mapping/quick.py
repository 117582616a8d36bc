"""Building a `Want` in a third of the time: it is made once per row and event, and a profile showed it as half of the mapping.

A frozen dataclass sets its fields through `object.__setattr__`, one slow call each. So the fields are set on a twin with the same slots
that is not frozen, and the finished twin is declared to be the frozen class, which Python allows between classes of one layout.
"""

from collections.abc import Callable
from typing import Any

from crosswalk.model import Ladder, UpdatePolicy, Want


class _Twin:
    __slots__ = Want.__slots__

    def __init__(
        self,
        field: str,
        value: Any,
        freshness: str,
        delivery_id: str,
        row: str,
        update: UpdatePolicy,
        ladder: Ladder | None,
        placeholder: bool,  # noqa: FBT001 - the fields of Want, in their order
        sync_position: int,
    ) -> None:
        self.field = field
        self.value = value
        self.freshness = freshness
        self.delivery_id = delivery_id
        self.row = row
        self.update = update
        self.ladder = ladder
        self.placeholder = placeholder
        self.sync_position = sync_position
        self.__class__ = Want  # type: ignore[assignment]  # the one layout is what makes it safe


want: Callable[..., Want] = _Twin  # type: ignore[assignment]  # what comes out is a Want
