"""What an admin sets on a Livestorm source."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crosswalk.sources.vendor_api import ApiUrl


class SignatureOrder(StrEnum):
    """What the vendor hashes, in which order; not published, so it can be set."""

    TIMESTAMP_SECRET_BODY = "timestamp+secret+body"  # noqa: S105  # the name of an order
    TIMESTAMP_BODY_SECRET = "timestamp+body+secret"  # noqa: S105  # as above
    HMAC = "hmac"


class PeopleAttribute(BaseModel):
    """A people attribute of the workspace, as `GET /people_attributes` lists it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    slug: str = Field(min_length=1)
    name: str = ""
    type: Literal["text", "email", "avatar", "url", "consent", "unique_select", "multiple_select", "file"] = "text"


class LivestormSettings(BaseModel):
    """The settings of one Livestorm workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    signature_order: SignatureOrder = SignatureOrder.TIMESTAMP_SECRET_BODY
    signature_window_seconds: float = Field(300, gt=0)
    unsigned: bool = Field(False, description="Take webhooks without a signature, as the older native ones are.")
    people_attributes: tuple[PeopleAttribute, ...] = ()
    with_session: bool = Field(False, description="Fetch session and event for webhooks about people, too; needs api_token.")
    with_chat: bool = Field(False, description="Pull the chat messages of sessions that are over, as events of the type chat.message.")
    with_questions: bool = Field(False, description="Pull the questions of sessions that are over, as events of the type question.asked.")
    api_url: ApiUrl | None = Field(None, description="Where a simulator of Livestorm listens; loopback only.")
    call_reserve: int = Field(500, ge=0, description="API calls of the 30-day allowance that are left to others.")
    overlap_minutes: float = Field(60, ge=0, description="How far a pull looks back behind the end of the last one.")
    first_pull_days: float = Field(30, gt=0, description="How far the first pull looks back.")
    replay_days: float = Field(30, ge=0, description="How long after a session its replays are looked for.")
    reread_hours: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1, 6, 24, 72, 168, 336, 720), description="How many hours after its end a session is read again, each time."
    )
    attendance_delay_seconds: float = Field(60, ge=0, description="How long after a session's end attendance is taken for complete.")
