"""A trace of every refused request whose source is known; of strangers only so many a minute.

Anybody can post to a wrong address: writing a row for each would let strangers fill the database. A request that is only asked to come
back later leaves none: it comes back, and a store that is behind has no time for it.
"""

from http import HTTPStatus

import structlog

from crosswalk.errors import RequestRefused, StoreBusyError
from crosswalk.inbox import refusals
from crosswalk.web.services import Services

STRANGERS_A_MINUTE = 60
_MINUTE_SECONDS = 60.0


class RefusalTraces:
    """Writes why requests were refused, without body or secret."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._log = structlog.get_logger()
        self._minute = -1
        self._strangers = 0

    async def keep(self, refused: RequestRefused, source_id: str | None) -> None:
        """Keep the trace of one refusal; a database that is busy loses it to the log, never the answer."""
        if refused.status == HTTPStatus.TOO_MANY_REQUESTS or (source_id is None and not self._may_keep_stranger()):
            return
        now = self._services.clock.now()
        try:
            async with self._services.database.write() as tx:
                await refusals.record(tx, refused, source_id, self._services.ids, now)
        except StoreBusyError:
            self._log.warning("refusal_not_kept", code=refused.request_code, source_id=source_id)

    def _may_keep_stranger(self) -> bool:
        minute = int(self._services.clock.monotonic() // _MINUTE_SECONDS)
        if minute != self._minute:
            self._minute, self._strangers = minute, 0
        self._strangers += 1
        return self._strangers <= STRANGERS_A_MINUTE
