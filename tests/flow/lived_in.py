"""The state machine in an org where people work too: they edit and convert records, and admins save mappings, pause and replay."""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select, update
from tests.flow.machine import CALLS, PEOPLE, Promises

from crosswalk.inbox import deliveries
from crosswalk.reasons import Reason
from crosswalk.store import tables


class LivedIn(Promises):
    """Everything `Promises` does, between the hands of people."""

    def __init__(self):
        super().__init__()
        self.edited = set()  # people whose phone a human wrote: the human's value and ours may both stand
        self.converted = set()

    @rule(person=st.sampled_from(PEOPLE), field=st.sampled_from(["Phone", "Title"]), value=st.sampled_from(["999", "Chief", None]))
    def edit(self, person, field, value):
        """Let a person write or clear a field."""
        self.run(self._edit(person, field, value))

    async def _edit(self, person, field, value):
        for object_name in ("Contact", "Lead"):
            found = [one for one in await self._rows(object_name) if one["Email"] == person and not one.get("IsConverted")]
            if found:
                await self.world.edit(object_name, found[0]["Id"], **{field: value})
                self.edited |= {person} if field == "Phone" else set()
                return

    @rule(person=st.sampled_from(PEOPLE))
    def convert(self, person):
        """Let a person convert a lead."""
        self.run(self._convert(person))

    async def _convert(self, person):
        for lead in await self._rows("Lead"):
            if lead["Email"] == person and not lead["IsConverted"]:
                await self.world.convert(lead["Id"])
                self.converted.add(person)
                return

    async def _rows(self, object_name):
        extra = ", IsConverted" if object_name == "Lead" else ""
        return await self.world.records(f"SELECT Id, Email{extra} FROM {object_name} ORDER BY CreatedDate, Id")

    @rule(title=st.sampled_from(["one", "two"]))
    def save_mapping(self, title):
        """Let an admin save the mapping again, with the same rows."""
        self.run(self.world.save_mapping(self.calls_sync, CALLS | {"title": title}))

    @rule(state=st.sampled_from(["on", "paused"]))
    def switch(self, state):
        """Let an admin pause or resume a sync."""
        self.run(self._switch(state))

    async def _switch(self, state):
        async with self.database.write() as tx:
            await tx.execute(update(tables.sync).where(tables.sync.c.id == self.calls_sync).values(state=state))
            await deliveries.wake_sync(tx, self.calls_sync, {Reason.SYNC_PAUSED}, self.clock.now())
        self.world.configuration.forget()

    @rule()
    def replay(self):
        """Let an operator replay everything."""
        self.run(self._replay())

    async def _replay(self):
        async with self.database.write() as tx:
            everything = (await tx.execute(select(tables.delivery.c.id))).scalars().all()
            await deliveries.replay(tx, everything, self.clock.now())

    # --- what must hold --------------------------------------------------------------------------------------------------------------

    async def _settle_and_check(self):
        await self._switch("on")
        await super()._settle_and_check()
        await self._repeats_change_nothing()

    async def _one_record_each(self):
        """I2: we made at most one record a person, and none where one existed."""
        for person in PEOPLE:
            made = [one for one in self.world.writes() if one.op == "insert" and (one.after or {}).get("Email", "").lower() == person]
            persons = [one for one in made if one.object in ("Lead", "Contact")]
            members = [one for one in made if one.object == "CampaignMember"]
            heard = person in self.phones or person in self.statuses
            assert len(persons) == (1 if heard and not person.endswith("known.example") else 0), (person, persons)
            assert len(members) <= 1, (person, members)

    async def _values_converged(self):
        """I3, where no human wrote the field: the record that lives holds what the total order of events says."""
        for person, told in self.phones.items():
            if person in self.edited:
                continue
            contacts = [one["Phone"] for one in await self.world.records("SELECT Phone, Email FROM Contact") if one["Email"] == person]
            leads = [one["Phone"] for one in await self.world.records("SELECT Phone, Email FROM Lead") if one["Email"] == person]
            assert (contacts or leads) == [max(told)[2]], person

    async def _repeats_change_nothing(self):
        """I5: everything delivered again, and everything replayed under the same version, writes nothing."""
        before = len(self.world.writes())
        for source, body in self.sent:
            await self.world.deliver(source, body)
        await self.world.drain()
        await self._replay()
        await self.world.drain()
        assert self.world.writes()[before:] == []
