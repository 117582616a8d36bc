"""A strict LivePerson: one account, its domain service, both logins, both histories, skills and webhooks, as the documentation has it.

A request the real one refuses is refused: the wrong host, a signature over other parameters or used twice, a window that is too long, an
unknown member. Times of a window are rounded outwards to ten minutes, lists hold the latest attributes only, and conversations show late.
"""

import base64
import copy
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.vendors.liveperson_logins import AppKeyVerifier
from tests.vendors.trouble import Troubles

ACCOUNT = "87412093"
CLIENT, CLIENT_SECRET, SIGNING_SECRET = "0d5a1c52-64b2-4f5b-8b0a-3b2f0f6f9d11", "planted-liveperson-secret", "planted-app-secret"
APP_KEYS = {
    "consumer_key": "planted-consumer",
    "consumer_secret": "planted-consumer-secret",
    "access_token": "planted-access",
    "access_token_secret": "planted-access-secret",
}
DOMAINS = "http://127.0.0.1:20"
HOSTS = {"engHistDomain": "127.0.0.1:21", "msgHist": "127.0.0.1:22", "sentinel": "127.0.0.1:23", "accountConfigReadOnly": "127.0.0.1:24"}
PERMISSIONS = {"engHistDomain": "Engagement History", "msgHist": "Engagement History", "accountConfigReadOnly": "Skills"}
_CHAT_BODY = {"start", "interactive", "ended", "skillIds", "agentIds", "engagementId"}
_MESSAGING_BODY = {"start", "end", "status", "skillIds", "contentToRetrieve"}
_BLOCKS = {
    *("campaign", "messageRecords", "agentParticipants", "consumerParticipants", "transfers", "interactions", "messageScores", "dialogs"),
    *("messageStatuses", "conversationSurveys", "coBrowseSessions", "summary", "sdes", "unAuthSdes", "monitoring", "responseTime"),
}
_MOST, _TEN_MINUTES = 100, 600_000
_LONGEST = {"engHistDomain": 31, "msgHist": 92}
_TOKEN_SECONDS = 3600


class LivePersonSimulator:
    """One account: `chats` and `conversations` by id, each with the time from which the history shows it."""

    def __init__(self, clock, *, lag_seconds=0):
        self.clock, self.lag = clock, timedelta(seconds=lag_seconds)
        self.troubles, self.verifier = Troubles(), AppKeyVerifier(APP_KEYS, clock)
        self.permissions = {"Engagement History", "Skills"}
        self.chats, self.conversations, self.shown_at = {}, {}, {}
        self.garbage = []
        self.domain_host = DOMAINS.removeprefix("http://")
        self.hosts, self.skills = dict(HOSTS), [{"id": 301770110, "name": "Orders"}, {"id": 301770112, "name": "Returns"}]
        self.tokens, self.calls, self.posted = {}, [], []
        self.before_answer = []  # called with the path before each answer: what happens in the account meanwhile
        self.partial_answers = 0
        self.pages = []  # offset and limit of each page asked for
        base = f"/api/account/{ACCOUNT}"
        self.app = Starlette(
            routes=[
                self._route(f"{base}/service/baseURI.json", "GET", self._domains, ""),
                self._route(f"/sentinel/api/v2/account/{ACCOUNT}/app/token", "POST", self._give_token, "sentinel"),
                self._route(f"/interaction_history{base}/interactions/search", "POST", self._list_chats, "engHistDomain"),
                self._route(f"/messaging_history{base}/conversations/search", "POST", self._list_conversations, "msgHist"),
                self._route(f"/messaging_history{base}/conversations/conversation/search", "POST", self._one_conversation, "msgHist"),
                self._route(f"{base}/configuration/le-users/skills", "GET", self._list_skills, "accountConfigReadOnly"),
            ]
        )

    @property
    def settings(self):
        """The settings that lead a source here, logged in by OAuth 2."""
        return {"api_url": DOMAINS, "account_id": ACCOUNT, "client_id": CLIENT}

    def client(self):
        """Return an HTTP client that ends here, whatever the address."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app))

    # --- the account -----------------------------------------------------------------------------------------------------------------

    def chat(self, number, *, minutes=5, at=None, lines=2, surveys=None, sdes=(), **info):
        """Hold one whole chat that ends now, or at a time; returns its id as the widget has it."""
        ended = at or self.clock.now()
        begun = ended - timedelta(minutes=minutes)
        chat_id = f"{4_294_970_000 + number}"
        visitor = info.pop("visitorName", f"Elin Berg{number}")
        self.chats[chat_id] = {
            "info": {
                **_times("startTime", begun),
                **_times("endTime", ended),
                "duration": minutes * 60,
                "engagementId": ACCOUNT + chat_id,
                "accountId": ACCOUNT,
                "visitorId": f"visitor-{number}",
                "visitorName": visitor,
                "skillId": 301770110,
                "skillName": "Orders",
                "agentFullName": "Priya Nair",
                "agentLoginName": "priya.nair@harbor-supply.example",
                "isPartial": False,
                "chatDataEnriched": True,
                **info,
            },
            "transcript": {"lines": [_chat_line(begun + timedelta(seconds=10 * n), visitor, n) for n in range(lines)]},
            "campaign": {"campaignName": "Order support", "goalName": "Resolve order questions", "lobId": -1, "lobName": "NA"},
            "visitorInfo": {"country": "Sweden", "browser": "Firefox 136.0", "device": "DESKTOP"},
            "surveys": {name: [_question(*one) for one in answers.items()] for name, answers in (surveys or {}).items()},
            "sdes": {"events": list(sdes)},
        }
        self.shown_at[chat_id] = ended + self.lag
        return chat_id

    def conversation(self, number, *, minutes=60, status="CLOSE", at=None, sdes=(), unauthenticated=(), **info):
        """Hold one messaging conversation that ends now unless it is left open; returns its id. Its end is posted."""
        ended = at or self.clock.now()
        begun = ended - timedelta(minutes=minutes)
        conversation_id = f"3f0c9a52-7b1e-4c68-9a0d-{number:012}"
        is_open = status == "OPEN"
        over = {"endTime": "undefined", "endTimeL": -1} if is_open else _times("endTime", ended)
        self.conversations[conversation_id] = {
            "info": {
                "conversationId": conversation_id,
                "brandId": ACCOUNT,
                "status": status,
                **_times("startTime", begun),
                **over,
                "latestSkillName": "Returns",
                "latestAgentFullName": "Tomas Vesely",
                "latestAgentLoginName": "tomas.vesely@harbor-supply.example",
                "isPartial": False,
                **info,
            },
            "campaign": {"campaignName": "Order support"},
            "consumerParticipants": [
                {"participantId": f"consumer-{number}", "firstName": "Davide", "lastName": f"Rossetti{number}", "token": "undefined"}
                | {"email": f"d{number}@studio.example", "phone": "undefined", "consumerName": f"Davide Rossetti{number}"}
            ],
            "messageRecords": [_message(conversation_id, number, begun + timedelta(minutes=n), n) for n in range(2)],
            "dialogs": [{"dialogId": conversation_id, "dialogType": "MAIN", "status": status}],
            "sdes": {"events": list(sdes)},
            "unAuthSdes": {"events": list(unauthenticated)},
            "monitoring": {"country": "Italy"},
        }
        self.shown_at[conversation_id] = ended + self.lag
        if not is_open:
            self._post(conversation_id)
        return conversation_id

    def close(self, conversation_id):
        """Close an open conversation."""
        info = self.conversations[conversation_id]["info"]
        info |= {"status": "CLOSE", **_times("endTime", self.clock.now())}
        self.shown_at[conversation_id] = self.clock.now() + self.lag
        self._post(conversation_id)

    def forget(self, key):
        """Delete a conversation for good, as an erasure request does."""
        self.chats.pop(key, None)
        self.conversations.pop(key, None)

    def revoke_tokens(self):
        self.tokens.clear()

    # --- webhooks --------------------------------------------------------------------------------------------------------------------

    def take_posted(self):
        """Return what was posted since the last time, oldest first, each with its headers."""
        posted, self.posted = self.posted, []
        return [(body, headers_of(body)) for body in posted]

    def _post(self, conversation_id, state="CLOSE"):
        info = self.conversations[conversation_id]["info"]
        details = {"state": state, "stage": state, "brandId": ACCOUNT, "closeReason": "AGENT", "endTs": info["endTimeL"]}
        change = {"type": "UPSERT", "result": {"convId": conversation_id, "conversationDetails": details}}
        body = {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": {"sentTs": 1, "changes": [change]}}
        self.posted.append(json.dumps(body).encode())

    # --- the API ---------------------------------------------------------------------------------------------------------------------

    def _route(self, path, method, call, service):
        async def answer(request):
            raw = await request.body()
            self.calls.append((request.method, request.url.path))
            trouble = await self.troubles.answer(request)
            if trouble is not None:
                return trouble
            for happens in self.before_answer:
                happens(path)
            found = self._refusal(request, service) or call(request, raw)
            return found if isinstance(found, JSONResponse) else JSONResponse(copy.deepcopy(found))

        return Route(path, answer, methods=[method])

    def _refusal(self, request, service):
        if request.headers["host"] != (self.hosts[service] if service else self.domain_host):
            return _error(404, "no such service here")
        permission = PERMISSIONS.get(service)
        if permission is None:
            return _error(401, "no credentials belong here") if "authorization" in request.headers else None
        if not self._is_known(request):
            return _error(401, "unauthorized")
        if permission not in self.permissions:
            return _error(403, "the key lacks the permission")
        caller = request.query_params.get("source", "")
        return None if 0 < len(caller) <= 20 else _error(400, "source is required")

    def _is_known(self, request):
        given = request.headers.get("authorization", "")
        if given.startswith("Bearer "):
            return self.tokens.get(given.removeprefix("Bearer "), datetime.min.replace(tzinfo=UTC)) > self.clock.now()
        return self.verifier.accepts(request.method, request.url, given)

    def _domains(self, request, _raw):
        if request.query_params.get("version") != "1.0":
            return _error(400, "version is required")
        return {"baseURIs": [{"service": name, "account": ACCOUNT, "baseURI": host} for name, host in self.hosts.items()]}

    def _give_token(self, request, raw):
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        wanted = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"}
        if request.headers.get("content-type") != "application/x-www-form-urlencoded" or form != wanted:
            return _error(401, "invalid_client")
        token = f"planted-token-{len(self.tokens)}-{len(self.calls)}"
        self.tokens[token] = self.clock.now() + timedelta(seconds=_TOKEN_SECONDS)
        return {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}

    def _list_skills(self, _request, _raw):
        return self.skills

    def _list_chats(self, request, raw):
        body = json.loads(raw)
        problem = _problem(body, _CHAT_BODY, "engHistDomain")
        if problem:
            return _error(400, problem)
        begun, until = _rounded(body["start"])
        wanted = body.get("engagementId")
        found = [
            one
            for key, one in self.chats.items()
            if self._is_shown(key)
            and (wanted == one["info"]["engagementId"] or (not wanted and begun <= one["info"]["startTimeL"] <= until))
        ]
        return self._page(request, found, "interactionHistoryRecords")

    def _list_conversations(self, request, raw):
        body = json.loads(raw)
        problem = _problem(body, _MESSAGING_BODY, "msgHist")
        if problem:
            return _error(400, problem)
        (begun, until), (ended, over) = _rounded(body["start"]), _rounded(body.get("end", {"from": -1, "to": 1 << 62}))
        found = [
            one
            for key, one in self.conversations.items()
            if self._is_shown(key) and one["info"]["status"] in body["status"]
            if begun <= one["info"]["startTimeL"] <= until and ended <= one["info"]["endTimeL"] <= over
        ]
        seen = [_latest_attributes(_blocks(one, body, request)) for one in found]
        return self._page(request, seen, "conversationHistoryRecords")

    def _one_conversation(self, request, raw):
        body = json.loads(raw)
        if set(body) - {"conversationId", "contentToRetrieve"} or set(body.get("contentToRetrieve", ())) - _BLOCKS:
            return _error(400, "unknown members")
        found = self.conversations.get(body["conversationId"]) if self._is_shown(body["conversationId"]) else None
        records = [_blocks(found, body, request)] if found else []
        return {"_metadata": {"count": len(records)}, "conversationHistoryRecords": records}

    def _is_shown(self, key):
        return self.shown_at.get(key, datetime.max.replace(tzinfo=UTC)) <= self.clock.now()

    def _page(self, request, found, name):
        asked = request.query_params
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 50))
        self.pages.append({"offset": offset, "limit": limit})
        field, _, direction = asked.get("sort", "start:desc").partition(":")
        if not 1 <= limit <= _MOST or offset < 0 or field not in ("start", "end") or direction not in ("asc", "desc"):
            return _error(400, "limit, offset or sort is wrong")
        found = sorted(found, key=lambda one: one["info"][f"{field}TimeL"], reverse=direction == "desc")
        found = [*self.garbage, *found]
        partial = self.partial_answers > 0
        self.partial_answers -= partial
        meta = {"count": len(found), "self": {"rel": "self"}, "shardsStatusResult": {"partialResult": partial}}
        if offset + limit < len(found):
            meta["next"] = {"rel": "next"}
        return {"_metadata": meta, name: found[offset : offset + limit]}


def headers_of(body, secret=SIGNING_SECRET):
    """Return the headers LivePerson posts a body with."""
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()
    return {
        "Content-Type": "application/json",
        "X-LivePerson-Account-Id": ACCOUNT,
        "X-LivePerson-Client-Id": CLIENT,
        "X-LivePerson-Signature": f"sha1={digest}",
    }


def sde(kind, at, **fields):
    """Return an engagement attribute whose fields stand doubled inside; `at` is its time in milliseconds."""
    name = {"CUSTOMER_INFO": "customerInfo", "PERSONAL_INFO": "personalInfo"}[kind]
    return {name: {"serverTimeStamp": str(at), name: fields}, "serverTimeStamp": str(at), "sdeType": kind}


def _problem(body, members, service):
    if set(body) - members or not isinstance(body.get("start"), dict) or set(body["start"]) != {"from", "to"}:
        return "unknown members, or no start"
    if set(body.get("contentToRetrieve", ())) - _BLOCKS:
        return "unknown content"
    days = (body["start"]["to"] - body["start"]["from"]) / 86_400_000
    return "the window is too long" if not 0 <= days <= _LONGEST[service] else ""


def _rounded(window):
    return window["from"] // _TEN_MINUTES * _TEN_MINUTES, -(-window["to"] // _TEN_MINUTES) * _TEN_MINUTES


def _blocks(record, body, request):
    wanted = set(body.get("contentToRetrieve", _BLOCKS - {"unAuthSdes", "monitoring", "responseTime"}))
    if request.query_params.get("v") != "2":
        wanted -= {"unAuthSdes"}
    return {name: copy.deepcopy(block) for name, block in record.items() if name == "info" or name in wanted}


def _latest_attributes(record):
    """Leave the latest attribute of each type, as lists do."""
    for block in ("sdes", "unAuthSdes"):
        latest = {}
        for one in record.get(block, {}).get("events", ()):
            known = latest.get(one["sdeType"])
            if known is None or int(known["serverTimeStamp"]) < int(one["serverTimeStamp"]):
                latest[one["sdeType"]] = one
        if block in record:
            record[block] = {"events": list(latest.values())}
    return record


def _times(name, moment):
    millis = int(moment.timestamp() * 1000)
    return {name: f"{moment:%Y-%m-%d %H:%M:%S}.{millis % 1000:03}+0000", f"{name}L": millis}


def _chat_line(moment, visitor, number):
    who = (visitor, "visitor") if number % 2 else ("Priya", "agent")
    told = {"by": who[0], "source": who[1], "subType": "REGULAR", "textType": "plain", "lineSeq": str(number)}
    return {**_times("time", moment), "text": f"Line {number}", **told}


def _message(conversation_id, number, moment, seq):
    sent = {"participantId": f"consumer-{number}", "sentBy": "Consumer"} if seq == 0 else {"participantId": "301774522", "sentBy": "Agent"}
    data = {"type": "TEXT_PLAIN", "messageData": {"msg": {"text": f"Message {seq}"}}, "dialogId": conversation_id, "seq": seq}
    return {**data, "messageId": f"ms::dialog:{conversation_id}::msg:{seq}", **_times("time", moment), **sent}


def _question(name, value):
    return {"displayName": name, "value": value, "values": [value], "scope": "Session"}


def _error(status, message):
    return JSONResponse({"error": {"message": message}}, status)
