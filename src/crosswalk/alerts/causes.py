"""What an alert can be about. Each kind has a stable code, a title, and a sentence that says what to do.

Alerts leave the house by mail and chat: titles and sentences hold names an admin chose, counts and reasons, never what an event said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of causes, by their stable codes."""

    SOURCE_STOPPED = "source_stopped"
    SOURCE_REFUSED = "source_refused"
    WEBHOOKS_REFUSED = "webhooks_refused"
    SOURCE_SILENT = "source_silent"
    CONNECTION_PAUSED = "connection_paused"
    LOGIN_EXPIRING = "login_expiring"
    DELIVERIES_HELD = "deliveries_held"
    DELIVERIES_BEHIND = "deliveries_behind"
    BUDGET_RESERVE = "budget_reserve"
    MAPPING_DRIFTED = "mapping_drifted"

    @property
    def summary(self) -> str:
        """What it is about, for a list to choose from."""
        return _SUMMARIES[self]


_SUMMARIES: Mapping[Kind, str] = {
    Kind.SOURCE_STOPPED: "Reading a source fails or breaks off again and again",
    Kind.SOURCE_REFUSED: "A source's system refuses our credentials",
    Kind.WEBHOOKS_REFUSED: "Webhooks of a source are refused, because their signature is wrong",
    Kind.SOURCE_SILENT: "No event of a source for longer than usual, or than is set",
    Kind.CONNECTION_PAUSED: "A Salesforce connection is paused, as when its login is refused",
    Kind.LOGIN_EXPIRING: "An API token ends within a week",
    Kind.DELIVERIES_HELD: "Deliveries are held and wait for a person",
    Kind.DELIVERIES_BEHIND: "Deliveries that are due have not been written for an hour",
    Kind.BUDGET_RESERVE: "The Salesforce API calls left are kept in reserve",
    Kind.MAPPING_DRIFTED: "Mapping rows no longer fit their org or source, as when a field is gone",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is so at the moment. Two with one key are the same; `path` is the page of the console on which it is mended."""

    kind: Kind
    about: str  # what it concerns, as part of the key: an id, or two joined by a colon
    title: str
    sentence: str
    path: str

    @property
    def key(self) -> str:
        """What makes two sightings the same cause."""
        return f"{self.kind}:{self.about}"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
