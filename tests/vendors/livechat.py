"""A strict LiveChat: one licence behind the web API that Crosswalk asks, as its documentation has it, and webhooks as it would post them.

A request the real one refuses is refused: a bare token, the wrong data centre, filters beside a page id, a time without microseconds. Pages
are counted in the archive as it stands, so they shift when it changes.
"""

import base64
import copy
import json
import re
from datetime import timedelta

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.vendors.trouble import Troubles

ACCOUNT = "0b5d2c9e-1f7a-4a83-9b60-d4e1c7f83a12"
TOKEN = "planted-livechat-token"
SECRET = "planted-livechat-secret"
ADDRESS = "http://127.0.0.1:9"
VERSION = "/v3.6"
MAYA, OMAR = "maya.lind@harbor-supply.example", "omar.said@harbor-supply.example"
AGENTS = {MAYA: "Maya Lind", OMAR: "Omar Said"}
_STATUS = {"validation": 400, "authentication": 401, "authorization": 403, "not_found": 404, "misdirected_request": 421}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d")
_ARCHIVE_MEMBERS = {"filters", "sort_order", "limit", "page_id", "highlights"}
_MOST, _ORDINARY, _THREADS_MOST = 100, 10, 20
_PAGE_LIVES = timedelta(days=30)


class LiveChatSimulator:
    """One licence: `chats` by thread id. What happens in it is told to `posted`, as webhooks without being sent."""

    def __init__(self, clock, region="dal"):
        self.clock, self.region, self.token = clock, region, TOKEN
        self.troubles = Troubles()
        self.chats, self.archived, self.garbage = {}, set(), []
        self.calls, self.posted = [], []
        self.before_answer = []  # called with the method before each answer: what happens in the licence meanwhile
        self.groups = [{"id": 0, "name": "General"}, {"id": 4, "name": "Sales"}]
        self.agents = [{"id": MAYA, "name": "Maya Lind", "job_title": "Sales specialist", "groups": [{"id": 4, "priority": "normal"}]}]
        methods = {
            "agent/action/list_archives": self._list_archives,
            "agent/action/get_chat": self._get_chat,
            "configuration/action/list_groups": lambda _: self.groups,
            "configuration/action/list_agents": self._list_agents,
        }
        self.app = Starlette(
            routes=[Route(f"{VERSION}/{path}", self._answering(path, call), methods=["POST"]) for path, call in methods.items()]
        )

    @property
    def settings(self):
        """The settings that lead a source here."""
        return {"api_url": f"{ADDRESS}{VERSION}", "account_id": ACCOUNT}

    def client(self):
        """Return an HTTP client that ends here, whatever the address."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app))

    # --- the licence -----------------------------------------------------------------------------------------------------------------

    def stamp(self):
        return self.clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")

    def open(self, thread_id="T1", chat_id="C1", agent=MAYA, variables=None, form=None, **visitor):
        """Begin a chat; `form` are answers by label. Returns the chat, which the licence goes on to change."""
        customer = {"id": f"visitor-{chat_id}", "type": "customer", "present": True, "created_at": self.stamp(), **visitor}
        if variables:
            customer["session_fields"] = [{name: value} for name, value in variables.items()]
        users = [customer, *([{"id": agent, "type": "agent", "name": AGENTS[agent], "email": agent}] if agent else [])]
        self.chats[thread_id] = {
            "id": chat_id,
            "users": users,
            "thread": {
                "id": thread_id,
                "active": True,
                "user_ids": [user["id"] for user in users],
                "events": [],
                "properties": {"routing": {"continuous": False, "start_url": "https://harbor-supply.example/pricing"}},
                "access": {"group_ids": [4]},
                "created_at": self.stamp(),
            },
            "properties": {},
            "access": {"group_ids": [4]},
            "is_followed": False,
        }
        if form:
            self._add(thread_id, type="filled_form", form_type="prechat", fields=_fields(form), author_id=customer["id"])
        self._post("incoming_chat", {"chat": copy.deepcopy(self.chats[thread_id])})
        return self.chats[thread_id]

    def say(self, text, thread_id="T1", author=None, **more):
        """Say something; the visitor does unless another author is named."""
        return self._tell(thread_id, type="message", text=text, author_id=author or self.visitor(thread_id)["id"], **more)

    def close(self, thread_id="T1", by=MAYA, kind="manual_archived_agent"):
        """Close a thread and archive it."""
        self._tell(thread_id, type="system_message", system_message_type=kind, text="The chat was closed")
        self.chats[thread_id]["thread"]["active"] = False
        self.archived.add(thread_id)
        self._post("chat_deactivated", {**self._ids(thread_id), **({"user_id": by} if by else {})})

    def answer_postchat(self, thread_id="T1", **answers):
        self._tell(thread_id, type="filled_form", form_type="postchat", fields=_fields(answers), author_id=self.visitor(thread_id)["id"])

    def tag(self, tag, thread_id="T1"):
        self.chats[thread_id]["thread"].setdefault("tags", []).append(tag)
        self._post("thread_tagged", {**self._ids(thread_id), "tag": tag})

    def untag(self, tag, thread_id="T1"):
        """Take a tag off; with the last one the member itself goes, as LiveChat leaves out what is empty."""
        thread = self.chats[thread_id]["thread"]
        thread["tags"].remove(tag)
        if not thread["tags"]:
            del thread["tags"]
        self._post("thread_untagged", {**self._ids(thread_id), "tag": tag})

    def rate(self, score, thread_id="T1", comment=None):
        rating = {"score": score, **({"comment": comment} if comment else {})}
        self.chats[thread_id]["thread"]["properties"]["rating"] = rating
        self._post("thread_properties_updated", {**self._ids(thread_id), "properties": {"rating": rating}})

    def set_variables(self, thread_id="T1", **variables):
        fields = [{name: value} for name, value in variables.items()]
        self.visitor(thread_id)["session_fields"] = fields
        self._post(
            "customer_session_fields_updated",
            {"id": self.visitor(thread_id)["id"], "active_chat": self._ids(thread_id), "session_fields": fields},
        )

    def transfer(self, agent, thread_id="T1"):
        chat = self.chats[thread_id]
        chat["users"].append({"id": agent, "type": "agent", "name": AGENTS[agent], "email": agent})
        chat["thread"]["user_ids"].append(agent)
        self._post("chat_transferred", {**self._ids(thread_id), "reason": "manual", "transferred_to": {"agent_ids": [agent]}})

    def whole(self, number, form=None, **visitor):
        """Hold one whole chat, begun and closed, a second after the one before; returns its thread id."""
        thread_id = f"T{number:04}"
        self.clock.advance(1)
        self.open(thread_id, f"C{number:04}", form=form, email=f"v{number}@nordkaj.example", **visitor)
        self.close(thread_id)
        return thread_id

    def visitor(self, thread_id="T1"):
        return self.chats[thread_id]["users"][0]

    # --- webhooks --------------------------------------------------------------------------------------------------------------------

    def envelope(self, action, payload, secret=SECRET):
        """Return a webhook as it is posted."""
        common = {"webhook_id": "wh_3f9c1b7a2d", "secret_key": secret, "organization_id": "8a3b5f10-2c47-4f5d-9d1e-6b0c47a2e915"}
        return {**common, "action": action, "payload": payload, "additional_data": {}}

    def take_posted(self):
        """Return what was posted since the last time, oldest first."""
        posted, self.posted = self.posted, []
        return posted

    def _post(self, action, payload):
        self.posted.append(json.dumps(self.envelope(action, copy.deepcopy(payload))).encode())

    def _ids(self, thread_id):
        return {"chat_id": self.chats[thread_id]["id"], "thread_id": thread_id}

    def _tell(self, thread_id, **event):
        self._post("incoming_event", {**self._ids(thread_id), "event": self._add(thread_id, **event)})

    def _add(self, thread_id, **event):
        events = self.chats[thread_id]["thread"]["events"]
        events.append({"id": f"{thread_id}_{len(events) + 1}", "created_at": self.stamp(), "visibility": "all", **event})
        return events[-1]

    # --- the API ---------------------------------------------------------------------------------------------------------------------

    def _answering(self, path, call):
        async def answer(request):
            raw = await request.body()
            self.calls.append((path, raw.decode()))
            trouble = await self.troubles.answer(request)
            if trouble is not None:
                return trouble
            for happens in self.before_answer:
                happens(path)
            refused = self._refusal(request)
            if refused:
                return refused
            try:
                body = json.loads(raw)
            except ValueError:
                return _error("validation", "the body is not JSON")
            found = call(body) if isinstance(body, dict) else _error("validation", "the body must be an object")
            return found if isinstance(found, JSONResponse) else JSONResponse(copy.deepcopy(found))

        return answer

    def _refusal(self, request):
        expected = base64.b64encode(f"{ACCOUNT}:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return _error("authentication", "Invalid access token")
        if request.headers.get("x-region", "dal") != self.region:
            return _error("misdirected_request", "Wrong region", region=self.region)
        if request.headers.get("content-type") != "application/json":
            return _error("validation", "wrong content type")
        return None

    def _list_archives(self, body):
        if set(body) - _ARCHIVE_MEMBERS:
            return _error("validation", "unknown members")
        if "page_id" in body:
            if set(body) != {"page_id"}:
                return _error("validation", "page_id goes alone")
            asked = _page_of(body["page_id"])
            if asked is None or asked["at"] < (self.clock.now() - _PAGE_LIVES).timestamp():
                return _error("validation", "page_id is not valid")
        else:
            asked = {"offset": 0, "limit": _ORDINARY, "sort_order": "desc", "filters": {}, **body}
        problem = _archive_problem(asked)
        return _error("validation", problem) if problem else self._archive_page(asked)

    def _archive_page(self, asked):
        begun, until = asked["filters"].get("from", ""), asked["filters"].get("to", "9999")
        found = [self.chats[thread_id] for thread_id in self.archived if begun[:26] <= self._begun(thread_id) <= until[:26]]
        if "thread_ids" in asked["filters"]:
            found = [chat for chat in found if chat["thread"]["id"] in asked["filters"]["thread_ids"]]
        found.sort(key=lambda chat: (chat["thread"]["created_at"], chat["thread"]["id"]), reverse=asked["sort_order"] == "desc")
        found = [*self.garbage, *found]
        following = asked["offset"] + asked["limit"]
        page = {"chats": found[asked["offset"] : following], "found_chats": len(found)}
        if following < len(found):
            state = {**asked, "offset": following, "at": self.clock.now().timestamp()}
            page["next_page_id"] = base64.b64encode(json.dumps(state).encode()).decode()
        return page

    def _begun(self, thread_id):
        return self.chats[thread_id]["thread"]["created_at"][:26]

    def _get_chat(self, body):
        if set(body) - {"chat_id", "thread_id"} or not isinstance(body.get("chat_id"), str):
            return _error("validation", "chat_id is required")
        threads = [chat for chat in self.chats.values() if chat["id"] == body["chat_id"]]
        found = [chat for chat in threads if body.get("thread_id", threads[-1]["thread"]["id"]) == chat["thread"]["id"]]
        return found[0] if found else _error("not_found", "Chat not found")

    def _list_agents(self, body):
        fields = {"id", "name", *body.get("fields", ())}
        return [{name: value for name, value in agent.items() if name in fields} for agent in self.agents]


def _archive_problem(asked):
    if not isinstance(asked["limit"], int) or not 1 <= asked["limit"] <= _MOST:
        return "limit must be from 1 to 100"
    if asked["sort_order"] not in ("asc", "desc"):
        return "sort_order must be asc or desc"
    if "thread_ids" in asked["filters"]:
        return (
            "" if set(asked["filters"]) == {"thread_ids"} and len(asked["filters"]["thread_ids"]) <= _THREADS_MOST else "thread_ids alone"
        )
    if set(asked["filters"]) - {"from", "to"}:
        return "unknown filter"
    wrong = [name for name, value in asked["filters"].items() if not _MOMENT.fullmatch(value)]
    return f"{wrong[0]} must be RFC 3339 with microseconds" if wrong else ""


def _page_of(page_id):
    try:
        page = json.loads(base64.b64decode(page_id, validate=True))
    except ValueError:
        return None
    return page if isinstance(page, dict) else None


def _fields(answers):
    """Return form fields: a list is a checkbox, a choice in a tuple a radio button, other text a line."""
    return [{"id": str(number), "label": label, **_field(value, label)} for number, (label, value) in enumerate(answers.items())]


def _field(value, label):
    if isinstance(value, list):
        return {"type": "checkbox", "answers": [{"id": str(n), "label": text} for n, text in enumerate(value)]}
    if isinstance(value, tuple):
        return {"type": "radio", "answer": {"id": "0", "label": value[0]}}
    return {"type": label if label in ("name", "email") else "textarea", "answer": value}


def _error(kind, message, **data):
    return JSONResponse({"error": {"type": kind, "message": message, "data": data}}, _STATUS[kind])
