"""What an admin sets on a Kaltura source.

Kaltura does not publish the columns of its poll report, and accounts differ in the columns of the others, so their names can be set.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from crosswalk.sources.vendor_api import ApiUrl


class Region(StrEnum):
    """Where an account lives; the regions that have the Events API."""

    AMERICA = "nvp1"
    IRELAND = "irp2"
    FRANKFURT = "frp2"


class TokenHash(StrEnum):
    """How an app token is proven, as chosen when it was made."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


class Report(StrEnum):
    """The reports that are read of every account unless it does not have them."""

    REACTIONS = "reactions"
    POLLS = "polls"


class PollColumns(BaseModel):
    """The columns of the poll report that hold what we read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = "email"
    user_id: str = "user_id"
    type: str = "poll_type"
    question: str = "question"
    answer: str = "answer"
    asked_at: str = "created_at"


class KalturaSettings(BaseModel):
    """The settings of one Kaltura account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partner_id: int = Field(0, ge=0, description="The account's number.")
    region: Region = Field(Region.AMERICA, description="Where the account lives: nvp1 (US), irp2 (Ireland) or frp2 (Frankfurt).")
    user_id: str = Field("", description="A member of the events team; Kaltura lets nobody else list events.")
    app_token_id: str = Field("", description="The id of the app token whose value is the secret app_token.")
    app_token_hash: TokenHash = Field(TokenHash.SHA256, description="The hash the app token was made with: sha1, sha256 or sha512.")
    event_ids: tuple[int, ...] = Field((), description="Read these events only; empty means all.")
    user_reports: tuple[int, ...] = Field((40009,), description="Reports per user that are read beside the reactions.")
    without_reports: tuple[Report, ...] = Field((), description="Reports the account does not have: reactions, polls.")
    report_columns: dict[str, str] = Field({}, description="Attribute to the report's own column, where names differ.")
    poll_columns: PollColumns = Field(PollColumns(), description="The columns of the poll report.")
    api_url: ApiUrl | None = Field(None, description="Where a simulator of Kaltura listens; loopback only.")
    overlap_minutes: float = Field(60, ge=0, description="How far a pull of profiles looks back behind the end of the last one.")
    first_pull_days: float = Field(30, gt=0, description="How far the first pull looks back.")
    event_days: float = Field(60, gt=0, description="How long after its end an event is still read.")
    report_hours: float = Field(48, ge=0, description="How long after a session its reports are read again, because they lag.")
    reread_hours: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1, 6, 24, 72, 168, 336, 720), description="How many hours after its end a session is read again, each time."
    )
