"""What an admin sets on a RudderStack source."""

from pydantic import BaseModel, ConfigDict, Field

from crosswalk.model import SourceType


class Trait(BaseModel):
    """A trait of one's own, so that it is offered in the editor; a pass-through row needs none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(min_length=1)
    label: str = ""
    type: SourceType = SourceType.TEXT


class RudderStackSettings(BaseModel):
    """The settings of one write key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    traits: tuple[Trait, ...] = ()
