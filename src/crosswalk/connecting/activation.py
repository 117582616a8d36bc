"""Accounts that are activated by hand: terms are agreed to first, and while one is inactive nothing of it can be configured or runs.

Who agreed to which terms, and when, stands in the audit trail alone: it is never changed, and other terms are agreed to anew.
"""

from dataclasses import dataclass
from datetime import datetime

import httpx2
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.caller import Caller
from crosswalk.clock import Clock
from crosswalk.engine import jobs
from crosswalk.errors import RequestRefused, RetryLater, SourceRefusedError
from crosswalk.journal import audit, runs
from crosswalk.sources.liveperson import account
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.turn.context import Engine

FIRST = "Activate the account first"

_KINDS = frozenset({"liveperson"})
_AGREED = "source.agree"
_DONE = {SourceState.ON: "source.activate", SourceState.OFF: "source.deactivate"}
_ASKED_FOR = "account_id"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who agreed to the terms, and when."""

    actor: str
    at: datetime


def needed(kind: str) -> bool:
    """Tell whether accounts of a kind are activated by hand."""
    return kind in _KINDS


def is_inactive(source: SourceConfig) -> bool:
    """Tell whether a source waits for its account to be activated."""
    return needed(source.kind) and source.state is not SourceState.ON


def expect_active(source: SourceConfig) -> None:
    """Raise `RequestRefused` while the account is inactive: nothing of it can be configured."""
    if is_inactive(source):
        raise RequestRefused("account_inactive", f"{FIRST}, under Account; nothing was changed.", 409)


async def expect_account(http: httpx2.AsyncClient, clock: Clock, source: SourceConfig, stored: SourceConfig | None = None) -> None:
    """Ask the system whether it has the account that was entered; raise `RequestRefused` at its field when it has not."""
    if not needed(source.kind) or (stored and stored.settings.get(_ASKED_FOR) == source.settings.get(_ASKED_FOR)):
        return
    settings = LivePersonSettings.model_validate(source.settings)
    if not settings.account_id:
        sentence = "Enter the account id: the number that stands in LivePerson's addresses. Nothing was saved."
        raise RequestRefused("account_unknown", sentence, 422, field=_ASKED_FOR)
    try:
        await account.expect(http, clock, settings)
    except SourceRefusedError:
        sentence = f"LivePerson knows no account {settings.account_id}. Nothing was saved; compare the number with LivePerson's addresses."
        raise RequestRefused("account_unknown", sentence, 422, field=_ASKED_FOR) from None
    except RetryLater as busy:
        sentence = f"{busy.sentence} So the account could not be checked and nothing was saved; save it again in a minute."
        raise RequestRefused("account_unchecked", sentence, 409, field=_ASKED_FOR) from None


async def agreement(engine: Engine, source: SourceConfig) -> Agreement | None:
    """Return who agreed to the terms as they are now."""
    table = tables.audit
    statement = select(table.c.actor, table.c.at, table.c.after).where(table.c.subject == source.id, table.c.action == _AGREED)
    async with engine.database.read() as tx:
        last = (await tx.execute(statement.order_by(table.c.id.desc()).limit(1))).first()
    return Agreement(last.actor, last.at) if last and last.after == _terms(engine) else None


async def expect_agreed(engine: Engine, source: SourceConfig) -> None:
    """Raise `RequestRefused` when the source's account needs an agreement to terms and has none."""
    if needed(source.kind) and await agreement(engine, source) is None:
        raise _not_agreed()


async def activate(engine: Engine, caller: Caller, source: SourceConfig, *, agrees: bool) -> None:
    """Activate an account whose terms the caller agrees to, or somebody agreed to before; its jobs go on where they stood."""
    is_agreed = not needed(source.kind) or await agreement(engine, source) is not None
    if not is_agreed and not agrees:
        raise _not_agreed()
    async with engine.database.write() as tx:
        if not is_agreed:
            now, after = engine.clock.now(), _terms(engine)
            await audit.record(tx, engine.ids, now, actor=caller.actor, action=_AGREED, subject=source.id, after=after)
        await turn(tx, engine, caller, source, SourceState.ON)
    engine.configuration.forget()


async def deactivate(engine: Engine, caller: Caller, source: SourceConfig) -> None:
    """Deactivate an account: it takes no events, its jobs stop, and its settings stay."""
    async with engine.database.write() as tx:
        await turn(tx, engine, caller, source, SourceState.OFF)
    engine.configuration.forget()


async def turn(tx: AsyncConnection, engine: Engine, caller: Caller, source: SourceConfig, state: SourceState) -> None:
    """Switch a source on or off with its jobs, and note who did; the caller makes `ConfigurationCache.forget` known."""
    now = engine.clock.now()
    await tx.execute(update(tables.source).where(tables.source.c.id == source.id).values(state=state.value))
    await follow(tx, engine, source.id, state)
    action = _DONE[state] if needed(source.kind) else "source.change"
    before, after = {"state": source.state}, {"state": state}
    await audit.record(tx, engine.ids, now, actor=caller.actor, action=action, subject=source.id, before=before, after=after)


async def follow(tx: AsyncConnection, engine: Engine, source_id: str, state: SourceState) -> None:
    """Let the jobs of a source follow its switch: what is under way ends after its page, what waited goes on at once."""
    if state is SourceState.ON:
        await jobs.wake(tx, source_id, engine.clock.now())
    else:
        await runs.request_stop_of(tx, source_id, engine.clock.now())


def _terms(engine: Engine) -> dict[str, str]:
    return {"terms": engine.settings.account_terms}


def _not_agreed() -> RequestRefused:
    sentence = "Tick that you have read and agree to these terms; the account was not activated, and nothing is read from it."
    return RequestRefused("terms_not_agreed", sentence, 422, field="agrees")
