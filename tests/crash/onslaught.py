"""One installation under fire: a client posts, an org loses replies, processes are killed and started again, and in the end it is counted.

The timings are the one scaled set of process-level tests: lease 1 s, send 2 s, the org's limit 2 s, settle 3 s.
"""

import asyncio
import json
import socket
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx2
from bench import installation
from bench.installation import KEY_FIELD, SECRETS
from sqlalchemy import func, select
from tests.crash.processes_to_kill import herd
from tests.processes import until

from crosswalk import runtime, workspace
from crosswalk.clock import Time
from crosswalk.journal import stats
from crosswalk.settings import Settings, Timings
from crosswalk.sources import registry
from crosswalk.store import migrate, tables
from crosswalk.store.database import Database
from localorg.app import create_app
from localorg.server import running
from localorg.settings import OrgSettings

SCALED = {
    "lease": 1,
    "send_timeout": 2,
    "settle": 3,
    "claim": 2,
    "claimed_retry": 0.2,
    "linger_stream": 0.02,
    "busy_retry": 0.3,
    "recheck": 1,
    "token_lease": 1,
    "idle_poll": 0.05,
}
ORG_LIMIT_SECONDS = 2
LATENCY_MS = 20
BACKLOG = 40
PEOPLE = [f"person.{number}@crash.example" for number in range(30)]
KNOWN = PEOPLE[:6]
STAGES = ("Registered", "Did not attend", "Attended")
START = datetime(2026, 3, 4, 8, tzinfo=UTC)
LOST_REPLIES = (
    {"match": {"resource": "collections", "probability": 0.15, "seed": 1}, "do": "drop_after_commit"},
    {"match": {"resource": "collections", "probability": 0.05, "seed": 2}, "do": "drop_before"},
    {"match": {"resource": "collections", "probability": 0.1, "seed": 3}, "do": "stall", "seconds": 1.5},
    {"match": {"probability": 0.01, "seed": 4}, "do": "lock_row"},
)


def _row(field, attribute, **more):
    return {"field": field, "entry": {"attribute": attribute}, **more}


def _mapping(*, tasks):
    """Return a mapping to a person with an overwritten phone, a member whose status climbs, and, where asked for, a task for each event."""
    match = [_row("Email", "email")]
    rows = [_row("Email", "email"), _row("LastName", "lastName", placeholder="n/a"), _row("Phone", "phone", update="overwrite")]
    lead = {
        "name": "lead",
        "object": "Lead",
        "person": True,
        "match": match,
        "rows": [*rows, _row("Company", "company", placeholder="n/a")],
    }
    contact = {"name": "contact", "object": "Contact", "person": True, "match": match, "rows": rows}
    status = _row("Status", "status", update="advance", ladder={"ranks": ["Sent", *STAGES]})
    member = {"name": "member", "object": "CampaignMember", "once_per": "person_and_entity", "parent": "person", "campaign": "bound"}
    who = {"field": "WhoId", "entry": {"step": "person"}}
    task = {"name": "task", "object": "Task", "once_per": "event", "rows": [_row("Subject", "messageId"), who]}
    steps = [lead, contact, {**member, "rows": [status]}, *([task] if tasks else [])]
    return {"title": "Crash", "source": "rudderstack", "events": ["identify"], "person": {"search": ["Contact", "Lead"]}, "steps": steps}


class Onslaught:
    """An installation under fire."""

    def __init__(self, org, org_url, database, port, keyed):
        self.org, self._org_url, self.database, self.keyed = org, org_url, database, keyed
        self._url = f"http://{installation.HOST}:{port}"
        self._headers = registry.source("rudderstack").sign(b"", SECRETS["WRITE_KEY"], START, {})
        self.posted = []  # calls answered with success
        self.number = 0
        self.over = asyncio.Event()

    async def post_for_ever(self, random):
        """Post one call after the other, each until it is answered with success, never much ahead of what is worked off."""
        async with httpx2.AsyncClient(base_url=self._url, timeout=10) as http:
            while not self.over.is_set():
                await until(self._has_room, 60)
                call = self._call(random)

                async def accepted(call=call):
                    try:
                        return (await http.post("/v1/identify", content=json.dumps(call), headers=self._headers)).is_success
                    except httpx2.TransportError:
                        return False

                await until(accepted, 60)
                self.posted.append(call)

    def _call(self, random):
        """Return a call about anybody, from any time of the last hour."""
        self.number += 1
        person = random.choice(PEOPLE)
        traits = {"email": random.choice((person, person.upper())), "lastName": "Berg", "phone": f"+1 212 555 {self.number:04d}"}
        return {
            "type": "identify",
            "userId": f"user of {person}",
            "messageId": f"m{self.number:05d}",
            "timestamp": (START + timedelta(seconds=random.randrange(3600))).isoformat(timespec="milliseconds"),
            "traits": {**traits, "status": random.choice(STAGES)},
        }

    async def _has_room(self):
        return self.over.is_set() or await self._waiting() < BACKLOG

    async def _waiting(self):
        delivery = tables.delivery
        async with self.database.read() as tx:
            return await tx.scalar(select(func.count()).where(delivery.c.state == "waiting"))

    async def goes_on(self):
        """Return when another call has been accepted."""
        before = len(self.posted)

        async def accepted():
            return len(self.posted) > before

        await until(accepted, 60)

    async def kill(self, processes, times, random):
        """Kill processes at random moments: in turns soon after an event was accepted and after the org was spoken to again."""
        for place in range(times):
            accepting = place % 2 == 0
            before = self._progress(accepting)

            async def goes_on(before=before, accepting=accepting):
                return self._progress(accepting) > before

            await until(goes_on, 60)
            await asyncio.sleep(random.uniform(0, 0.03 if accepting else 0.25))  # the random moment itself
            processes.kill(0 if accepting else random.randrange(len(processes)))

    def _progress(self, accepting):
        return len(self.posted) if accepting else self.org.calls.used(self.org.clock.now())

    async def quiet(self):
        """Return when nothing waits and nothing is left open."""

        async def nothing_is_left():
            return not await self._waiting() and not any((await self.left_open()).values())

        self.org.faults.clear()
        await until(nothing_is_left, 90)

    async def left_open(self):
        """Return how many claims and unfinished changes there are."""
        change = tables.change
        async with self.database.read() as tx:
            return {
                "claims": await tx.scalar(select(func.count()).select_from(tables.claim)),
                "changes": await tx.scalar(select(func.count()).where(change.c.state.in_(["planned", "sent"]))),
            }

    async def standing(self):
        """Return what waits for what, what is open, and whether the connection is paused, for whoever looks why nothing goes on."""
        delivery, connection = tables.delivery, tables.connection
        async with self.database.read() as tx:
            waits = await tx.execute(
                select(delivery.c.reason, delivery.c.detail, func.count(), func.min(delivery.c.due_at))
                .where(delivery.c.state == "waiting")
                .group_by(delivery.c.reason, delivery.c.detail)
            )
            paused = (await tx.scalars(select(connection.c.paused_reason))).all()
        return {"waits": [tuple(row) for row in waits], "paused": paused, **await self.left_open()}

    # --- what is counted -------------------------------------------------------------------------------------------------------------

    async def problems(self):
        """Return everything that was lost, doubled or damaged, in words."""
        return [*await self._of_the_inbox(), *self._of_people(), *self._of_members(), *self._of_tasks()]

    async def _of_the_inbox(self):
        async with self.database.read() as tx:
            stored = (await tx.scalars(select(tables.event.c.message_id))).all()
            states = (await tx.execute(select(tables.delivery.c.state, tables.delivery.c.reason).distinct())).all()
            sums = await stats.sums(tx)
        expected = sorted(call["messageId"] for call in self.posted)
        found = [] if sorted(stored) == expected else [f"{len(expected)} events were accepted, {len(stored)} are stored"]
        found += [] if sums.hold else [f"the sums do not hold: {sums}"]
        return found + [
            f"a delivery ended {state.state}({state.reason})" for state in states if state.state not in ("written", "unchanged")
        ]

    def _of_people(self):
        by_email = defaultdict(list)
        for name in ("Lead", "Contact"):
            for row in self._rows(f'SELECT Id, Email, Phone, LastName FROM "{name}"'):
                by_email[row["Email"].lower()].append((name, row["Phone"], row["LastName"]))
        newest = {}
        for call in sorted(self.posted, key=lambda call: (call["timestamp"], call["messageId"])):
            newest[call["traits"]["email"].lower()] = call["traits"]["phone"]
        expected = {email: [("Contact", newest.get(email), "Known")] for email in KNOWN}
        expected |= {email: [("Lead", phone, "Berg")] for email, phone in newest.items() if email not in KNOWN}
        wrong = {email for email in expected.keys() | by_email.keys() if expected.get(email) != by_email.get(email)}
        return [f"{email} should be {expected.get(email)}, is {by_email.get(email)}" for email in sorted(wrong)]

    def _of_members(self):
        highest = {}
        for call in self.posted:
            email, stage = call["traits"]["email"].lower(), call["traits"]["status"]
            highest[email] = max(highest.get(email, stage), stage, key=STAGES.index)
        found = sorted((row["Email"].lower(), row["Status"]) for row in self._rows("SELECT Email, Status FROM CampaignMember"))
        fell = [
            write
            for write in self.org.writes
            if write.object == "CampaignMember" and write.op == "update" and _rank(write.after) < _rank(write.before)
        ]
        wrong = [] if found == sorted(highest.items()) else [f"the members should be {sorted(highest.items())}, are {found}"]
        return wrong + [f"a status went back: {write}" for write in fell]

    def _of_tasks(self):
        found = sorted(row["Subject"] for row in self._rows("SELECT Subject FROM Task"))
        expected = sorted(call["messageId"] for call in self.posted) if self.keyed else []
        lost, doubled = set(expected) - set(found), {subject for subject in found if found.count(subject) > 1}
        return [] if found == expected else [f"tasks lost: {sorted(lost)}, doubled: {sorted(doubled)}"]

    def _rows(self, sql):
        return self.org.connection.execute(sql).fetchall()


def _rank(changed):
    return ("Sent", *STAGES).index(changed["Status"]) if "Status" in changed else 0


@asynccontextmanager
async def onslaught(folder, database_url, workers, *, keyed, losing, lines=None):
    """Set up an org, a database with a workspace, one `serve` and the workers beside it; gives the onslaught and the processes.

    `lines` takes the addresses of the org and of the database and returns those by which the processes shall reach them.
    """
    app = create_app(OrgSettings(latency_ms=LATENCY_MS, max_request_seconds=ORG_LIMIT_SECONDS, api_limit=1_000_000))
    async with AsyncExitStack() as stack:
        org_url = await stack.enter_async_context(running(app))
        stack.push_async_callback(app.state.org.close)
        campaign = await _furnish(org_url, keyed=keyed)
        reached = await lines(org_url, database_url) if lines else (org_url, database_url)
        environment = {**installation.settings(folder, reached[1], **SCALED), "CROSSWALK_LANES_PER_TURN": "20"}
        sync = {"name": "calls", "source": "app", "document": _mapping(tasks=keyed), "campaigns": {"*": campaign}}
        file = installation.workspace(folder, reached[0], [sync], KEY_FIELD if keyed else None)
        url = await _installed(environment, file)
        for fault in LOST_REPLIES if losing else ():
            app.state.org.faults.add(fault)
        database = await Database.open(database_url or url, Time())
        stack.push_async_callback(database.close)
        port = _free_port()
        commands = [["serve", "--port", str(port)], *(["worker"] for _ in range(workers - 1))]
        processes = stack.enter_context(herd(environment, folder, commands))
        fire = Onslaught(app.state.org, org_url, database, port, keyed)
        try:
            yield fire, processes
        except Exception as error:
            error.add_note(f"{processes.told()}\n{await fire.standing()}")
            raise


async def _furnish(org_url, *, keyed):
    async with httpx2.AsyncClient(base_url=org_url, timeout=30) as client:
        if keyed:
            await installation.key_fields(client)
        (campaign,) = await installation.seeded(client, "Campaign", [{"Name": "Crash"}])
        labels = [{"CampaignId": campaign, "Label": label} for label in STAGES]
        await installation.seeded(client, "CampaignMemberStatus", labels)
        await installation.seeded(client, "Contact", [{"LastName": "Known", "Email": email} for email in KNOWN])
    return campaign


async def _installed(environment, file):
    """Migrate the database, apply the workspace and return the address of the database."""
    settings = Settings(
        data_dir=environment["CROSSWALK_DATA_DIR"],
        key_file=environment["CROSSWALK_KEY_FILE"],
        database_url=environment["CROSSWALK_DATABASE_URL"],
        timings=Timings(**SCALED),
    )
    if settings.database_url:
        database = await Database.open(settings.url, Time())
        await migrate.upgrade(database)
        await database.close()
    async with runtime.opened(settings) as parts:
        await workspace.apply_file(parts.engine, file, "test", SECRETS)
    return settings.url


def _free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((installation.HOST, 0))
        return probe.getsockname()[1]
