"""One server for all three, because their addresses do not overlap; each is reached under a base address of its own."""

from collections.abc import Mapping

from starlette.applications import Starlette

from crosswalk.demo.scenario import Scenario
from crosswalk.demo.vendors import livechat
from crosswalk.demo.vendors.kaltura import Kaltura
from crosswalk.demo.vendors.livechat import LiveChat
from crosswalk.demo.vendors.liveperson import LivePerson


class Vendors:
    """The systems that are asked, with what the scenario puts into them."""

    def __init__(self, played: Scenario) -> None:
        self._all = (LiveChat(played.chats), Kaltura(played.summit), LivePerson(played.conversations))
        self.app = Starlette(routes=[route for one in self._all for route in one.routes()])

    @property
    def told(self) -> int:
        """Return how many items they have handed out, counted by themselves."""
        return sum(one.told for one in self._all)


def api_urls(url: str) -> Mapping[str, str]:
    """Return the address each kind of source asks, where the server listens at `url`."""
    return {"livechat": f"{url}{livechat.VERSION}", "kaltura": url, "liveperson": url}
