"""A strict Livestorm: one workspace behind the API that Crosswalk asks, as its documentation has it, and webhooks as it would post them.

A request the real one refuses is refused: a token behind `Bearer`, a page size above fifty, a page that does not exist, too many calls.
"""

import json
import math
from collections import deque

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.vendors.trouble import Troubles

from crosswalk.sources.livestorm import Livestorm

TOKEN = "planted-livestorm-token"
ADDRESS = "http://127.0.0.1:9"
PAGE_SIZE_MOST = 50
BURST = 5


class LivestormSimulator:
    """One workspace: `sessions`, `people` by session, `events`, `attributes`, `webhooks`; the lists are in the order they are served."""

    def __init__(self, clock, monthly=10_000, burst=BURST):
        self.clock = clock
        self.burst = burst
        self.token = TOKEN
        self.monthly = monthly
        self.troubles = Troubles()
        self.events, self.sessions, self.people = {}, {}, {}
        self.said = {}  # path of a list → what was written there
        self.attributes, self.webhooks = [], []
        self.calls = []
        self.refused = 0  # calls beyond a limit
        self.before_answer = []  # called with the path before each answer: what happens in the workspace meanwhile
        self._burst = deque()
        routes = [
            Route("/v1/ping", self._ping),
            Route("/v1/sessions", self._list_sessions),
            Route("/v1/sessions/{id}", self._session),
            Route("/v1/sessions/{id}/people", self._list_people),
            Route("/v1/sessions/{id}/chat_messages", self._list_said),
            Route("/v1/sessions/{id}/questions", self._list_said),
            Route("/v1/events/{id}", self._event),
            Route("/v1/people_attributes", self._list_attributes),
            Route("/v1/webhooks", self._list_webhooks),
        ]
        self.app = Starlette(routes=routes)

    @property
    def settings(self):
        """The settings that lead a source here."""
        return {"api_url": f"{ADDRESS}/v1"}

    def client(self):
        """Return an HTTP client that ends here, whatever the address."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app))

    # --- the workspace ---------------------------------------------------------------------------------------------------------------

    def now(self):
        return int(self.clock.now().timestamp())

    def add_event(self, event_id="event-1", title="Spring release walkthrough"):
        owner = {"id": "owner-1", "type": "people", "attributes": {"email": "noor.haddad@northwind-events.example"}}
        link = f"https://app.livestorm.example/p/{event_id}"
        attributes = {"title": title, "slug": event_id, "registration_link": link, "description": "<p>Spring</p>", "owner": owner}
        self.events[event_id] = {"id": event_id, "type": "events", "attributes": attributes}

    def add_session(self, session_id="session-1", event_id="event-1", status="upcoming", at=None):
        at = at or self.now()
        attributes = {
            "event_id": event_id,
            "status": status,
            "timezone": "Europe/Paris",
            "room_link": f"https://app.livestorm.example/p/{event_id}/live?s={session_id}",
            "name": None,
            "duration": None,
            "estimated_started_at": at,
            "started_at": 0,
            "ended_at": 0,
            "canceled_at": 0,
            "created_at": at,
            "updated_at": at,
        }
        self.sessions[session_id] = {"id": session_id, "type": "sessions", "attributes": attributes}
        self.people[session_id] = []

    def register(self, person_id, session_id="session-1", email=None, at=None, **answers):
        """Register somebody; returns the record, which the workspace goes on to change."""
        at = at or self.now()
        answers = {"email": email or f"{person_id}@atelier-lumen.example", "first_name": "Ines", "last_name": person_id, **answers}
        detail = {
            "event_id": self.sessions[session_id]["attributes"]["event_id"],
            "session_id": session_id,
            "created_at": at,
            "updated_at": at,
            "fields": [{"id": name, "type": "text", "value": value, "required": True} for name, value in answers.items()],
            "utm_source": "newsletter",
            "password_key": f"key-{person_id}",
            "attended": False,
            "attendance_rate": None,
            "attendance_duration": 0,
            "has_viewed_replay": False,
            "registration_type": "form",
        }
        record = {
            "id": person_id,
            "type": "people",
            "attributes": {
                "role": "participant",
                "created_at": at,
                "updated_at": at,
                "timezone": "Europe/Paris",
                **{name: answers[name] for name in ("first_name", "last_name", "email")},
                "registrant_detail": detail,
                "messages_count": 0,
                "questions_count": 0,
                "votes_count": 0,
                "up_votes_count": 0,
                "replay_view_detail": None,
            },
        }
        self.people[session_id].append(record)
        return record

    def touch(self, record, **detail):
        """Change a person's record."""
        now = self.now()
        record["attributes"]["updated_at"] = now
        record["attributes"]["registrant_detail"] |= {"updated_at": now, **detail}

    def end(self, session_id="session-1", attended=(), rate=80):
        """End a session; those named attended."""
        now = self.now()
        self.sessions[session_id]["attributes"] |= {"status": "past", "started_at": now - 3000, "ended_at": now, "updated_at": now}
        for record in self.people[session_id]:
            if record["id"] in attended:
                self.touch(record, attended=True, attendance_rate=rate, attendance_duration=30 * rate)

    def say(self, person_id, text, session_id="session-1", **more):
        """Let somebody write into the chat; returns the message, which may be changed."""
        told = {"author_id": person_id, "text_content": text, "html_content": f"<p>{text}</p>", "from_team_member": False, **more}
        return self._write("chat_messages", session_id, told)

    def ask(self, person_id, text, session_id="session-1"):
        """Let somebody ask a question; returns it, and whoever answers changes it."""
        told = {"question_author_id": person_id, "question": text, "response": None, "responded_at": None, "response_orally": False}
        return self._write("questions", session_id, told)

    def _write(self, kind, session_id, told):
        now, listed = self.now(), self.said.setdefault(f"/v1/sessions/{session_id}/{kind}", [])
        event_id = self.sessions[session_id]["attributes"]["event_id"]
        attributes = {"session_id": session_id, "event_id": event_id, **told, "created_at": now, "updated_at": now}
        listed.append({"id": f"{kind}-{len(listed)}", "type": kind, "attributes": attributes})
        return listed[-1]

    def find(self, person_id, session_id="session-1"):
        return next(record for record in self.people[session_id] if record["id"] == person_id)

    # --- webhooks --------------------------------------------------------------------------------------------------------------------

    def webhook(self, event, record):
        """Return a webhook as it is posted."""
        return {"data": {**json.loads(json.dumps(record)), "meta": {"webhook": {"event": event, "organization_id": "organization-1"}}}}

    def signed(self, event, record, secret):
        """Return the body and headers of a webhook."""
        body = json.dumps(self.webhook(event, record)).encode()
        return body, Livestorm().sign(body, secret, self.clock.now(), {})

    def subscribe(self, event, url):
        self.webhooks.append({"id": f"webhook-{len(self.webhooks)}", "type": "webhooks", "attributes": {"url": url, "event": event}})

    # --- the API ---------------------------------------------------------------------------------------------------------------------

    async def _guarded(self, request, answer):
        self.calls.append(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        trouble = await self.troubles.answer(request)
        if trouble is not None:
            return trouble
        headers, refusal = self._limits()
        refusal = refusal or self._refusal(request)
        if refusal is None:
            for happens in self.before_answer:
                happens(request.url.path)
            refusal = answer()
        refusal.headers.update(headers)
        return refusal

    def _limits(self):
        """Count the call against both limits; a refused one counts too."""
        now = self.clock.monotonic()
        while self._burst and self._burst[0] <= now - 1:
            self._burst.popleft()
        self._burst.append(now)
        self.monthly -= 1
        headers = {
            "RateLimit-Monthly-Limit": "10000",
            "RateLimit-Monthly-Remaining": str(max(self.monthly, 0)),
            "RateLimit-Interval-Limit": str(self.burst),
            "RateLimit-Interval-Remaining": str(max(self.burst - len(self._burst), 0)),
        }
        if len(self._burst) <= self.burst and self.monthly >= 0:
            return headers, None
        self.refused += 1
        reset = {"RateLimit-Reset": str(self.now() + 86_400)}
        return headers | reset | {"Retry-After": "1"}, _error(429, "too_many_requests")

    def _refusal(self, request):
        given = request.headers.get("authorization", "")
        if given.startswith("Bearer "):
            answer = _error(401, "invalid_token")
            answer.headers["www-authenticate"] = 'Bearer realm="Doorkeeper", error="invalid_token"'
            return answer
        if given != self.token:
            return _error(401, "unauthorized")
        if request.headers.get("accept") != "application/vnd.api+json":
            return _error(406, "not_acceptable")
        return None

    async def _ping(self, request):
        return await self._guarded(request, lambda: Response(status_code=200))

    async def _event(self, request):
        found = self.events.get(request.path_params["id"])
        return await self._guarded(request, lambda: JSONResponse({"data": found}) if found else _error(404, "not_found"))

    async def _session(self, request):
        found = self.sessions.get(request.path_params["id"])
        return await self._guarded(request, lambda: JSONResponse({"data": found}) if found else _error(404, "not_found"))

    async def _list_sessions(self, request):
        asked = request.query_params
        updated, held = asked.get("filter[updated_since]"), asked.get("filter[date_from]")

        def wanted(session):
            attributes = session["attributes"]
            return (
                (updated is None or attributes["updated_at"] >= int(updated))
                and (held is None or attributes["estimated_started_at"] >= int(held))
                and asked.get("filter[status]") in (None, attributes.get("status"))
            )

        return await self._guarded(request, lambda: _page(request, [one for one in self.sessions.values() if wanted(one)]))

    async def _list_people(self, request):
        session_id, since = request.path_params["id"], request.query_params.get("filter[updated_since]")

        def answer():
            if session_id not in self.people:
                return _error(404, "not_found")
            people = [one for one in self.people[session_id] if since is None or _changed(one) >= int(since)]
            return _page(request, people)

        return await self._guarded(request, answer)

    async def _list_said(self, request):
        return await self._guarded(request, lambda: _page(request, self.said.get(request.url.path, [])))

    async def _list_attributes(self, request):
        return await self._guarded(request, lambda: _page(request, self.attributes))

    async def _list_webhooks(self, request):
        return await self._guarded(request, lambda: _page(request, self.webhooks))


def _changed(record):
    attributes = record.get("attributes") if isinstance(record, dict) else None
    return attributes["updated_at"] if isinstance(attributes, dict) and "updated_at" in attributes else math.inf


def _page(request, items):
    number, size = int(request.query_params.get("page[number]", 0)), int(request.query_params.get("page[size]", 20))
    pages = math.ceil(len(items) / size) if 0 < size <= PAGE_SIZE_MOST else 0
    if not 0 < size <= PAGE_SIZE_MOST or number < 0 or (number and number >= pages):
        return _error(400, "bad_request")
    meta = {
        "current_page": number,
        "previous_page": number - 1 if number else None,
        "next_page": number + 1 if number + 1 < pages else None,
        "record_count": len(items),
        "page_count": pages,
        "items_per_page": size,
    }
    return JSONResponse({"data": items[number * size : (number + 1) * size], "meta": meta})


def _error(status, code):
    return JSONResponse({"errors": [{"title": code, "detail": "", "code": code, "status": code}]}, status)
