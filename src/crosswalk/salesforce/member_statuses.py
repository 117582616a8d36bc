"""The member statuses of campaigns: which there are, and making those that are missing.

Salesforce turns a status it does not know into the campaign's default without a word, so a text is never sent before it is here. Making
one twice is refused by Salesforce itself, so whoever was cut off may simply make them again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk import errors
from crosswalk.model import Question
from crosswalk.salesforce import faults, lookup
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client

OBJECT = "CampaignMemberStatus"
_FIELDS = {OBJECT: ("Label", "SortOrder", "HasResponded")}
_TAKEN = "DUPLICATE_VALUE"
_TRIES = 3

BeforeCall = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One status of one campaign."""

    label: str
    order: int
    responded: bool


async def read(client: Client, campaigns: Iterable[str], before_call: BeforeCall) -> Mapping[str, tuple[MemberStatus, ...]]:
    """Return the statuses of each campaign in their order; a campaign that is gone has none."""
    asked = [Question(OBJECT, "CampaignId", campaign) for campaign in sorted(set(campaigns))]
    if not asked:
        return {}
    answers = await lookup.ask(client, asked, _FIELDS, before_call, purpose=Purpose.DESCRIBE)
    return {
        question.value: tuple(
            MemberStatus(str(row.fields["Label"]), int(row.fields["SortOrder"] or 0), bool(row.fields["HasResponded"]))
            for row in sorted(rows, key=lambda row: row.fields["SortOrder"] or 0)
        )
        for question, rows in answers.items()
    }


def missing(known: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the wanted labels that are not known; case does not matter to Salesforce."""
    here = {label.casefold() for label in known}
    return tuple(label for label in dict.fromkeys(wanted) if label.casefold() not in here)


async def create(client: Client, campaign: str, wanted: Mapping[str, bool], before_call: BeforeCall) -> tuple[str, ...]:
    """Make the labels a campaign lacks, each with whether it counts as a response, and return those that were made here.

    Looks first, and again when somebody else was quicker; raises `SalesforceRefusedError` when the user may not.
    """
    made: tuple[str, ...] = ()
    for _ in range(_TRIES):
        known = (await read(client, [campaign], before_call))[campaign]
        lacking = missing((each.label for each in known), wanted)
        if not lacking:
            return made
        first = max((each.order for each in known), default=0) + 1
        rows = [
            {"attributes": {"type": OBJECT}, "CampaignId": campaign, "Label": label, "HasResponded": wanted[label], "SortOrder": order}
            for order, label in enumerate(lacking, first)
        ]
        made += await _inserted(client, lacking, rows, before_call)
    return made


async def _inserted(client: Client, labels: Sequence[str], rows: list[dict[str, Any]], before_call: BeforeCall) -> tuple[str, ...]:
    await before_call()
    body = {"allOrNone": False, "records": rows}
    reply = await client.post("composite/sobjects", body, purpose=Purpose.PROVISION, rows=len(rows))
    made = []
    for label, result in zip(labels, reply.body, strict=True):
        if result["success"]:
            made.append(label)
            continue
        fault = faults.classify_refused_row(result["errors"])
        if fault.code != _TAKEN:
            raise errors.SalesforceRefusedError(f'The member status "{label}" cannot be made: {faults.told(fault)}', fault)
    return tuple(made)
