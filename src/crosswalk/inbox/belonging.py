"""What is somebody's among everything stored: nothing but sealed content tells, so everything is opened once.

An event is somebody's when it names one of the wanted values, or a user or anonymous id that has learnt one. Whatever merely quotes an
e-mail address (a body that was refused, a notice, another person's event) is found by its text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.inbox import identity
from crosswalk.store import tables
from crosswalk.store.vault import Vault

Pair = tuple[str, str]  # kind and normalised value
Known = tuple[str, str, str]  # source, kind, HMAC of the value
PAGE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose content is looked for: the values given, and the ids of sources that have learnt one of them."""

    pairs: frozenset[Pair]
    learnt: frozenset[Known] = frozenset()

    @property
    def values(self) -> frozenset[str]:
        """The values alone."""
        return frozenset(value for _, value in self.pairs)

    @property
    def quoted(self) -> re.Pattern[str] | None:
        """What a text quotes them by: whole e-mail addresses; other values are too short to be told from chance."""
        mails = sorted(re.escape(value) for kind, value in self.pairs if kind == identity.Kind.EMAIL)
        return re.compile(rf"(?<![\w.+-])(?:{'|'.join(mails)})(?![\w-]|\.\w)", re.IGNORECASE) if mails else None


@dataclass(slots=True)
class Page:
    """One page of rows: those that are the person's, those that merely quote them, and where the page ended."""

    own: list[str]
    quoting: list[str]
    last: str | None = None
    keys: frozenset[Known] = frozenset()  # strong keys met in the person's own events
    entities: frozenset[Pair] = frozenset()  # source and entity of the person's own events


def normalised(person: Mapping[str, Any]) -> frozenset[Pair]:
    """Return the values by which somebody is known, spelled as they are compared."""
    pairs = ((kind, identity.normalised(kind, value)) for kind, value in person.items() if value is not None)
    return frozenset((kind, value) for kind, value in pairs if value is not None)


async def learnt(tx: AsyncConnection, vault: Vault, pairs: frozenset[Pair]) -> frozenset[Known]:
    """Return the ids that have learnt one of the values, and the values themselves, as `identity` knows them."""
    table = tables.identity
    values = {value for _, value in pairs}
    own = {identity.value_hmac(vault, kind, value) for kind, value in pairs}
    rows = await tx.stream(select(table.c.source_id, table.c.kind, table.c.value_hmac, table.c.strong_keys_ct))
    return frozenset(
        [
            (row.source_id, row.kind, row.value_hmac)
            async for row in rows
            if row.value_hmac in own or values.intersection(value for value in _mapping(vault, row.strong_keys_ct).values() if value)
        ]
    )


async def events(tx: AsyncConnection, vault: Vault, wanted: Wanted, after: str) -> Page:
    """Look through one page of the events that have any content."""
    event = tables.event
    full = or_(event.c.person_ct.is_not(None), event.c.payload_ct.is_not(None))
    columns = (event.c.id, event.c.source_id, event.c.entity_id, event.c.person_ct, event.c.payload_ct)
    rows = (await tx.execute(select(*columns).where(full, event.c.id > after).order_by(event.c.id).limit(PAGE))).all()
    page = Page([], [], rows[-1].id if rows else None)
    quoted, keys, entities = wanted.quoted, set[Known](), set[Pair]()
    for row in rows:
        pairs = normalised(_mapping(vault, row.person_ct))
        known = {(row.source_id, kind, identity.value_hmac(vault, kind, value)) for kind, value in pairs}
        if pairs & wanted.pairs or known & wanted.learnt:
            page.own.append(row.id)
            keys |= {one for one in known if one[1] == identity.Kind.USER_ID}
            entities |= {(row.source_id, row.entity_id)} if row.entity_id else set()
        elif quoted and quoted.search(_text(vault, row.payload_ct)):
            page.quoting.append(row.id)
    page.keys, page.entities = frozenset(keys), frozenset(entities)
    return page


async def quoting(
    tx: AsyncConnection, vault: Vault, wanted: Wanted, columns: Sequence[ColumnElement[Any]], key: ColumnElement[str], after: str
) -> Page:
    """Look through one page of any other rows that have content in one of the columns."""
    full = or_(*(column.is_not(None) for column in columns))
    rows = (await tx.execute(select(key, *columns).where(full, key > after).order_by(key).limit(PAGE))).all()
    quoted = wanted.quoted
    found = [row[0] for row in rows if quoted and any(quoted.search(_text(vault, sealed)) for sealed in _sealed(row))]
    return Page([], found, rows[-1][0] if rows else None)


def _sealed(row: Row[Any]) -> tuple[bytes | None, ...]:
    return tuple(row[1:])


def _mapping(vault: Vault, sealed: bytes | None) -> Mapping[str, Any]:
    opened = _opened(vault, sealed)
    return opened if isinstance(opened, dict) else {}


def _opened(vault: Vault, sealed: bytes | None) -> Any:
    try:
        return None if sealed is None else vault.open(sealed)
    except ConfigurationError:
        return None  # its key is lost: nobody can read it any more


def _text(vault: Vault, sealed: bytes | None) -> str:
    """Return sealed content as text without escapes, so that an address is found however it was written."""
    opened = _opened(vault, sealed)
    if isinstance(opened, bytes):
        text = opened.decode("utf-8", "replace")
        try:
            opened = json.loads(text)
        except ValueError:
            return f"{text}\n{unquote_plus(text)}"
    text = json.dumps(opened, ensure_ascii=False)
    return f"{text}\n{unquote_plus(text)}"
