"""The workspace file as data: connections, sources, syncs.

Secrets are kept apart from what may be shown: whatever holds one leaves it out of its repr.
"""

from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from crosswalk import record_ids
from crosswalk.model import OnDuplicateRule
from crosswalk.store.configuration import SourceState, SyncState

Name = Annotated[str, Field(min_length=1, max_length=120)]


def _switch(value: Any) -> Any:
    """YAML reads the words on and off as true and false; a state means the words."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


def _digits(value: Any) -> Any:
    """YAML reads an id of digits alone as a number; an id is text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _record_id(value: str) -> str:
    full = record_ids.full(value)
    if full is None:
        raise ValueError("a Salesforce record id of 15 or 18 characters was expected")
    return full


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("the name of a time zone was expected, such as Europe/Paris") from None
    return value


RecordId = Annotated[str, BeforeValidator(_digits), AfterValidator(_record_id)]
GroupId = Annotated[str, BeforeValidator(_digits), Field(min_length=1, max_length=255)]
SourceSwitch = Annotated[SourceState, BeforeValidator(_switch)]
SyncSwitch = Annotated[SyncState, BeforeValidator(_switch)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(StrEnum):
    """How a connection logs in."""

    PASSWORD = "password"  # noqa: S105  # the name of a login
    CLIENT_CREDENTIALS = "client_credentials"
    JWT = "jwt"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  # as above
    ACCESS_TOKEN = "access_token"  # noqa: S105  # as above

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings this login needs."""
        return {"password": ("username",), "jwt": ("client_id", "username"), "access_token": ("login_url",)}.get(self.value, ("client_id",))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets this login needs."""
        named = {"password": ("password", "security_token"), "client_credentials": ("client_secret",), "jwt": ("private_key",)}
        return named.get(self.value, (self.value,))


class ConnectionSettings(_Part):
    """What is not secret about a connection."""

    login: Login
    login_url: str | None = None
    sandbox: bool = False
    username: str | None = None
    client_id: str | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    duplicates: OnDuplicateRule = OnDuplicateRule.HOLD
    api_version: Annotated[str, Field(pattern=r"^v\d\d\.0$")] | None = None


class ConnectionSpec(_Part):
    """One Salesforce org and how to log in to it."""

    name: Name
    settings: ConnectionSettings
    secrets: dict[str, str] = Field(default_factory=dict, repr=False)
    org: RecordId | None = Field(None, description="The org's id; without it campaigns are bound after the first login.")
    key_field: Annotated[str, Field(pattern=r"^[A-Za-z]\w*__c$")] | None = None
    slots: Annotated[int, Field(ge=1, le=5)] = 1
    reserve: Annotated[int, Field(ge=0)] = 0


class PeriodicSpec(_Part):
    """The periodic job of a source."""

    state: SourceSwitch = SourceState.ON
    every_hours: int = 3
    window_hours: float = 6


class DailySpec(_Part):
    """The daily job of a source."""

    state: SourceSwitch = SourceState.ON
    hour: int = 4
    zone: str = "UTC"
    window_hours: float = 48


class JobsSpec(_Part):
    """When a source is read by itself; a job that is not named stays as it is."""

    periodic: PeriodicSpec | None = None
    daily: DailySpec | None = None


class SourceSpec(_Part):
    """One engagement system."""

    name: Name
    kind: str
    state: SourceSwitch = SourceState.ON
    settings: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict, repr=False)
    hook_token: str | None = Field(None, repr=False)
    retention_days: Annotated[int, Field(ge=1)] | None = Field(
        None, description="How many days the content of its events is kept; else as the settings say."
    )
    silent_after_hours: Annotated[int, Field(ge=1)] | None = Field(
        None, description="After how many hours without an event an alert is raised; else when the pause is unusual."
    )
    jobs: JobsSpec = JobsSpec()


class Override(_Part):
    """What a sync changes of its preset: whole keys, keys of `person`, objects and rows by step; a row of the same field is replaced."""

    title: str | None = None
    events: list[str] | None = None
    opt_in: dict[str, Any] | None = None
    person: dict[str, Any] | None = None
    campaigns: list[dict[str, Any]] | None = None
    member_statuses: dict[str, Any] | None = None
    objects: dict[str, str] = Field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)


class SyncSpec(_Part):
    """Which events go to which org, by a preset or by a document of one's own."""

    name: Name
    connection: Name
    source: Name
    state: SyncSwitch = SyncState.ON
    preset: str | None = None
    options: tuple[str, ...] = ()
    override: Override | None = None
    document: dict[str, Any] | None = None
    campaigns: dict[GroupId, RecordId | None] = Field(default_factory=dict)


class Workspace(_Part):
    """A whole file. The order of syncs is the order in which they may write one field."""

    connections: tuple[ConnectionSpec, ...] = ()
    sources: tuple[SourceSpec, ...] = ()
    syncs: tuple[SyncSpec, ...] = ()


KEYS = frozenset(
    key
    for part in (ConnectionSettings, ConnectionSpec, SourceSpec, JobsSpec, PeriodicSpec, DailySpec, Override, SyncSpec, Workspace)
    for key in part.model_fields
)
