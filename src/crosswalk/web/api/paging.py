"""Lists in pages, by keyset: a page says where the next one begins, however long the list is and whatever was added meanwhile."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from crosswalk.errors import RequestRefused

MOST = 200
USUAL = 50
Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[str | None, Query(max_length=500, description="`next` of the page before; without it the first page.")]


class Listed(BaseModel, Generic[Item]):
    """One page of a list."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next: str | None = None


def cursor(*key: object) -> str:
    """Return the text that stands for the place behind a row."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str, separators=(",", ":")).encode()).decode().rstrip("=")


def key(after: str | None, length: int = 1) -> tuple[str, ...] | None:
    """Return the key a cursor stands for; raise `RequestRefused` when it is none of ours."""
    if after is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if not isinstance(found, list) or len(found) != length or not all(isinstance(one, str) and "\x00" not in one for one in found):
        raise RequestRefused("unknown_page", "`after` is not the `next` of a page of this list; begin with the first page.", 422)
    return tuple(found)


def cut(rows: Sequence[Row], limit: int, key_of: Callable[[Row], tuple[object, ...]]) -> tuple[Sequence[Row], str | None]:
    """Return the rows of one page, of one more than `limit` that were read, and where the next page begins."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor(*key_of(rows[limit - 1]))
