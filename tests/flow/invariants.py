"""What must hold after every history of the state machine, once it has come to rest: I1 to I9 and I11 of the promises.

It is asked of the org's own logs of writes and calls and of the database. I7 is asked in the middle of a history, when it foresees.
"""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from crosswalk.inbox import deliveries
from crosswalk.journal import stats
from crosswalk.store import tables
from crosswalk.turn import pausing

PEOPLE = ("ann@x.example", "bob@x.example", "eve@known.example", "joe@known.example")
RANKS = ("Sent", "Registered", "Did not attend", "Attended")
SECRETS = {"signing_secret": "planted-signing-secret", "write_key": "planted-write-key"}
LIMIT, RESERVE = 100, 40  # calls in 24 hours: a history may run out of them
AN_HOUR, A_WEEK = 3600, timedelta(days=7)
ACCIDENTS = {"turn_broken"}  # what a worker logs of an error that it does not know


class Invariants:
    """What a history remembers of what it did, and the checks."""

    def __init__(self):
        super().__init__()
        self.sent = []  # (source, body)
        self.phones = {}  # person → [(time, message, phone)]
        self.perhaps = {}  # the same of calls by a user id that nobody knew when they came
        self.acquainted = set()  # people whose user id has come with their address
        self.statuses = {}  # person → statuses told
        self.titles = {}  # person → titles told
        self.kept = {}  # message ids answered with success, and whose they are
        self.forgotten = {}  # person → number of writes when they asked for it
        self.number = 0

    async def _settle_and_check(self):
        await self._rest()
        self.clock.advance(self.world.settings.timings.settle + self.world.settings.timings.claim)
        await self._drain()
        await self._nothing_lost()
        await self._one_record_each()
        await self._values_converged()
        self._no_damage()
        await self._nothing_left()
        await self._repeats_change_nothing()
        await self._within_budget()
        await self._nothing_told()

    async def _rest(self):
        """End all troubles and work until nothing waits."""
        await self.world.ask("DELETE", "/localorg/faults")
        self.clock.advance(self.world.settings.timings.lease + 1)
        await pausing.resume(self.world.engine, self.world.connection_id)  # two dead sessions in a row pause it, as they should
        await self._drain()

    async def _drain(self):
        """Work until nothing waits; calls that are used up come back in the course of a day."""
        latest = self.clock.now() + A_WEEK
        while (due := await self._due_after_a_sweep()) is not None:
            waits_for_calls = "waiting(budget)" in await self.world.states()
            self.clock.advance(AN_HOUR if waits_for_calls else max((due - self.clock.now()).total_seconds(), 0) + 0.001)
            assert self.clock.now() < latest, await self.world.states()

    async def _due_after_a_sweep(self):
        await self._sweep()
        return await self.world.next_due()

    async def _nothing_lost(self):
        """I1: everything answered with success is stored."""
        async with self.database.read() as tx:
            stored = set((await tx.execute(select(tables.event.c.message_id).where(tables.event.c.source_id == self.calls))).scalars())
        assert {message for message, person in self.kept.items() if person not in self.forgotten} <= stored

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
        """I3: overwritten and advancing fields end as the total order of events says, whatever the order of arrival; others as one says."""
        for person in self.phones:
            assert [one["Phone"] for one in await self._records_of(person, "Phone")] in [[one] for one in self._right_phones(person)], (
                person
            )
        for person, told in self.statuses.items():
            members = [one for one in await self.world.records("SELECT Status, Email FROM CampaignMember") if one["Email"] == person]
            assert [one["Status"] for one in members] == [max(told, key=RANKS.index)], person
        for person, told in self.titles.items():
            assert {one["Title"] for one in await self._records_of(person, "Title")} <= told | {None, "Director"}, person

    def _right_phones(self, person):
        """Return the newest phone told, and those that are newer still if the call they came with found out whose it was."""
        newest = max(self.phones[person])
        return {newest[2], *(one[2] for one in self.perhaps.get(person, ()) if one > newest)}

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
        """I6: the sums hold; nothing waits, no claim and no open change is left; no turn broke."""
        async with self.database.read() as tx:
            sums = await stats.sums(tx)
            claims = (await tx.execute(select(func.count()).select_from(tables.claim))).scalar()
            open_changes = (
                await tx.execute(select(func.count()).select_from(tables.change).where(tables.change.c.state.in_(["planned", "sent"])))
            ).scalar()
        assert sums.hold, sums
        assert await self.world.next_due() is None
        assert (claims, open_changes) == (0, 0), (claims, open_changes)
        assert set(await self.world.states()) <= self._ends()
        assert [one for one in self.logged if one["event"] in ACCIDENTS] == []

    def _ends(self):
        """Return the states in which deliveries may end; I9: what ends otherwise leaves the expectations of all others as they are."""
        return {"written", "unchanged", *(["skipped(no_match_key)"] if self.perhaps else [])}

    async def _repeats_change_nothing(self):
        """I5: everything delivered twice again, and everything replayed under the same version, writes nothing.

        A call that named nobody when it came is replayed once before: its sender may have become known since.
        """
        if self.perhaps:
            await self._replay()
            await self._drain()
        before = len(self.world.writes())
        await asyncio.gather(*(self.world.deliver(source, body) for source, body in [*self.sent, *self.sent]))
        await self._drain()
        await self._replay()
        await self._drain()
        assert self.world.writes()[before:] == []

    async def _replay(self):
        async with self.database.write() as tx:
            everything = (await tx.execute(select(tables.delivery.c.id))).scalars().all()
            await deliveries.replay(tx, everything, self.clock.now())

    async def _within_budget(self):
        """I8: no call of ours began that ate the reserve, as the org counted; asking for the figure itself is left out."""
        log = (await self.world.calls())["calls"]
        assert [call["used"] for call in log if call["kind"] != "limits" and call["used"] > LIMIT - RESERVE] == []

    async def _nothing_told(self):
        """I11: no secret, no token and nobody's address stands in a log, or unsealed in the database."""
        async with self.database.read() as tx:
            rows = [await tx.exec_driver_sql(f'SELECT * FROM "{table.name}"') for table in tables.metadata.sorted_tables]
            stored = [str(row) for each in rows for row in each]
        tokens = [self.world.vault.open(row["token_ct"])["access_token"] for row in await self.world.rows(tables.token) if row["token_ct"]]
        hidden = [*SECRETS.values(), *tokens, *PEOPLE, "localorg-secret"]
        assert [one for one in hidden if one in "".join([*stored, str(self.logged)]).lower()] == []
