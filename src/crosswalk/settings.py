"""Every setting: type, default, help text, environment name.

Read from `CROSSWALK_…` variables once, by whoever builds the application; nothing below reads the environment. Every duration the
engine waits for is a field of `Timings`, so that a process-level test can run the same rules in seconds.
"""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Timings(BaseModel):
    """Durations in seconds; the defaults are those of a real org."""

    lease: float = Field(120, description="How long a worker owns the lanes it took before others may take them.")
    send_timeout: float = Field(120, description="How long to wait for the reply to a write.")
    settle: float = Field(660, description="When a write without a reply can no longer be running in Salesforce.")
    plan_max_age: float = Field(30, description="How old a look-up may be when the write that rests on it is sent.")
    pause_guard: float = Field(5, description="A pause between marking and sending that makes us not send.")
    claim: float = Field(120, description="How long a claim lives that never led to a change.")
    claimed_retry: float = Field(2, description="When a delivery that lost a claim tries again.")
    linger_stream: float = Field(0.5, description="How long stream deliveries gather before a turn starts.")
    linger_backfill: float = Field(30, description="How long backfill deliveries gather before a turn starts.")
    waiting_deadline: float = Field(86_400, description="How long a delivery may wait for a record or a parent.")
    identity_deadline: float = Field(7 * 86_400, description="How long a delivery may wait to learn whom it is about.")
    campaign_deadline: float = Field(30 * 86_400, description="How long a delivery may wait for a campaign.")
    recheck: float = Field(300, description="How often a delivery that waits for a record looks again by itself.")
    busy_retry: float = Field(15, description="First pause after Salesforce was busy; doubles up to ten minutes.")
    budget_retry: float = Field(300, description="When a delivery that waits for API calls looks again.")
    usage_max_age: float = Field(60, description="How old the last seen API usage may be before /limits is asked.")
    token_lease: float = Field(30, description="How long one worker may take to refresh a token.")
    idle_poll: float = Field(0.5, description="How long an idle worker sleeps when nothing wakes it.")
    conversions: float = Field(3_600, description="How often the org is asked which leads were converted.")
    housekeeping: float = Field(3_600, description="How often old content is blanked and old traces are deleted.")
    alert_look: float = Field(60, description="How often causes of alerts are looked for, and unsent alerts sent.")
    alert_raise: float = Field(120, description="How long a cause lasts before its alert is raised.")
    alert_clear: float = Field(300, description="How long a cause is gone before the all-clear is given.")
    alert_retry: float = Field(60, description="First pause after an alert could not be sent; doubles up to an hour.")
    key_grace: float = Field(30, description="How long a value sealed with the old key may take to reach the database.")


class Retention(BaseModel):
    """How long what is personal is kept. Rows stay: without them repeats could not be told, nor would the sums add up."""

    content_days: float = Field(90, gt=0, description="Days after which the content of events and notices is blanked; a source may differ.")
    undo_days: float = Field(90, gt=0, description="Days after which what a write changed is blanked; it can then no longer be undone.")
    trace_days: float = Field(30, gt=0, description="Days after which refused requests, failed calls and API calls are deleted.")
    trace_rows: int = Field(100_000, gt=0, description="Refused requests, failed calls and API calls kept at most, of each kind.")
    batch_rows: int = Field(500, gt=0, description="Rows blanked or deleted in one transaction at most.")


ACCOUNT_TERMS = (
    "Conversations are copied from LivePerson into Salesforce, with what was written in them and what is known of the people who wrote it. "
    "You confirm that your organisation may copy them, that these people were told, and that everybody who can open the records in "
    "Salesforce may read the conversations."
)


class Settings(BaseSettings):
    """How this process runs. Secrets come from the environment or files, never from the workspace file."""

    model_config = SettingsConfigDict(env_prefix="CROSSWALK_", env_nested_delimiter="__")

    data_dir: Path = Field(Path("crosswalk-data"), description="Folder of the embedded database.")
    database_url: str = Field("", description="SQLAlchemy address of the database; empty means SQLite in data_dir.")
    key_file: Path | None = Field(None, description="File of the encryption keys; outside data_dir, mode 0600.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8300, description="Port to listen on; 0 picks a free one.")
    public_url: str = Field("", description="Address people and other systems reach this installation by; empty means that of the request.")
    session_idle_hours: float = Field(12, description="A console session without a request for so long has ended.")
    session_longest_days: float = Field(14, description="A console session ends after so long, whatever happens in it.")
    account_terms: str = Field(
        ACCOUNT_TERMS, min_length=1, description="What is agreed to before a LivePerson account is activated; a new text is agreed to anew."
    )
    max_body_bytes: int = Field(4_096_000, description="Largest request body taken, after decompression.")
    max_depth: int = Field(64, description="Deepest nesting of a JSON body.")
    queue_limit: int = Field(20_000, description="Requests waiting for a commit before 429 is answered.")
    commit_rows: int = Field(200, description="Events that share one commit at most.")
    commit_wait_ms: float = Field(2.0, description="How long the first event of a commit waits for company.")
    allow_plain_http_orgs: bool = Field(False, description="Let a connection use http beyond loopback; for rehearsals.")
    lanes_per_turn: int = Field(2_000, description="Lanes leased by one turn at most.")
    deliveries_per_lane: int = Field(500, description="Deliveries of one lane taken into one turn at most.")
    timings: Timings = Field(default_factory=Timings, description="Durations; see Timings.")
    retention: Retention = Field(default_factory=Retention, description="How long what is personal is kept; see Retention.")

    @property
    def url(self) -> str:
        """The database address in force."""
        if self.database_url:
            return self.database_url
        return f"sqlite+aiosqlite:///{self.data_dir / 'crosswalk.db'}"
