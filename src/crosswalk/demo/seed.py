"""Fills the local org with what stands there before the demo begins: accounts, contacts, leads in every state, users, campaigns.

Some fields are empty, so that there is something to fill; some people exist twice, so that the oldest has to be found; some leads are
converted and their contact has another address, so that it has to be followed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx2

from crosswalk.demo import summit
from crosswalk.demo.chats import AGENTS
from crosswalk.demo.people import Person
from crosswalk.demo.scenario import Known, Scenario

Row = dict[str, Any]

_INVITED = 4
_FILLED = 0.6


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The ids of the campaigns that events are bound to."""

    webinar: str
    summit: str


async def seed(org: httpx2.AsyncClient, random: Random, played: Scenario) -> Campaigns:
    """Define the org's own custom fields, put in the records, and return the campaigns."""
    for name in ("Lead", "Contact"):
        await _post(org, "/localorg/fields", {"object": name, "name": "plan__c", "label": "Plan", "length": 40})
    return await _Seeding(org, random, played.told.started_at).everything(played.known, played.told.title)


class _Seeding:
    """One seeding of one org."""

    def __init__(self, org: httpx2.AsyncClient, random: Random, before: datetime) -> None:
        self._org = org
        self._random = random
        self._before = before

    async def everything(self, known: Known, title: str) -> Campaigns:
        accounts = await self._accounts([*known.contacts[:10], *known.bystanders])
        contacts = await self._put("Contact", [self._contact(person, accounts) for person in [*known.contacts, *known.bystanders]])
        moved = await self._put("Contact", [self._moved_on(person) for person in known.converted])
        leads = await self._put("Lead", [self._lead(person) for person in known.leads])
        await self._put("Lead", [self._lead(person) for person in known.doubled for _ in range(2)])
        await self._put("Lead", [self._converted(person, contact) for person, contact in zip(known.converted, moved, strict=True)])
        await self._put("User", [_user(email, name) for email, name in AGENTS.items()])
        webinar = await self._campaign(title)
        invited = [{"ContactId": contact} for contact in contacts[:_INVITED]] + [{"LeadId": lead} for lead in leads[:_INVITED]]
        await self._put("CampaignMember", [{"CampaignId": webinar, "Status": "Sent", **person} for person in invited])
        return Campaigns(webinar, await self._campaign(summit.NAME))

    async def _accounts(self, people: Iterable[Person]) -> dict[str, str]:
        companies = {person.company.name: person.company for person in people}
        rows = [
            {"Name": name, "Industry": company.industry, "Website": company.website, "NumberOfEmployees": company.employees}
            for name, company in companies.items()
        ]
        return dict(zip(companies, await self._put("Account", rows), strict=True))

    async def _campaign(self, title: str) -> str:
        row = {"Name": title, "Type": "Webinar", "Status": "In Progress", "IsActive": True, "StartDate": self._before.date().isoformat()}
        return (await self._put("Campaign", [row]))[0]

    async def _put(self, object_name: str, rows: Sequence[Row]) -> list[str]:
        if not rows:
            return []
        answer = await _post(self._org, "/localorg/seed", {"object": object_name, "records": list(rows)})
        ids: list[str] = answer["ids"]
        return ids

    def _contact(self, person: Person, accounts: dict[str, str]) -> Row:
        account = accounts.get(person.company.name) if self._random.random() < _FILLED else None
        filled = self._some({"Title": person.title, "MailingCity": person.city, "MailingCountry": person.place.country})
        return {**self._named(person), **filled, "AccountId": account, "CreatedDate": self._earlier()}

    def _moved_on(self, person: Person) -> Row:
        """Return the contact of a converted lead, who has since changed the address."""
        address = person.email.partition("@")[0] + "@new-desk.example"
        return {**self._named(person), "Email": address, "CreatedDate": self._earlier()}

    def _lead(self, person: Person) -> Row:
        filled = self._some({"Title": person.title, "City": person.city, "Country": person.place.country, "Phone": person.phone})
        return {
            **self._named(person),
            **filled,
            "Company": person.company.name,
            "Status": self._random.choice(("Open - Not Contacted", "Working - Contacted")),
            "CreatedDate": self._earlier(),
        }

    def _converted(self, person: Person, contact: str) -> Row:
        state = {"IsConverted": True, "Status": "Closed - Converted", "ConvertedContactId": contact}
        return {**self._named(person), **state, "Company": person.company.name, "CreatedDate": self._earlier()}

    def _named(self, person: Person) -> Row:
        return {"FirstName": person.first_name, "LastName": person.last_name, "Email": person.email}

    def _some(self, values: Row) -> Row:
        return {name: value for name, value in values.items() if value and self._random.random() < _FILLED}

    def _earlier(self) -> str:
        created = self._before - timedelta(minutes=self._random.randrange(40 * 1440, 700 * 1440))
        return created.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _user(email: str, name: str) -> Row:
    first, last = name.split()
    return {"Username": email, "FirstName": first, "LastName": last, "Email": email, "Alias": first.lower(), "IsActive": True}


async def _post(org: httpx2.AsyncClient, path: str, body: Row) -> Any:
    response = await org.post(path, json=body)
    response.raise_for_status()
    return response.json()
