"""The encryption key: when it was last changed, and changing it while everything runs, with its entry in the audit trail.

Changing it takes longer than a request: `begin` puts the new key in force, `finish` seals everything anew and throws the old one away.
What is interrupted between the two is told by the key file and ended by asking again.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.journal import audit
from crosswalk.store import key_file, rotation, tables
from crosswalk.store.rotation import Resealed
from crosswalk.turn.context import Engine

_ACTION = "key.rotate"
_PROOF = "the same key file"


@dataclass(frozen=True, slots=True)
class Keys:
    """How the encryption key stands; `trouble` says why it cannot be changed from here."""

    rotated_at: datetime | None
    rotated_by: str
    under_way: bool
    trouble: str = ""


async def state(engine: Engine) -> Keys:
    """Return when the key was last changed, whether a change has begun and not ended, and whether this process can change it."""
    entry = tables.audit
    newest = select(entry.c.at, entry.c.actor).where(entry.c.action == _ACTION).order_by(entry.c.id.desc()).limit(1)
    async with engine.database.read() as tx:
        row = (await tx.execute(newest)).first()
    at, by = (row.at, str(row.actor)) if row else (None, "")
    try:
        return Keys(at, by, key_file.number_of_keys(_own_file(engine)) > 1)
    except (ConfigurationError, RequestRefused) as error:
        return Keys(at, by, under_way=False, trouble=error.sentence)


def begin(engine: Engine) -> None:
    """Put a new key in force; one that was begun and not ended stays. Raise what keeps this process from it."""
    path = _own_file(engine)
    if key_file.number_of_keys(path) == 1:
        key_file.add_key(path)


async def finish(engine: Engine, actor: str) -> Resealed:
    """Seal everything with the newest key, throw the others away, and keep that in the audit trail."""
    path = _path(engine)
    done = await rotation.finish(engine.database, path, key_file.read(path), engine.clock.sleep, engine.settings.timings.key_grace)
    now, after = engine.clock.now(), {"values": done.values, "lost": done.lost}
    async with engine.database.write() as tx:
        await audit.record(tx, engine.ids, now, actor=actor, action=_ACTION, subject="encryption key", after=after)
    return done


async def rotate(engine: Engine, actor: str) -> Resealed:
    """Change the key, or go on with a change that was interrupted, and end it."""
    begin(engine)
    return await finish(engine, actor)


def _path(engine: Engine) -> Path:
    return engine.settings.key_file or key_file.default_path()


def _own_file(engine: Engine) -> Path:
    """Return the key file that this process works with; another one at that place must not be touched."""
    path = _path(engine)
    if key_file.read(path).hmac(_PROOF) != engine.vault.hmac(_PROOF):
        raise RequestRefused("other_key_file", "The key file is not the one this process works with; nothing was changed.", 409)
    return path
