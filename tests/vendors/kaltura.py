"""A strict Kaltura: one account behind API v3 and the JSON services, as their documentation has them.

What the real one refuses is refused: sessions it did not start or that ended, reports without the event in the session's privileges or
that the account does not have, pages larger than allowed, services asked otherwise than by POST.
"""

import copy
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.vendors.trouble import Troubles

TOKEN = "planted-kaltura-token"
ADDRESS = "http://127.0.0.1:9"
SAMPLES = Path(__file__).parents[1] / "samples" / "kaltura"
EVENTS_MOST, PROFILES_MOST = 15, 50


def sample(name):
    return json.loads((SAMPLES / name).read_text("utf-8"))


class KalturaSimulator:
    """One account; `events`, `sessions`, `profiles`, `reactions` and `table` begin as the samples have them."""

    def __init__(self, clock):
        self.clock = clock
        self.troubles = Troubles()
        self.calls = []
        self.started = {}  # session → (when it ends, privileges)
        self.events = sample("events_list.json")["events"]
        self.sessions = sample("sessions_list.json")["sessions"]
        self.apps = sample("app_registry_list.json")["objects"]
        self.profiles = sample("user_profile_list.json")["objects"]
        self.reactions = (SAMPLES / "report_4021_user_reactions.csv").read_text("utf-8")
        self.table = sample("report_table_40009_top_users.json")
        self.polls = "email,poll_type,question,answer,created_at\n"
        self.reactions_of = {}  # the same report by session, where sessions differ
        self.lacking = set()  # reports the account does not have: "4021", "40009", "pollsActivity"
        self.before_answer = []
        self.app = Starlette(
            routes=[
                Route("/api_v3/service/{service}/action/{action}", self._v3, methods=["POST"]),
                Route("/{service}/api/v1/{thing}/{action}", self._service, methods=["POST"]),
            ]
        )

    @property
    def settings(self):
        """The settings that lead a source here."""
        return {"api_url": ADDRESS, "partner_id": 4471920, "app_token_id": "1_exampletoken", "user_id": "events@summit.example"}

    def client(self):
        """Return an HTTP client that ends here, whatever the address."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app))

    def many(self, number, at="2026-03-10T00:00:00.000Z"):
        """Let there be so many profiles, all changed at once, as after an import."""
        first = self.profiles[0]
        self.profiles = [copy.deepcopy(first) for _ in range(number)]
        for n, profile in enumerate(self.profiles):
            profile |= {"id": f"p{n:03}", "userId": f"p{n:03}@x.example", "updatedAt": at}
            profile["profileData"] |= {"email": profile["userId"], "lastName": f"Person {n:03}"}
            profile["eventData"] |= {"attendanceStatus": "registered", "statusUpdateTime": at}

    def change(self, profile, status="participated"):
        """Change a profile now."""
        profile["updatedAt"] = f"{self.clock.now():%Y-%m-%dT%H:%M:%S}.000Z"
        profile["eventData"] |= {"attendanceStatus": status, "statusUpdateTime": profile["updatedAt"]}

    def many_events(self, number):
        """Let there be so many events, each with its own attendees: one, whose profile is the event's."""
        first, (app, *_), profile = self.events[0], self.apps, self.profiles[0]
        self.events = [{**first, "id": 1000 + n, "createdAt": f"2026-02-{n // 24 + 1:02}T{n % 24:02}:00:00.000Z"} for n in range(number)]
        self.apps = [{**app, "id": f"app-{event['id']}", "appCustomId": str(event["id"])} for event in self.events]
        self.profiles = [{**profile, "id": f"of-{event['id']}", "appGuid": f"app-{event['id']}"} for event in self.events]

    def end_sessions(self):
        """Let every session end, as an admin may."""
        self.started.clear()

    # --- API v3 ----------------------------------------------------------------------------------------------------------------------

    async def _v3(self, request):
        trouble = await self._begin(request)
        if trouble is not None:
            return trouble
        form = dict(await request.form())
        if form.get("format") != "1":
            return Response("<xml/>", media_type="text/xml")
        action = request.path_params["action"]
        if action == "startWidgetSession":
            return JSONResponse(
                {"ks": self._start("") if form["widgetId"] == "_4471920" else "", "objectType": "KalturaStartWidgetSessionResponse"}
            )
        if action == "startSession":
            proof = hashlib.sha256((form["ks"] + TOKEN).encode()).hexdigest()
            is_known = form["ks"] in self.started and form["tokenHash"] == proof and form["id"] == "1_exampletoken"
            privileges = form.get("sessionPrivileges", "")
            return JSONResponse({"ks": self._start(privileges)}) if is_known else _exception("APP_TOKEN_ID_NOT_FOUND")
        privileges = self._privileges(form.get("ks", ""))
        if privileges is None:
            return _exception("INVALID_KS")
        if action == "getCsvFromStringParams":
            allowed = "virtualeventid:" in privileges and form["id"] not in self.lacking
            told = next((text for entry, text in self.reactions_of.items() if f"entry_ids={entry};" in form["params"]), self.reactions)
            return Response(told, media_type="text/csv") if allowed else _exception("SERVICE_FORBIDDEN")
        if form["reportType"] in self.lacking:
            return _exception("REPORT_NOT_FOUND")
        return JSONResponse(self.table if form["reportInputFilter[entryIdIn]"] == "1_k4zq81ab" else sample("report_table_empty.json"))

    def _start(self, privileges):
        ks = f"planted-ks-{len(self.calls)}"
        self.started[ks] = (self.clock.now() + timedelta(hours=1), privileges)
        return ks

    def _privileges(self, ks):
        ends, privileges = self.started.get(ks, (self.clock.now(), None))
        return privileges if self.clock.now() < ends else None

    # --- the JSON services -----------------------------------------------------------------------------------------------------------

    async def _service(self, request):
        trouble = await self._begin(request)
        if trouble is not None:
            return trouble
        if self._privileges(request.headers.get("authorization", "").removeprefix("Bearer ")) is None:
            return Response(status_code=401)
        body = await request.json()
        answers = {
            "events/list": self._events,
            "sessions/list": self._sessions,
            "app-registry/list": self._apps,
            "user-profile/list": self._profiles,
            "report/generate": self._generate,
        }
        path = f"{request.path_params['thing']}/{request.path_params['action']}"
        if path == "report/serve":
            return JSONResponse({"status": "completed"}) if body.get("statusOnly") else Response(self.polls, media_type="text/csv")
        return JSONResponse(answers[path](body))

    def _generate(self, body):
        if body["reportName"] in self.lacking:
            return {"objectType": "KalturaAPIException", "code": "SERVICE_FORBIDDEN", "message": ""}
        return {"sessionId": "ticket-1"}

    def _events(self, body):
        pager, since = body["pager"], body["filter"].get("endDateGreaterThanOrEqual", "")
        if pager["limit"] > EVENTS_MOST:
            return {"status": "InvalidArgument"}
        events = [event for event in self.events if event["endDate"] >= since]
        found = events[pager["offset"] : pager["offset"] + pager["limit"]]
        return {"events": found, "totalCount": len(events), "status": "ok"}

    def _sessions(self, body):
        is_known = body["eventId"] in {event["id"] for event in self.events}
        return {"sessions": self.sessions, "status": "ok"} if is_known else {"status": "ResourceDoesNotExist"}

    def _apps(self, body):
        wanted = body["filter"]["appCustomIdIn"]
        return {"objects": [app for app in self.apps if app["appCustomId"] in wanted], "totalCount": 1}

    def _profiles(self, body):
        asked, pager = body["filter"], body["pager"]
        if pager["limit"] > PROFILES_MOST:
            return {"objectType": "KalturaAPIException", "code": "INVALID_PARAMS"}
        since, until = asked.get("updatedAtGreaterThanOrEqual", ""), asked.get("updatedAtLessThanOrEqual", "9")
        ids = {one.lower() for one in asked.get("userIdIn", ())}
        apps = asked["appGuidIn"]
        found = [
            one for one in self.profiles if not isinstance(one, dict) or (one["appGuid"] in apps and since <= one["updatedAt"] <= until)
        ]
        found = [one for one in found if not ids or (isinstance(one, dict) and one["userId"].lower() in ids)]
        found.sort(key=lambda one: one["updatedAt"] if isinstance(one, dict) else "")
        return {"objects": found[pager["offset"] : pager["offset"] + pager["limit"]], "totalCount": len(found)}

    async def _begin(self, request):
        self.calls.append(request.url.path)
        trouble = await self.troubles.answer(request)
        for happens in self.before_answer:
            happens(request.url.path)
        return trouble


def _exception(code):
    return JSONResponse({"code": code, "message": "", "objectType": "KalturaAPIException", "args": {}})
