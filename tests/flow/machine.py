"""The state machine of the product's promises: random events, repeats, kills, pauses and faults against one org.

After each run it works until nothing waits, then the invariants of the promises are checked from the org's own write log and from the
database. Rules are synchronous for hypothesis; each runs its coroutine on the machine's own loop.
"""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import create_engine, func, select
from tests.world import KEY_FIELD, World, identify, registration

from crosswalk.clock import VirtualClock
from crosswalk.journal import stats
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault
from crosswalk.turn import pausing
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

PEOPLE = ("ann@x.example", "bob@x.example", "eve@known.example", "joe@known.example")
RANKS = ("Sent", "Registered", "Did not attend", "Attended")
POINTS = ("K0", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8")
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder without a disk: thousands of databases are made and dropped
START = datetime(2026, 3, 4, 9, tzinfo=UTC)

MATCH = [{"field": "Email", "entry": {"attribute": "email"}}]
PERSON = {"search": ["Contact", "Lead"], "create": "Lead", "on_missing": "create", "on_duplicates": "oldest", "follow_converted": True}
CALLS = {
    "title": "Identify calls",
    "source": "rudderstack",
    "events": ["identify"],
    "person": PERSON,
    "steps": [
        {
            "name": name.lower(),
            "object": name,
            "person": True,
            "match": MATCH,
            "rows": [
                {"field": "Email", "entry": {"attribute": "email"}},
                {"field": "LastName", "entry": {"attribute": "lastName"}, "placeholder": "n/a"},
                *([{"field": "Company", "entry": {"attribute": "company"}, "placeholder": "n/a"}] if name == "Lead" else []),
                {"field": "Phone", "entry": {"attribute": "phone"}, "update": "overwrite"},
            ],
        }
        for name in ("Lead", "Contact")
    ],
}
WEBINAR = {
    "title": "Webinar",
    "source": "livestorm",
    "events": ["people.registered", "people.attended", "people.not_attended"],
    "person": PERSON,
    "steps": [
        *(
            {
                "name": name.lower(),
                "object": name,
                "person": True,
                "match": MATCH,
                "rows": [
                    {"field": "Email", "entry": {"attribute": "email"}},
                    {"field": "LastName", "entry": {"attribute": "last_name"}, "placeholder": "n/a"},
                    *([{"field": "Company", "entry": {"attribute": "company"}, "placeholder": "n/a"}] if name == "Lead" else []),
                    {"field": "Title", "entry": {"attribute": "job_title"}},
                ],
            }
            for name in ("Lead", "Contact")
        ),
        {
            "name": "member",
            "object": "CampaignMember",
            "once_per": "person_and_entity",
            "parent": "person",
            "campaign": "bound",
            "rows": [
                {
                    "field": "Status",
                    "entry": {"attribute": "session_status"},
                    "values": {
                        "people.registered": "Registered",
                        "people.not_attended": "Did not attend",
                        "people.attended": "Attended",
                    },
                    "update": "advance",
                    "ladder": {"ranks": list(RANKS)},
                }
            ],
        },
    ],
}


@cache
def _empty_file():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{path}")
        tables.metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


class Killed(BaseException):
    """The process died here."""


class Promises(RuleBasedStateMachine):
    """Deliver, repeat, reorder, kill, pause, lose replies, lock rows; then nothing is lost, doubled, damaged or forgotten."""

    key_field: str | None = KEY_FIELD
    database_url: str | None = None

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.sent = []  # (source, body, path)
        self.phones = {}  # person → [(time, number, phone)]
        self.statuses = {}  # person → statuses told
        self.kept = set()  # message ids answered with success
        self.number = 0

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def open(self):
        self.run(self._open())

    async def _open(self):
        self.clock = VirtualClock(START)
        ids = Ids(self.clock, Random(7))
        self.database = await Database.open(self.database_url or self._file(), self.clock)
        if self.database_url:
            async with self.database.write() as tx:
                for table in reversed(tables.metadata.sorted_tables):
                    await tx.execute(table.delete())
        self.org = LocalOrg(OrgSettings(max_request_seconds=600), self.clock)
        self.world = World(self.database, Vault.in_memory("test"), self.clock, ids, self.org, key_field=self.key_field)
        await self.world.prepare_org()
        await self.world.connect()
        self.calls = await self.world.add_source("rudderstack")
        self.webinar = await self.world.add_source("livestorm")
        self.calls_sync = await self.world.add_sync(self.calls, CALLS, position=0)
        await self.world.add_sync(self.webinar, WEBINAR, position=1)
        await self.world.seed("Contact", {"LastName": "Known", "Email": "eve@known.example", "Title": "Director"})
        await self.world.seed("Lead", {"LastName": "Known", "Company": "Known Ltd", "Email": "joe@known.example"})

    def _file(self):
        """Return the address of a database file that has all tables; making them anew for each history takes longer than most of it."""
        path = Path(self.folder.name) / "crosswalk.db"
        path.write_bytes(_empty_file())
        return f"sqlite+aiosqlite:///{path}"

    # --- what happens ----------------------------------------------------------------------------------------------------------------

    @rule(person=st.sampled_from(PEOPLE), phone=st.sampled_from(["111", "222", "333"]), at=st.integers(0, 50), upper=st.booleans())
    def call(self, person, phone, at, upper):
        """Deliver an identify call, perhaps out of order and with the address in capitals."""
        self.number += 1
        when = START - timedelta(minutes=60 - at)
        message = f"m{self.number:04d}"
        email = person.upper() if upper else person
        body = identify(email, message, when.isoformat(timespec="milliseconds"), phone=phone, lastName="Smith")
        self.phones.setdefault(person, []).append((when, message, phone))
        self._deliver(self.calls, body)
        self.kept.add(message)

    @rule(
        person=st.sampled_from(PEOPLE),
        event=st.sampled_from(["people.registered", "people.attended", "people.not_attended"]),
        at=st.integers(0, 3000),
        title=st.sampled_from([None, "Engineer", "Buyer"]),
    )
    def webhook(self, person, event, at, title):
        """Deliver a webinar webhook."""
        when = int(START.timestamp()) - 3600 + at
        fields = {"last_name": "Smith", "company": "Acme", **({"job_title": title} if title else {})}
        receipt = self._deliver(self.webinar, registration(person, f"p-{person}", event=event, at=when, fields=fields))
        if receipt.events:
            status = {"people.registered": "Registered", "people.attended": "Attended"}.get(event, "Did not attend")
            self.statuses.setdefault(person, set()).add(status)

    @rule(pick=st.randoms(use_true_random=False))
    def repeat(self, pick):
        """Deliver something again."""
        if self.sent:
            source, body = pick.choice(self.sent)
            receipt = self.run(self.world.deliver(source, body))
            assert receipt.events in (0, 1)
            if "messageId" in body:
                assert receipt.events == 0

    @rule()
    def work(self):
        """Let a worker sweep once."""
        self.run(self.world.worker().sweep(linger=False))

    @rule(point=st.sampled_from(POINTS), nth=st.integers(1, 3))
    def kill(self, point, nth):
        """Let a worker die at a line; its lease runs out."""
        passed = 0

        async def die(here):
            nonlocal passed
            passed += here == point
            if passed == nth:
                raise Killed

        async def doomed():
            try:
                await self.world.worker(die).sweep(linger=False)
            except Killed:
                self.clock.advance(self.world.settings.timings.lease + 1)

        self.run(doomed())

    @rule(point=st.sampled_from(POINTS), minutes=st.sampled_from([3, 15]))
    def pause(self, point, minutes):
        """Stop a worker beyond its lease while another works, then let it go on where it stood."""
        if not self.key_field and point == "K5":
            return  # the stated limit of keyless orgs: a process paused inside a send
        paused = False

        async def stand_still(here):
            nonlocal paused
            if here == point and not paused:
                paused = True
                self.clock.advance(minutes * 60)
                await self.world.worker().sweep(linger=False)

        self.run(self.world.worker(stand_still).sweep(linger=False))

    @rule(
        do=st.sampled_from(["drop_before", "drop_after_commit", "status", "html", "expire_session", "concurrent_limit"]),
        resource=st.sampled_from(["composite", "collections", "query"]),
    )
    def trouble(self, do, resource):
        """Let one of the next calls fail."""
        self.run(self.world.fault(match={"resource": resource, "times": 1}, do=do))

    @rule()
    def lock(self):
        """Let one row of the next writes be locked."""
        self.run(self.world.fault(match={"times": 1}, do="lock_row"))

    @rule(seconds=st.sampled_from([1, 60, 700]))
    def time_passes(self, seconds):
        """Let time go by."""
        self.clock.advance(seconds)

    def _deliver(self, source, body):
        receipt = self.run(self.world.deliver(source, body))
        self.sent.append((source, body))
        return receipt

    # --- what must hold --------------------------------------------------------------------------------------------------------------

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
            await self.world.close()
            await self.org.close()
            await self.database.close()

    async def _settle_and_check(self):
        await self.world.ask("DELETE", "/localorg/faults")
        self.clock.advance(self.world.settings.timings.lease + 1)
        await pausing.resume(self.world.engine, self.world.connection_id)  # two dead sessions in a row pause it, as they should
        await self.world.drain()
        self.clock.advance(self.world.settings.timings.claim + 1)
        await self.world.worker().sweep()
        await self._nothing_lost()
        await self._one_record_each()
        await self._values_converged()
        self._no_damage()
        await self._nothing_left()

    async def _nothing_lost(self):
        """I1: everything answered with success is stored."""
        async with self.database.read() as tx:
            stored = set((await tx.execute(select(tables.event.c.message_id).where(tables.event.c.source_id == self.calls))).scalars())
        assert self.kept <= stored

    async def _one_record_each(self):
        """I2: one record of ours per person, none where one existed."""
        for person in PEOPLE:
            found = await self._records_of(person, "Id")
            known = person.endswith("known.example")
            heard = person in self.phones or person in self.statuses
            assert len(found) == (1 if known or heard else 0), (person, found)
        members = await self.world.records("SELECT Id, LeadId, ContactId FROM CampaignMember")
        pairs = [(one["LeadId"], one["ContactId"]) for one in members]
        assert len(pairs) == len(set(pairs)) == len(self.statuses)

    async def _values_converged(self):
        """I3: overwritten and advancing fields end as the total order of events says, whatever the order of arrival."""
        for person, told in self.phones.items():
            assert [one["Phone"] for one in await self._records_of(person, "Phone")] == [max(told)[2]], person
        for person, told in self.statuses.items():
            members = [one for one in await self.world.records("SELECT Status, Email FROM CampaignMember") if one["Email"] == person]
            assert [one["Status"] for one in members] == [max(told, key=RANKS.index)], person

    async def _records_of(self, person, field):
        both = [await self.world.records(f"SELECT {field}, Email FROM {name}") for name in ("Lead", "Contact")]
        return [one for records in both for one in records if one["Email"] == person]

    def _no_damage(self):
        """I4: no write clears, puts a placeholder over something, fills what is filled, or takes a status back."""
        for write in self.world.writes():
            if write.op != "update":
                continue
            before, after = write.before or {}, write.after or {}
            for name in write.sent:
                if name not in after:
                    continue
                assert after[name] is not None, (name, write)
                assert after[name] != "n/a", (name, write)
                if name == "Title":
                    assert before.get(name) is None, write
                if name == "Status" and write.object == "CampaignMember":
                    assert RANKS.index(after[name]) > RANKS.index(before[name]), write

    async def _nothing_left(self):
        """I6: the sums hold; nothing waits, no claim and no open change is left."""
        async with self.database.read() as tx:
            sums = await stats.sums(tx)
            claims = (await tx.execute(select(func.count()).select_from(tables.claim))).scalar()
            open_changes = (
                await tx.execute(select(func.count()).select_from(tables.change).where(tables.change.c.state.in_(["planned", "sent"])))
            ).scalar()
        assert sums.hold, sums
        assert await self.world.next_due() is None
        assert (claims, open_changes) == (0, 0), (claims, open_changes)
        assert set(await self.world.states()) <= {"written", "unchanged"}
