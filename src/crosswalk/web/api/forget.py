"""`/api/forget`: erase everything stored about a person, with proof."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.engine import erasure
from crosswalk.web import callers
from crosswalk.web.callers import Guarding

router = APIRouter(prefix="/api/forget", tags=["settings"])

Value = Annotated[str | None, Field(max_length=300, pattern=r"^[^\x00]*$")]


class PersonIn(BaseModel):
    """Whoever any of the values names."""

    model_config = ConfigDict(extra="forbid")

    email: Value = None
    user_id: Value = None
    phone: Value = None

    @property
    def person(self) -> dict[str, str]:
        """The values that are given."""
        return {name: value for name, value in self.model_dump(include={"email", "user_id", "phone"}).items() if value}


class RecordOut(BaseModel):
    """A record in Salesforce that is left as it is."""

    org: str
    object: str
    id: str


class ProofOut(BaseModel):
    """What was erased; `person` is the keyed hash that stays, `digest` stands in the audit trail too."""

    at: datetime
    person: str
    digest: str
    events: int
    notices: int
    changes: int
    identities: int
    unsettled: int
    scrubbed: bool
    records: list[RecordOut]


@router.post("")
async def forget(request: Request, caller: Guarding, body: PersonIn) -> ProofOut:
    """Erase everything stored about a person, take no more events of them, and return the proof."""
    caller.expect(Permission.GUARD_DATA)
    proof = await erasure.erase(callers.services(request).engine, body.person, caller.actor)
    counts = {name: value for name, value in proof.counts.items() if name != "records"}
    records = [RecordOut(org=one.org, object=one.object, id=one.id) for one in proof.records]
    return ProofOut(at=proof.at, digest=proof.digest, records=records, **counts)
