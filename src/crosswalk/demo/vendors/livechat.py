"""The web API of a LiveChat licence: single chats, and the archive in one page."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from crosswalk.demo.chats import Chat
from crosswalk.sources.livechat import web_api

VERSION = "/v3.6"
_NOT_FOUND = 404


class LiveChat:
    """One licence; `told` counts the chats handed out."""

    def __init__(self, chats: Sequence[Chat]) -> None:
        self._chats = chats
        self.told = 0

    def routes(self) -> list[Route]:
        """Return what is answered."""
        methods = {web_api.GET_CHAT: self._chat, web_api.LIST_ARCHIVES: self._archive}
        return [Route(f"{VERSION}/{method}", answer, methods=["POST"]) for method, answer in methods.items()]

    async def _chat(self, request: Request) -> JSONResponse:
        asked = await request.json()
        found = next((chat for chat in self._chats if chat["id"] == asked["chat_id"]), None)
        if found is None:
            return JSONResponse({"error": {"type": "not_found", "message": "Chat not found"}}, _NOT_FOUND)
        self.told += 1
        return JSONResponse(found)

    async def _archive(self, request: Request) -> JSONResponse:
        filters = (await request.json()).get("filters", {})
        begins, until, threads = filters.get("from", ""), filters.get("to", "9999"), filters.get("thread_ids")
        found = [
            chat
            for chat in self._chats
            if begins[:26] <= chat["thread"]["created_at"][:26] <= until[:26] and (threads is None or chat["thread"]["id"] in threads)
        ]
        self.told += len(found)
        return JSONResponse({"chats": found, "found_chats": len(found)})
