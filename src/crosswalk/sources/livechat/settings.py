"""What an admin sets on a LiveChat source."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crosswalk.sources.vendor_api import ApiUrl

Label = Annotated[str, Field(min_length=1, max_length=400)]


class Region(StrEnum):
    """The data centre a licence lives in."""

    AMERICA = "dal"
    EUROPE = "fra"


class FormField(BaseModel):
    """A field of a pre-chat or post-chat form, known by its label."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    label: Label
    type: Literal["text", "email", "select", "list"] = "text"


class LiveChatSettings(BaseModel):
    """The settings of one LiveChat licence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: str = Field("", description="The account the personal access token belongs to, shown beside it when it is made.")
    region: Region = Field(Region.AMERICA, description="The data centre of the licence: dal (America) or fra (Europe).")
    directory: bool = Field(
        False, description="Ask for groups and agents too, so that their names and job titles can be mapped; two more calls a page."
    )
    custom_variables: tuple[Label, ...] = Field((), description="Custom variables to offer as attributes; a scan of the archive fills it.")
    prechat_fields: tuple[FormField, ...] = Field((), description="Fields of the pre-chat form; a scan of the archive fills it.")
    postchat_fields: tuple[FormField, ...] = Field((), description="Fields of the post-chat form; a scan of the archive fills it.")
    overlap_minutes: float = Field(1440, ge=0, description="How far a pull looks back behind the end of the last one.")
    first_pull_days: float = Field(30, gt=0, description="How far the first pull looks back.")
    api_url: ApiUrl | None = Field(None, description="Where a simulator of LiveChat listens; loopback only.")
