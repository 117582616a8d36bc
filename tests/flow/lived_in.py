"""The state machine in an org where people work too: they edit, convert, merge, delete and restore records, and make duplicates of them.

Admins save mappings, pause syncs and replay; a person asks to be forgotten. People's deeds also fall into the middle of a turn.
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import update
from tests.flow.invariants import PEOPLE
from tests.flow.machine import CALLS, POINTS, Promises

from crosswalk.engine import erasure
from crosswalk.engine.housekeeping import Housekeeping
from crosswalk.inbox import deliveries
from crosswalk.reasons import Reason
from crosswalk.store import tables

DEEDS = ("convert", "merge", "delete", "restore", "double")
SEALED = {
    tables.event: ("payload_ct", "person_ct"),
    tables.change: ("body_ct", "before_ct", "error_ct"),
    tables.identity: ("strong_keys_ct",),
}


class LivedIn(Promises):
    """Everything `Promises` does, between the hands of people."""

    def __init__(self):
        super().__init__()
        self.edited = set()  # people whose phone a human wrote: the human's value and ours may both stand
        self.handled = set()  # people whose records were merged, deleted or doubled: which one holds what is the humans' choice
        self.deleted = []  # (object, id)

    # --- people in the org -----------------------------------------------------------------------------------------------------------

    @rule(person=st.sampled_from(PEOPLE), field=st.sampled_from(["Phone", "Title"]), value=st.sampled_from(["999", "Chief", None]))
    def edit(self, person, field, value):
        """Let a person write or clear a field."""
        self.run(self._edit(person, field, value))

    async def _edit(self, person, field, value):
        for object_name, record_id in (await self._living(person))[:1]:
            await self.world.edit(object_name, record_id, **{field: value})
            self.edited |= {person} if field == "Phone" else set()

    @rule(deed=st.sampled_from(DEEDS), person=st.sampled_from(PEOPLE), other=st.sampled_from(PEOPLE))
    def do(self, deed, person, other):
        """Let a person do something to the record of somebody."""
        self.run(self._do(deed, person, other))

    @rule(point=st.sampled_from(POINTS), deed=st.sampled_from(DEEDS), person=st.sampled_from(PEOPLE), other=st.sampled_from(PEOPLE))
    def meddle(self, point, deed, person, other):
        """Let a person do it in the middle of a turn."""
        self.run(self._meanwhile(point, lambda: self._do(deed, person, other)))

    async def _do(self, deed, person, other):
        await getattr(self, f"_{deed}")(person, other)

    async def _convert(self, person, _other):
        for object_name, record_id in await self._living(person):
            if object_name == "Lead":
                await self.world.convert(record_id)
                return

    async def _merge(self, person, other):
        """Merge somebody's record into somebody else's, or two of the same person's."""
        losers, masters = await self._living(person), await self._living(other)
        for object_name, loser in losers:
            for _, master in [one for one in masters if one[0] == object_name and one[1] != loser][:1]:
                await self.world.merge(object_name, master, loser)
                self.handled |= {person, other}
                return

    async def _delete(self, person, _other):
        for object_name, record_id in (await self._living(person))[:1]:
            await self.world.delete(object_name, record_id)
            self.deleted.append((object_name, record_id))
            self.handled.add(person)

    async def _restore(self, _person, _other):
        if self.deleted:
            await self.world.undelete(*self.deleted.pop())

    async def _double(self, person, _other):
        """Make a second record of somebody, or the first one."""
        await self.world.seed("Lead", {"LastName": "Twin", "Company": "Twins", "Email": person, "CreatedDate": self._stamp()})
        self.handled.add(person)

    def _stamp(self):
        return self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def _living(self, person):
        """Return object and id of the records of a person, converted leads aside, the oldest first."""
        found = [("Contact", one) for one in await self.world.records("SELECT Id, Email, CreatedDate FROM Contact")]
        found += [("Lead", one) for one in await self.world.records("SELECT Id, Email, CreatedDate FROM Lead WHERE IsConverted = false")]
        found.sort(key=lambda one: (one[1]["CreatedDate"], one[1]["Id"]))
        return [(object_name, one["Id"]) for object_name, one in found if one["Email"] == person]

    # --- admins ----------------------------------------------------------------------------------------------------------------------

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

    @rule(person=st.sampled_from(PEOPLE[1:]))
    def forget(self, person):
        """Let somebody be forgotten."""
        self.run(erasure.erase(self.world.engine, {"email": person}, "tester"))
        self.forgotten.setdefault(person, len(self.world.writes()))

    # --- what must hold --------------------------------------------------------------------------------------------------------------

    async def _rest(self):
        await self._switch("on")
        await super()._rest()

    async def _settle_and_check(self):
        await super()._settle_and_check()
        await self._forgotten_for_good()

    def _left_alone(self, told):
        """Return those of whom something was told and whose records nobody merged, deleted or doubled, nor asked to be forgotten."""
        return {person: what for person, what in told.items() if person not in self.handled and person not in self.forgotten}

    async def _one_record_each(self):
        """I2: we made at most one record a person, and none where one existed; and one membership of each."""
        made = [one for one in self.world.writes() if one.op == "insert"]
        for person in PEOPLE:
            persons = [one for one in made if one.object in ("Lead", "Contact") and one.after["Email"].lower() == person]
            at_most = 0 if person.endswith("known.example") and person not in self.handled else 1  # who was deleted unseen is new
            heard = person in self._left_alone(self.phones) or person in self._left_alone(self.statuses)
            assert len(persons) <= at_most, (person, persons)
            assert not heard or len(persons) == at_most, person
        pairs = [(one.after.get("LeadId"), one.after.get("ContactId")) for one in made if one.object == "CampaignMember"]
        assert len(pairs) == len(set(pairs)), pairs

    async def _values_converged(self):
        """I3, where no human wrote the field: the record that lives holds what the total order of events says."""
        for person in self._left_alone(self.phones):
            if person not in self.edited:
                contacts = [one["Phone"] for one in await self.world.records("SELECT Phone, Email FROM Contact") if one["Email"] == person]
                leads = [one["Phone"] for one in await self.world.records("SELECT Phone, Email FROM Lead") if one["Email"] == person]
                assert (contacts or leads) in [[one] for one in self._right_phones(person)], person

    def _ends(self):
        held = {"held(deleted_record)", "held(converted_lead)"} if self.handled else set()
        return super()._ends() | held | ({"skipped(no_match_key)"} if self.forgotten else set())

    async def _repeats_change_nothing(self):
        """I5, once what was held for a deleted record that is back has been replayed, and what was merged is known as merged."""
        if self.handled:
            await self._replay()
            await self._drain()
        await super()._repeats_change_nothing()

    async def _forgotten_for_good(self):
        """Nothing was written of somebody after they asked to be forgotten, and nothing that is stored tells of them."""
        await Housekeeping(self.world.engine).sweep()
        people = {
            one["Id"]: one["Email"]
            for name in ("Lead", "Contact", "CampaignMember")
            for one in await self.world.records(f"SELECT Id, Email FROM {name}")
        }
        for person, before in self.forgotten.items():
            if person not in self.handled:
                assert [one for one in self.world.writes()[before:] if people.get(one.id) == person] == [], person
        sealed = [row[name] for table, names in SEALED.items() for row in await self.world.rows(table) for name in names if row[name]]
        told = " ".join(str(self.world.vault.open(one)).lower() for one in sealed)
        assert [person for person in self.forgotten if person in told] == []
