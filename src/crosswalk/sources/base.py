"""What every source can do, and what it is handed; and what those can do besides that can also be asked.

A source is stateless: its configuration comes with each call, so that one object serves all workspaces of its kind. `accept` proves
the sender before it looks at anything else. A position of a pull is JSON of the source's own making: it is stored with the page it
follows, and handed back after a crash.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import Problem
from crosswalk.model import Accepted, Attribute, Event, Notice, Rejected
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it reached us, already decompressed. Header names are in lower case; of a repeated parameter the first counts."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    max_depth: int = 64


@runtime_checkable
class Source(Protocol):
    """One kind of engagement system."""

    kind: ClassVar[str]
    secret_names: ClassVar[tuple[str, ...]]
    optional_secret_names: ClassVar[tuple[str, ...]]

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return every attribute a mapping can pick, in the order the editor shows them."""
        ...

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings of a source of this kind; nothing means they can be saved."""
        ...

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Prove the sender and turn the request into events and notices; raise `RequestRefused` when it is not acceptable."""
        ...

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return what the event says about its entity, as canonical text by key; two equal ones tell nothing new."""
        ...

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers with which the system itself would post `body`."""
        ...


@runtime_checkable
class Tabular(Source, Protocol):
    """A source that adds what a client adds to the lines of a file. Of others a line must hold all that a body must."""

    def column(self, name: str) -> str:
        """Return the path into a body that a column means which is no attribute."""
        ...

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body that a client would post for the row of a table; of equal rows the bodies are equal."""
        ...

    def marked(self, body: Any) -> Any:
        """Return a body with ids that follow from its content where it has none, so that the same file again tells nothing new."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when a pull looks for changes."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the pulls of a stream look.

    A window ends `lag` ago, because systems list what just happened late; it begins `overlap` before the last one ended, because records
    move between pages while they are read; the first one begins `first` ago.
    """

    lag: timedelta
    overlap: timedelta
    first: timedelta
    is_periodic: bool = True  # a stream that costs many calls is left to the daily job


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that a page told is over; `subject` is what `Refetching.refetch` takes."""

    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull and the position after it; without a position the window is done.

    `remarks` are sentences about what the system would not tell; the run of the pull repeats each once.
    """

    accepted: Accepted
    position: Any | None
    remarks: tuple[str, ...] = ()
    ended: tuple[Ended, ...] = ()


class Verdict(StrEnum):
    """How a check of a source ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found out about a source, and what to do about it."""

    verdict: Verdict
    sentence: str


@runtime_checkable
class Pulling(Source, Protocol):
    """A source whose system can be asked. Everything that asks raises what `VendorApi` raises."""

    discovered_settings: ClassVar[tuple[str, ...]]  # settings that `discover` fills, so that a workspace file need not

    def streams(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of what can be pulled, each with a cursor of its own."""
        ...

    def reach(self, settings: Mapping[str, Any], stream: str) -> Reach:
        """Return how far the pulls of a stream look."""
        ...

    def api(self, source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
        """Return the vendor's API with the source's credentials; raise `ConfigurationError` that names what is missing."""
        ...

    async def pull(
        self,
        api: VendorApi,
        source: SourceConfig,
        stream: str,
        window: Window,
        position: Any | None,
        received_at: datetime,
        new_id: NewId,
    ) -> Page:
        """Return the page at a position, the first one for None. An item that cannot be read is `invalid` and holds nobody up."""
        ...

    async def expand(self, api: VendorApi, source: SourceConfig, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Return the events behind a notice."""
        ...

    async def check(self, api: VendorApi, source: SourceConfig) -> tuple[Finding, ...]:
        """Find out whether the credentials reach the system and what they may do; a refusal is a finding, not an error."""
        ...

    async def discover(self, api: VendorApi, source: SourceConfig) -> Mapping[str, Any]:
        """Return the settings that name the system's custom attributes; with them the catalogue offers those too."""
        ...


@runtime_checkable
class Conversing(Source, Protocol):
    """A source whose conversations the agent's widget sees while they go on."""

    def begun(self, model: Mapping[str, Any], source: SourceConfig, received_at: datetime, new_id: NewId) -> Event | Rejected:
        """Return the event of a conversation as the widget sees it, or why it cannot be read."""
        ...


@runtime_checkable
class Refetching(Pulling, Protocol):
    """A source that can be asked for one session or conversation, and tells when its systems add to those that are over."""

    def late_data(self, settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
        """Return how long after its end a session is read again, each time; nothing when all is known at once."""
        ...

    async def refetch(
        self, api: VendorApi, source: SourceConfig, subject: str, position: Any | None, received_at: datetime, new_id: NewId
    ) -> Page:
        """Return a page of one session or conversation; `SkipRecord` says why when there is none or it has not ended."""
        ...
