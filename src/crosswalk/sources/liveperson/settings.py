"""What an admin sets on a LivePerson source.

The standard questions of a pre-chat survey are ordinary ones in the history, found by what they are called in the account's language.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from crosswalk.sources.vendor_api import ApiUrl

Label = Annotated[str, Field(min_length=1, max_length=400)]


class AttributeOrder(StrEnum):
    """Which of several engagement attributes of one type comes first."""

    NEWEST = "newest"
    RECEIVED = "received"


class Skill(BaseModel):
    """A skill of the account."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    name: str


class LivePersonSettings(BaseModel):
    """The settings of one LivePerson account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: str = Field("", pattern=r"^[A-Za-z0-9]*$", description="The account's number.")
    client_id: str = Field("", description="The client id of the app, for OAuth 2; without it the four OAuth 1.0 secrets are used.")
    chats: bool = Field(True, description="Pull chats from the Engagement History.")
    messaging: bool = Field(True, description="Pull conversations from the Messaging Interactions.")
    name_question: Label = Field("Name", description="What the survey question for the visitor's name is called in the account.")
    email_question: Label = Field("Email", description="What the survey question for the visitor's e-mail address is called.")
    phone_question: Label = Field("Phone", description="What the survey question for the visitor's phone number is called.")
    prechat_questions: tuple[Label, ...] = Field((), description="Pre-chat questions to offer; a scan of recent chats fills it.")
    postchat_questions: tuple[Label, ...] = Field((), description="Post-chat questions to offer; a scan of recent chats fills it.")
    agent_questions: tuple[Label, ...] = Field((), description="Agent survey questions to offer; a scan of recent chats fills it.")
    skills: tuple[Skill, ...] = Field((), description="The skills of the account, each with `id` and `name`; a scan fills it.")
    skills_trouble: str = Field("", description="Why the last scan could not read the skills; a scan fills it.")
    internal_lines: bool = Field(False, description="Put lines that only agents saw into the transcript, too.")
    sde_order: AttributeOrder = Field(
        AttributeOrder.NEWEST,
        description="Which of several engagement attributes of one type a path finds: the newest, or the first as received.",
    )
    every_attribute: bool = Field(
        False, description="Fetch each pulled messaging conversation by itself, as lists leave older attributes out; a call each."
    )
    page_size: int = Field(100, ge=10, le=100, description="How many conversations a page of the histories holds.")
    open_days: float = Field(59, gt=0, le=59, description="How long before its end a messaging conversation may have begun.")
    overlap_minutes: float = Field(2880, ge=0, description="How far a pull looks back behind the end of the last one.")
    first_pull_days: float = Field(30, gt=0, le=395, description="How far the first pull looks back.")
    api_url: ApiUrl | None = Field(None, description="Where a simulator of LivePerson's domain service listens; loopback only.")
