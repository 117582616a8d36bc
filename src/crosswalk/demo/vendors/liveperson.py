"""The domain service, the login and both histories of a LivePerson account, all on one host."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from crosswalk.demo.conversations import ACCOUNT, SKILLS, Conversations, Record
from crosswalk.sources.liveperson import web_api

_SERVICES = (web_api.CHAT_HISTORY, web_api.MESSAGING_HISTORY, web_api.LOGIN, web_api.CONFIGURATION)
_CHATS, _CONVERSATIONS = "interactionHistoryRecords", "conversationHistoryRecords"
_TOKEN_SECONDS = 3600


class LivePerson:
    """One account; `told` counts the conversations handed out."""

    def __init__(self, held: Conversations) -> None:
        self._held = held
        self.told = 0

    def routes(self) -> list[Route]:
        """Return what is answered."""
        account = f"api/account/{ACCOUNT}"
        chats = self._history(self._held.chats, "engagementId", _CHATS)
        messaging = self._history(self._held.messaging, "conversationId", _CONVERSATIONS)
        return [
            Route(f"/{account}/service/baseURI.json", _domains),
            Route(f"/sentinel/api/v2/account/{ACCOUNT}/app/token", _token, methods=["POST"]),
            Route(f"/interaction_history/{account}/interactions/search", chats, methods=["POST"]),
            Route(f"/messaging_history/{account}/conversations/search", messaging, methods=["POST"]),
            Route(f"/messaging_history/{account}/conversations/conversation/search", messaging, methods=["POST"]),
            Route(f"/{account}/configuration/le-users/skills", _skills),
        ]

    def _history(self, held: Sequence[Record], id_member: str, name: str) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            asked, paging = await request.json(), request.query_params
            found = [one for one in held if _is_wanted(one["info"], asked, id_member)]
            found.sort(key=lambda one: one["info"]["startTimeL"])
            offset, limit = int(paging.get("offset", 0)), int(paging.get("limit", 1))
            page = found[offset : offset + limit]
            self.told += len(page)
            return JSONResponse({"_metadata": {"count": len(found)}, name: page})

        return answer


def _is_wanted(info: dict[str, Any], asked: dict[str, Any], id_member: str) -> bool:
    """Tell whether a conversation is the one that was asked for, or in the windows of those asked for."""
    if id_member in asked:
        return bool(info[id_member] == asked[id_member])
    windows = ((asked.get("start"), info["startTimeL"]), (asked.get("end"), info["endTimeL"]))
    return all(window is None or window["from"] <= at <= window["to"] for window, at in windows)


async def _domains(request: Request) -> JSONResponse:
    host = request.url.netloc
    return JSONResponse({"baseURIs": [{"service": service, "account": ACCOUNT, "baseURI": host} for service in _SERVICES]})


async def _token(_request: Request) -> JSONResponse:
    return JSONResponse({"access_token": "demo", "token_type": "Bearer", "expires_in": _TOKEN_SECONDS})


async def _skills(_request: Request) -> JSONResponse:
    return JSONResponse(list(SKILLS))
