"""The orgs this process can talk to, one ready `Org` a connection, made when first needed.

A connection whose settings changed gets a new one; the token row, the describe cache and the call sizes live in the database, so that
nothing is lost by it.
"""

from functools import partial

import httpx2

from crosswalk.engine import lost_rows
from crosswalk.errors import CrosswalkError, RetryLater
from crosswalk.journal.callouts import Failed
from crosswalk.model import Callout, Priority
from crosswalk.model.callouts import masked_sentence
from crosswalk.salesforce import auth
from crosswalk.salesforce.budget import Budget
from crosswalk.salesforce.calls import RecordedCalls
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.describe import OrgDescribe
from crosswalk.salesforce.logins import Token
from crosswalk.salesforce.sizes import Sizes
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.turn.context import Engine, Org


class Orgs:
    """Makes and keeps an `Org` for each connection of this process."""

    def __init__(self, engine: Engine, http: httpx2.AsyncClient) -> None:
        self._engine = engine
        self._http = http
        self._ready: dict[str, Org] = {}
        self._refused: list[Failed] = []

    async def of(self, connection: ConnectionConfig) -> Org:
        """Return the org behind a connection, logging in on first use; raises what the login raises."""
        ready = self._ready.get(connection.id)
        if ready and _means(ready.connection) == _means(connection):
            return ready
        made = await self._made(connection)
        self._ready[connection.id] = made
        return made

    def failed(self) -> list[Failed]:
        """Hand out the calls that failed since the last time, for the log of callouts."""
        found, self._refused = self._refused, []
        for connection_id, org in self._ready.items():
            while org.client.failed:
                found.append(Failed(org.client.failed.popleft(), connection_id=connection_id))
        return found

    async def _logged_in(self, tokens: auth.Tokens, connection_id: str) -> Token:
        try:
            return await tokens.current()
        except CrosswalkError as error:
            due = error.due if isinstance(error, RetryLater) else None
            callout = Callout(self._engine.clock.now(), "Salesforce", "login", error.code, masked_sentence(error.sentence), due=due)
            self._refused.append(Failed(callout, connection_id=connection_id))
            raise

    async def _made(self, connection: ConnectionConfig) -> Org:
        engine = self._engine
        flow = auth.flow(
            connection,
            self._http,
            engine.clock,
            engine.timings,
            plain_http_allowed=engine.settings.allow_plain_http_orgs,
        )
        tokens = auth.Tokens(engine.database, engine.vault, engine.clock, connection, flow, engine.timings)
        org_id = (await self._logged_in(tokens, connection.id)).org_id
        budget = Budget(engine.database, engine.clock, connection, engine.timings, new_id=engine.ids.new)
        calls = RecordedCalls(connection.id, engine.ids.new, budget.heard)
        version = str(connection.settings.get("api_version", "v60.0"))
        client = Client(self._http, tokens, engine.clock, calls, version, timings=engine.timings)
        budget.ask_through(client)
        describe = OrgDescribe(
            client,
            engine.database,
            connection.id,
            engine.clock,
            before_call=budget.spender(Priority.STREAM),
            on_change=partial(lost_rows.settle, engine, connection.id),
        )
        return Org(connection, org_id, client, describe, budget, Sizes(engine.database, connection.id), calls)


def _means(connection: ConnectionConfig) -> tuple[object, ...]:
    """Return what a ready `Org` depends on; the org's own figures in the row change all the time."""
    return connection.settings, connection.secrets, connection.key_field, connection.slots
