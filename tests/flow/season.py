"""A season of three vendors around one org: webinars, chats and a virtual event, day by day, and what all of it must come to.

The season is told by a plan of happenings, each at its hour; between them the jobs run when they are due. Calls to vendors go wrong now and
then, and so do processes.
"""

import heapq
import itertools
from datetime import timedelta

import httpx2
from sqlalchemy import func, select
from tests.vendors import kaltura, livechat, livestorm
from tests.world import Killed, preset

from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Wish
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.store import tables

EVENT, FAR = 508311, "2027-12-31T00:00:00.000Z"
CASE_FIELDS = {"LiveChat_Thread_Id__c": 50, "LiveChat_Rating__c": 10, "LiveChat_Rating_Comment__c": 255, "LiveChat_Tags__c": 255}
HEADER = "email,combined_live_engaged_users_play_time_ratio,raise_hand,clap_clicked_count\n"


class Season:
    """Three vendors, one org, and the jobs between them."""

    def __init__(self, here, random, share, kills):
        self.here, self.clock, self.random, self.kills = here, here.clock, random, kills
        self.livestorm = livestorm.LivestormSimulator(self.clock)
        self.livechat = livechat.LiveChatSimulator(self.clock)
        self.kaltura = kaltura.KalturaSimulator(self.clock)
        for vendor in (self.livestorm, self.livechat, self.kaltura):
            vendor.troubles.worry(random, share)
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self._route))
        self.calls_left, self._plan, self._order = [], [], itertools.count()
        self.members, self.cases, self.leads, self.engagements = {}, {}, set(), {}

    async def _route(self, scope, receive, send):
        """Lead a request to the vendor whose it is; they share one address."""
        path = scope["path"]
        vendor = self.livechat if path.startswith("/v3.6/") else self.livestorm if path.startswith("/v1/") else self.kaltura
        await vendor.app(scope, receive, send)

    # --- setting up ------------------------------------------------------------------------------------------------------------------

    async def open(self, kaltura_mapping, periodic):
        """Connect the three vendors and switch all jobs on."""
        here = self.here
        for name, length in CASE_FIELDS.items():
            await here.add_field("Case", name, type="string", length=length)
        users = [{"Username": f"u.{one}", "LastName": one, "Email": one, "Alias": one[:8], "IsActive": True} for one in livechat.AGENTS]
        await here.seed("User", *users)
        self.livestorm.add_event()
        self.kaltura.events = [{**self.kaltura.events[0], "endDate": FAR}]
        self.kaltura.sessions, self.kaltura.profiles, self._profile = [], [], self.kaltura.profiles[0]
        self.kaltura.reactions = HEADER
        self.kaltura.table = kaltura.sample("report_table_empty.json")
        sources = (
            ("livestorm", self.livestorm, {"signing_secret": "s", "api_token": livestorm.TOKEN}, preset("livestorm")),
            ("livechat", self.livechat, {"webhook_secret": livechat.SECRET, "personal_access_token": livechat.TOKEN}, preset("livechat")),
            ("kaltura", self.kaltura, {"signing_secret": "s", "app_token": kaltura.TOKEN}, kaltura_mapping),
        )
        for kind, vendor, secrets, mapping in sources:
            source = await here.add_source(kind, vendor.settings, secrets)
            await here.add_sync(source, mapping)
            if kind == "kaltura":
                await here.bind(source)
            await self._switch(source, periodic)

    async def _switch(self, source, periodic):
        async with self.here.database.write() as tx:
            found = await schedules.of_source(tx, source)
            for kind, wish in ((JobKind.PERIODIC, periodic), (JobKind.DAILY, Wish(is_on=True))):
                await schedules.save(tx, self.here.ids, schedules.changed(found[kind], wish), self.clock.now())

    # --- what happens ----------------------------------------------------------------------------------------------------------------

    def plan(self, days, late):
        """Plan so many days, and what comes `late` days after them."""
        for day in range(days):
            self._at(day, 0, self._month, day)
            self._webinar(day, late)
            self._chats(day)
            self._summit(day)

    def _at(self, day, hour, happens, *arguments):
        moment = self.here.clock.now() + timedelta(days=day, hours=hour)
        heapq.heappush(self._plan, (moment, next(self._order), happens, arguments))

    def _month(self, day):
        """Livestorm allows ten thousand calls in thirty days."""
        if day % 30 == 0:
            self.calls_left.append(self.livestorm.monthly)
            self.livestorm.monthly = 10_000

    def _webinar(self, day, late):
        """Four people register, two of them attend, one watches the next day and one some days later."""
        session, people = f"session-{day}", [f"w{day}-{number}" for number in range(4)]
        self._at(day, 1, self.livestorm.add_session, session)
        for number, person in enumerate(people):
            self._at(day, 2 + number, self.livestorm.register, person, session)
        self._at(day, 8, self.livestorm.end, session, set(people[:2]))
        self._at(day + 1, 3, self._watch, people[1], session)
        self._at(day + late, 3, self._watch, people[3], session)
        for number, person in enumerate(people):
            email = f"{person}@atelier-lumen.example"
            self.leads.add(email)
            replay = "Watched replay" if number in (1, 3) else None
            self.members[email] = ("Attended" if number < 2 else "Did not attend", replay)

    def _watch(self, person, session):
        self.livestorm.touch(self.livestorm.find(person, session), has_viewed_replay=True)

    def _chats(self, day):
        """Two chats, one with somebody who registered for the webinar; one is rated and tagged the next day."""
        for number, email in enumerate((f"v{day}@nordkaj.example", f"w{day}-0@atelier-lumen.example")):
            thread = f"T{day:03}-{number}"
            self._at(day, 9 + number, self._chat, thread, email)
            self.leads.add(email)
            self.cases[thread] = (None, None)
        thread = f"T{day:03}-0"
        self._at(day + 1, 2, self._rate, thread)
        self.cases[thread] = ("Good", "spare parts")

    def _chat(self, thread, email):
        self.livechat.open(thread, f"C{thread}", name="Elin Berg", email=email)
        self.livechat.say("Can you ship 40 units?", thread)
        self.livechat.close(thread)
        self.livechat.take_posted()

    def _rate(self, thread):
        self.livechat.rate(1, thread)
        self.livechat.tag("spare parts", thread)

    def _summit(self, day):
        """Two people register, one takes part the next day; every third day a session ends, and its report comes a day and a half late."""
        people = [f"k{day}-{number}@mirador.example" for number in range(2)]
        for number, email in enumerate(people):
            self._at(day, 3 + number, self._join, email)
            self.leads.add(email)
            self.members[email] = ("Participated" if number == 0 else "Registered", None)
        self._at(day + 1, 5, self._take_part, people[0])
        if day % 3 == 0:
            entry = f"1_summit{day:03}"
            self._at(day, 12, self._hold, entry)
            self._at(day + 1, 23, self._report, entry, people)
            self.engagements |= {(entry, email): 5.0 for email in people}

    def _join(self, email):
        made = {**self._profile, "id": f"p-{email}", "userId": email, "createdAt": self._stamp(), "updatedAt": self._stamp()}
        made["profileData"] = {"firstName": "Lucia", "lastName": email.partition("@")[0], "email": email, "company": "Mirador"}
        made["eventData"] = {"attendanceStatus": "registered", "statusUpdateTime": self._stamp()}
        self.kaltura.profiles.append(made)

    def _take_part(self, email):
        self.kaltura.change(next(one for one in self.kaltura.profiles if one["userId"] == email))

    def _hold(self, entry):
        begun = {"id": entry, "name": f"Session {entry}", "startDate": self._stamp(), "endDate": self._stamp(timedelta(hours=1))}
        self.kaltura.sessions.append(begun)
        self.kaltura.reactions_of[entry] = HEADER

    def _report(self, entry, people):
        self.kaltura.reactions_of[entry] = HEADER + "".join(f"{email},0.5,1,5\n" for email in people)

    def _stamp(self, later=timedelta(0)):
        return f"{self.clock.now() + later:%Y-%m-%dT%H:%M:%S}.000Z"

    # --- the jobs --------------------------------------------------------------------------------------------------------------------

    async def live(self, days, late=7):
        """Let so many days pass, and those in which the last of it is found."""
        begun = self.clock.now()
        self.plan(days, late)
        while self._plan:
            moment, _, happens, arguments = heapq.heappop(self._plan)
            await self._work_until(moment)
            happens(*arguments)
        await self._work_until(begun + timedelta(days=days + late + 1))
        await self.here.drain()

    async def _work_until(self, moment):
        while (due := await self._next_due()) and due <= moment:
            self._wind(due)
            await self._sweep()
        self._wind(moment)

    async def _sweep(self):
        vendors = Vendors(self.http, self.clock)
        while True:
            try:
                await Supervisor(self.here.engine, self.here.receiver, vendors, self._die).sweep()
                break
            except Killed:
                vendors = Vendors(self.http, self.clock)
        await self.here.worker().sweep(linger=False)

    async def _die(self, point):
        del point
        if self.random.random() < self.kills:
            raise Killed

    def _wind(self, moment):
        self.clock.advance(max((moment - self.clock.now()).total_seconds(), 0))

    async def _next_due(self):
        async with self.here.database.read() as tx:
            found = [await tx.scalar(select(func.min(column))) for column in (tables.schedule.c.next_at, tables.job.c.due_at)]
        return min((due for due in found if due), default=None)
