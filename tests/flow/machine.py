"""The state machine of the product's promises: random events, repeats, kills, pauses and faults against one org.

After each run it works until nothing waits, then the invariants of the promises are checked from the org's own write log and from the
database. Rules are synchronous for hypothesis; each runs its coroutine on the machine's own loop.
"""

import asyncio
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import create_engine, select
from tests.flow.invariants import LIMIT, PEOPLE, RESERVE, SECRETS, Invariants
from tests.flow.mappings import STATUSES, calls, row, webinar
from tests.flow.previews import changes_made, known_ids, shown
from tests.world import KEY_FIELD, Killed, World, identify, registration

from crosswalk import flow
from crosswalk.clock import VirtualClock
from crosswalk.errors import BudgetSpentError
from crosswalk.inbox import cursors
from crosswalk.salesforce.describe import RECHECK
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault
from crosswalk.turn.context import nowhere
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

POINTS = ("K0", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8")
FOR_A_PREVIEW = 12  # calls
STALL_SECONDS, LEASE_IS_OVER, A_STEP = 540, 200, 30
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder without a disk: thousands of databases are made and dropped
START = datetime(2026, 3, 4, 9, tzinfo=UTC)
CALLS = calls(row("Phone", "phone", update="overwrite"))


@cache
def _empty_file():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{path}")
        tables.metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


class Promises(Invariants, RuleBasedStateMachine):
    """Deliver, repeat, reorder, kill, pause, lose replies, lock rows; then nothing is lost, doubled, damaged or forgotten."""

    key_field: str | None = KEY_FIELD
    database_url: str | None = None

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def open(self):
        self.logging = ExitStack()
        self.logged = self.logging.enter_context(structlog.testing.capture_logs())
        self.run(self._open())

    async def _open(self):
        self.clock = VirtualClock(START)
        ids = Ids(self.clock, Random(7))
        self.database = await Database.open(self.database_url or self._file(), self.clock)
        if self.database_url:
            async with self.database.write() as tx:
                for table in reversed(tables.metadata.sorted_tables):
                    await tx.execute(table.delete())
        self.org = LocalOrg(OrgSettings(max_request_seconds=600, api_limit=LIMIT), self.clock)
        self.world = World(self.database, Vault.in_memory("test"), self.clock, ids, self.org, key_field=self.key_field)
        await self.world.prepare_org()
        await self.world.connect(slots=2, reserve=RESERVE)
        self.calls = await self.world.add_source("rudderstack", secrets=SECRETS)
        self.webinar = await self.world.add_source("livestorm", secrets=SECRETS)
        self.calls_sync = await self.world.add_sync(self.calls, CALLS, position=0)
        await self.world.add_sync(self.webinar, webinar(), position=1)
        await self.world.seed("Contact", {"LastName": "Known", "Email": "eve@known.example", "Title": "Director"})
        await self.world.seed("Lead", {"LastName": "Known", "Company": "Known Ltd", "Email": "joe@known.example"})

    def _file(self):
        """Return the address of a database file that has all tables; making them anew for each history takes longer than most of it."""
        path = Path(self.folder.name) / "crosswalk.db"
        path.write_bytes(_empty_file())
        return f"sqlite+aiosqlite:///{path}"

    # --- what arrives ----------------------------------------------------------------------------------------------------------------

    @rule(
        person=st.sampled_from(PEOPLE),
        phone=st.sampled_from(["111", "222", "333"]),
        at=st.integers(0, 50),
        upper=st.booleans(),
        keys=st.sampled_from(["both", "address", "id"]),
    )
    def call(self, person, phone, at, upper, keys):
        """Deliver an identify call, perhaps out of order, with the address in capitals, by the address or the user id alone."""
        body, told = self._told(person, phone, at, upper=upper, keys=keys)
        self._heard(person, told, keys, self._deliver(self.calls, body))

    def _told(self, person, phone, at, *, upper=False, keys="both"):
        self.number += 1
        when = START - timedelta(minutes=60 - at)
        message = f"m{self.number:04d}"
        body = identify(
            person.upper() if upper else person, message, when.isoformat(timespec="milliseconds"), phone=phone, lastName="Smith"
        )
        body["userId"] = f"u{PEOPLE.index(person)}"
        if keys == "address":
            body["anonymousId"] = f"a{self.number}"
            del body["userId"]
        if keys == "id":
            del body["traits"]["email"]
        return body, (when, message, phone)

    def _heard(self, person, told, keys, receipt):
        """Note what is to be expected of a call: one by a user id that nobody knows yet may come to nothing."""
        if person in self.forgotten:
            return
        assert receipt.events == 1
        self.kept[told[1]] = person
        self.acquainted |= {person} if keys == "both" else set()
        certain = keys != "id" or person in self.acquainted
        (self.phones if certain else self.perhaps).setdefault(person, []).append(told)

    @rule(
        person=st.sampled_from(PEOPLE),
        event=st.sampled_from(sorted(STATUSES)),
        at=st.integers(0, 3000),
        title=st.sampled_from([None, "Engineer", "Buyer"]),
    )
    def webhook(self, person, event, at, title):
        """Deliver a webinar webhook."""
        receipt = self._deliver(self.webinar, self._registered(person, event, at, title))
        self._registers(person, event, title, receipt)

    def _registered(self, person, event, at, title):
        when = int(START.timestamp()) - 3600 + at
        fields = {"last_name": "Smith", "company": "Acme", **({"job_title": title} if title else {})}
        return registration(person, f"p{PEOPLE.index(person)}", event=event, at=when, fields=fields)

    def _registers(self, person, event, title, receipt):
        if receipt.events:
            self.statuses.setdefault(person, set()).add(STATUSES[event])
            self.titles.setdefault(person, set()).add(title)

    @rule(person=st.sampled_from(PEOPLE), event=st.sampled_from(sorted(STATUSES)), at=st.integers(0, 3000), dies=st.booleans())
    def page(self, person, event, at, dies):
        """Pull a page, perhaps dying as it is kept; the cursor moves with what is kept, and the page read again is nothing new."""
        body = self._registered(person, event, at, None)
        if dies:
            self.run(self._pulled(body, dies=True))
        self._registers(person, event, None, self.run(self._pulled(body)))
        self.sent.append((self.webinar, body))
        assert self.run(self._pulled(body)).events == 0

    async def _pulled(self, body, *, dies=False):
        source, kind, accepted = await self.world.read(self.webinar, body)
        async with self.database.write() as tx:
            cursor = await cursors.lease(tx, source.id, "people", "pull", 60, self.clock.now())

        async def move(tx, _receipt):
            await cursors.advance(tx, cursor, (cursor.position or 0) + 1, None, 60, self.clock.now())
            if dies:
                raise Killed

        try:
            receipt = await self.world.receiver.receive_page(source, accepted, move, fingerprint=kind.fingerprint)
        except Killed:
            receipt = None
        async with self.database.read() as tx:
            position = await tx.scalar(select(tables.cursor.c.position))
        assert position == (cursor.position if dies else (cursor.position or 0) + 1)
        return receipt

    @rule(pick=st.randoms(use_true_random=False))
    def repeat(self, pick):
        """Deliver something again."""
        if self.sent:
            source, body = pick.choice(self.sent)
            receipt = self.run(self.world.deliver(source, body))
            assert receipt.events in (0, 1)
            if "messageId" in body:
                assert receipt.events == 0

    def _deliver(self, source, body):
        receipt = self.run(self.world.deliver(source, body))
        self.sent.append((source, body))
        return receipt

    # --- what works, and what befalls it ---------------------------------------------------------------------------------------------

    @rule()
    def work(self):
        """Let a worker sweep once."""
        self.run(self._sweep())

    @rule()
    def work_together(self):
        """Let two workers sweep at once."""
        self.run(self._finished({self._sweep(), self._sweep()}, 1))

    async def _sweep(self, at=nowhere):
        await self.world.worker(at).sweep(linger=False)

    async def _finished(self, works, step):
        """Wait for all of these; where they wait for one another, a login or a locked row, time goes by in steps of so many seconds."""
        left = {asyncio.ensure_future(work) for work in works}
        while left:
            done, left = await asyncio.wait(left, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            self.clock.advance(0 if done else step)

    @rule(point=st.sampled_from(POINTS), nth=st.integers(1, 3))
    def kill(self, point, nth):
        """Let a worker die at a line; its lease runs out."""
        self.run(self.world.crash(point, nth))

    @rule(point=st.sampled_from(POINTS), minutes=st.sampled_from([3, 15]))
    def pause(self, point, minutes):
        """Stop a worker beyond its lease while another works, then let it go on where it stood."""
        if not self.key_field and point == "K5":
            return  # the stated limit of keyless orgs: a process paused inside a send

        async def stand_still():
            self.clock.advance(minutes * 60)
            await self._sweep()

        self.run(self._meanwhile(point, stand_still))

    async def _meanwhile(self, point, what):
        """Let a worker sweep, and something else happen where it passes the point for the first time."""
        passed = False

        async def once(here):
            nonlocal passed
            if here == point and not passed:
                passed = True
                await what()

        await self._sweep(once)

    @rule()
    def stall(self):
        """Let the org take nine minutes for a write, so that the lease is over long before its answer and another works meanwhile."""
        self.run(self._stall())

    async def _stall(self):
        await self.world.fault(match={"resource": "collections", "times": 1}, do="stall", seconds=STALL_SECONDS)
        (stalling,) = [one for one in self.org.org.faults.all() if one.do == "stall"]
        first = asyncio.create_task(self._sweep())
        while not first.done() and not stalling.fired:
            await asyncio.wait({first}, timeout=0.001)
        if not stalling.fired:
            await self.world.ask("DELETE", "/localorg/faults")
            return
        await asyncio.sleep(0)  # the call is taken up
        self.clock.advance(LEASE_IS_OVER)
        over = self.clock.monotonic() + STALL_SECONDS
        await self._finished({first, self._sweep()}, A_STEP)
        self.clock.advance(max(over - self.clock.monotonic(), 0))  # the worker gave the call up long before the org has done with it
        while self.org.org.locks.busy:  # noqa: ASYNC110 - the org tells nobody when it is done
            await asyncio.sleep(0)
        await self.world.ask("DELETE", "/localorg/faults")

    @rule(
        do=st.sampled_from(["drop_before", "drop_after_commit", "status", "html", "expire_session", "concurrent_limit", "daily_limit"]),
        resource=st.sampled_from(["composite", "collections", "query"]),
    )
    def trouble(self, do, resource):
        """Let one of the next calls fail."""
        self.run(self.world.fault(match={"resource": resource, "times": 1}, do=do))

    @rule()
    def lock(self):
        """Let one row of the next writes be locked."""
        self.run(self.world.fault(match={"times": 1}, do="lock_row"))

    @rule(calls=st.sampled_from([5, 20]))
    def others_spend(self, calls):
        """Let others use up calls of the org; that is known a minute later."""
        self.run(self.world.ask("POST", "/localorg/calls", json={"calls": calls}))
        self.clock.advance(70)

    @rule(seconds=st.sampled_from([1, 60, 700]))
    def time_passes(self, seconds):
        """Let time go by."""
        self.clock.advance(seconds)

    # --- P8 --------------------------------------------------------------------------------------------------------------------------

    @rule(
        person=st.sampled_from(PEOPLE),
        phone=st.sampled_from(["111", "222"]),
        at=st.integers(0, 50),
        event=st.sampled_from(sorted(STATUSES)),
    )
    def foresee(self, person, phone, at, event):
        """I7: at rest, what a preview shows of a call and of a webhook is what their run then does, within the calls it names."""
        self.run(self._rest())
        if person in self.forgotten:
            return
        body, told = self._told(person, phone, at)
        webhook = self._registered(person, event, at, None)
        for source, sent in ((self.calls, body), (self.webinar, webhook)):
            receipt = self.run(self._foreseen(source, sent))
            if receipt and source == self.calls:
                self._heard(person, told, "both", receipt)
            elif receipt:
                self._registers(person, event, None, receipt)

    async def _foreseen(self, source_id, body):
        """Preview a body, let it arrive and run, compare; None when there are no calls left but those of the reserve for people."""
        if (await self.world.calls())["used"] > LIMIT - RESERVE - FOR_A_PREVIEW:
            return None
        known, before = await known_ids(self.world), {one["id"] for one in await self.world.rows(tables.change)}
        source, _, accepted = await self.world.read(source_id, body)
        try:
            preview = await flow.preview(self.world.engine, await self.world.ready_org(), source, accepted.events)
        except BudgetSpentError:
            return None
        spent = await self._spent()
        receipt = await self.world.deliver(source_id, body)
        self.sent.append((source_id, body))
        await self._drain()
        if receipt.events:
            changes = [decision.change for decision in preview.decisions if decision.change]
            planned = sorted(shown(one.object, one.operation.value, one.record_id, one.fields, known) for one in changes)
            assert planned == await changes_made(self.world, known, before)
            assert await self._spent() - spent <= preview.calls_at_most + await self._looks_at_descriptions()
        return receipt

    async def _spent(self):
        """Return the number of calls, those aside that ask how many are left: they are due by the clock, not by the work."""
        return len([call for call in (await self.world.calls())["calls"] if call["kind"] != "limits"])

    async def _looks_at_descriptions(self):
        """Return the call that a process of its own may spend once an hour to see whether objects are described otherwise."""
        described = [one["at"] for one in await self.world.rows(tables.describe_cache)]
        return int(any(self.clock.now() - at >= RECHECK for at in described))

    # --- the end ---------------------------------------------------------------------------------------------------------------------

    def teardown(self):
        try:
            if hasattr(self, "world"):
                self.run(self._settle_and_check())
        finally:
            self.run(self._close())
            self.loop.close()
            self.folder.cleanup()

    async def _close(self):
        if hasattr(self, "world"):
            self.logging.close()
            await self.world.close()
            await self.org.close()
            await self.database.close()
