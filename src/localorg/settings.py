"""What an org is told when it is made: who may log in, how slow it is, and which of Salesforce's undocumented habits it has.

Each habit that was written from memory is a switch, so that a client can be run against both beliefs.
"""

from dataclasses import dataclass, field
from pathlib import Path

ORG_ID = "00DHr0000000001MAA"
VERSIONS = tuple(range(50, 69))


@dataclass(frozen=True, slots=True)
class Switches:
    """Beliefs about Salesforce that may be wrong; the default is the likelier one."""

    unknown_member_status_falls_back: bool = True
    """An unknown CampaignMember status becomes the campaign's default; otherwise it is refused."""
    duplicate_value_hides_id: bool = False
    """DUPLICATE_VALUE says `<unknown>` instead of the id of the record that has the value."""
    binned_unique_values_block: bool = False
    """A unique value of a record in the Recycle Bin still blocks others."""
    text_is_trimmed: bool = True
    """White space around text is dropped on write."""
    duplicate_rules_active: bool = False
    """The standard duplicate rules alert on create."""
    duplicate_result_lists_ids: bool = True
    """DUPLICATES_DETECTED says which records match."""
    converted_lead_member_gets_contact_id: bool = True
    """Converting a lead puts the ContactId on its campaign members."""
    describe_304_on_permission_change: bool = True
    """A change of permissions alone leaves a describe's Last-Modified as it was."""
    metadata_fields_need_permission: bool = True
    """A field made by metadata is invisible until a permission set or profile grants it."""
    permission_set_update_replaces: bool = True
    """Updating a permission set takes away the grants that its new definition does not list."""
    unreadable_row_fails_whole_collection: bool = False
    """An unknown field or a value of the wrong JSON type refuses the whole collection call instead of its row."""


@dataclass(frozen=True, slots=True)
class Login:
    """A further user who may log in."""

    username: str
    password: str
    security_token: str = ""
    name: str = "Further User"
    profile: str = "Standard User"


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A client that may ask for tokens."""

    client_id: str
    client_secret: str | None = None
    """None: the app need not know a secret, as with PKCE."""
    redirect_uris: tuple[str, ...] = ()
    """Where a code may be sent; none at all allows every address."""
    public_key: str | None = None
    """PEM of the certificate or key that its JWT assertions are signed with."""
    run_as: str | None = None
    """Username behind the client-credentials grant; None is the integration user."""
    rotates_refresh_tokens: bool = False


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """Everything an org needs to start."""

    org_id: str = ORG_ID
    org_name: str = "Local Org"
    data: Path | None = None
    """Database file; None keeps everything in memory."""
    access_token: str | None = None
    """A token that is valid from the start and for ever, beside those the token endpoint hands out."""
    session_seconds: int = 7200
    latency_ms: int = 0
    row_ms: int = 0
    """Extra time per row written, as slow triggers cause."""
    bulk_queue_seconds: float = 0.0
    """How long a bulk job waits before its rows are begun; `row_ms` then makes each of them slow."""
    bulk_seed: int = 0
    """Decides the order in which bulk results come: never that of the upload, always the same for the same seed."""
    bulk_retries: int = 20
    """How often a bulk job may try chunks again before it fails for good."""
    bulk_daily_rows: int = 150_000_000
    """Rows that bulk jobs may load in 24 hours; the job that goes beyond fails midway."""
    bulk_hard_delete: bool = True
    """Users may delete in bulk without the Recycle Bin."""
    max_request_seconds: float = 600.0
    lock_wait_seconds: float = 10.0
    """How long a request waits for rows that another one holds before they fail with UNABLE_TO_LOCK_ROW."""
    api_limit: int = 15000
    limit_info_lag_seconds: float = 0.0
    """By how much `Sforce-Limit-Info` and `/limits` run behind the calls really made."""
    username: str = "integration@localorg.example"
    password: str = "secret"  # noqa: S105  # a made-up login for a made-up org
    security_token: str = "token"  # noqa: S105  # as above
    client_id: str = "localorg"
    client_secret: str = "localorg-secret"  # noqa: S105  # as above
    redirect_uris: tuple[str, ...] = ()
    public_key: str | None = None
    """PEM of the certificate or key that the first client signs JWT assertions with."""
    apps: tuple[ConnectedApp, ...] = ()
    """Clients beside the first one, which `client_id` and `client_secret` describe."""
    users: tuple[Login, ...] = ()
    """Users beside the integration user, who is an administrator."""
    person_accounts: bool = False
    versions: tuple[int, ...] = VERSIONS
    switches: Switches = field(default_factory=Switches)
    hidden_fields: frozenset[str] = frozenset()
    """Fields the integration user may not see, as `Object.Field`."""
    api_enabled: bool = True
    """False is an edition without API access."""

    def app(self, client_id: str) -> ConnectedApp | None:
        """Return the client of this id, or None."""
        return next((each for each in self.every_app if each.client_id == client_id), None)

    @property
    def every_app(self) -> tuple[ConnectedApp, ...]:
        """Return all clients."""
        return (ConnectedApp(self.client_id, self.client_secret, self.redirect_uris, self.public_key), *self.apps)
