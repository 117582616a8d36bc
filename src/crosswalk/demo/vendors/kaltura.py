"""The two kinds of API of a Kaltura account with one event: API v3 takes forms, the other services take JSON."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crosswalk.demo import summit
from crosswalk.demo.summit import Summit

_SEPARATOR, _LINE = "|", ";"
_CHANGED_UNTIL = "updatedAtLessThanOrEqual"  # asks for profiles as such; without it they are looked up for a report


class Kaltura:
    """One account; `told` counts the profiles that were listed and the attendees whose reports were read."""

    def __init__(self, held: Summit) -> None:
        self._held = held
        self.told = 0

    def routes(self) -> list[Route]:
        """Return what is answered."""
        services = {
            "events-api/api/v1/events/list": self._listing("events", lambda _: [self._held.event]),
            "events-api/api/v1/sessions/list": self._listing("sessions", lambda _: [self._held.session]),
            "app-registry/api/v1/app-registry/list": self._listing("objects", lambda _: [self._held.app]),
            "user/api/v1/user-profile/list": self._listing("objects", self._profiles),
            "reports/api/v1/report/generate": self._generate,
            "reports/api/v1/report/serve": self._serve,
            "api_v3/service/session/action/startWidgetSession": self._start,
            "api_v3/service/apptoken/action/startSession": self._start,
            "api_v3/service/report/action/getCsvFromStringParams": self._reactions,
            "api_v3/service/report/action/getTable": self._table,
        }
        return [Route(f"/{path}", answer, methods=["POST"]) for path, answer in services.items()]

    def _listing(self, member: str, found: Callable[[dict[str, Any]], list[Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            body = await request.json()
            listed, pager = found(body), body.get("pager", {"offset": 0, "limit": 500})
            page = listed[pager["offset"] : pager["offset"] + pager["limit"]]
            if _CHANGED_UNTIL in body.get("filter", ()):
                self.told += len(page)
            return JSONResponse({member: page, "totalCount": len(listed), "status": "ok"})

        return answer

    def _profiles(self, body: dict[str, Any]) -> list[Any]:
        asked = body["filter"]
        since, until, ids = asked.get("updatedAtGreaterThanOrEqual", ""), asked.get(_CHANGED_UNTIL, "9"), asked.get("userIdIn")
        return [one for one in self._held.profiles if since <= one["updatedAt"] <= until and (ids is None or one["userId"] in ids)]

    async def _start(self, _request: Request) -> Response:
        return JSONResponse({"ks": "demo", "objectType": "KalturaSessionInfo"})

    async def _reactions(self, _request: Request) -> Response:
        return _csv(self._held.reactions)

    async def _table(self, _request: Request) -> Response:
        views = self._held.views
        self.told += len(views)
        header = _SEPARATOR.join(views[0]) if views else ""
        data = _LINE.join(_SEPARATOR.join(map(str, row.values())) for row in views)
        return JSONResponse({"header": header, "data": data, "totalCount": len(views), "objectType": "KalturaReportTable"})

    async def _generate(self, _request: Request) -> Response:
        return JSONResponse({"sessionId": "demo"})

    async def _serve(self, request: Request) -> Response:
        is_question = (await request.json()).get("statusOnly")
        return JSONResponse({"status": "completed"}) if is_question else _csv(self._held.polls)


def _csv(rows: Any) -> Response:
    return Response(summit.as_csv(rows), media_type="text/csv")
