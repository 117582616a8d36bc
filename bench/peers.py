"""What people write themselves: for each event look for the person, create or update, look for the member, create or update.

simple-salesforce on the stream path, written with care: searched as Crosswalk searches, empty fields filled, tried three times. What it
lacks is memory: it cannot know what became of a call without an answer, nor which of two events is the newer.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench.scenario import REPLAY, STATUSES
from bench.webhooks import WATCHED
from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from localorg.settings import OrgSettings

_TRIES = 3
_FIELDS = {
    "Lead": {"FirstName": "first_name", "LastName": "last_name", "Title": "job_title", "Company": "company", "City": "city"},
    "Contact": {"FirstName": "first_name", "LastName": "last_name", "Title": "job_title", "MailingCity": "city"},
}
_COUNTRY = {"Lead": "Country", "Contact": "MailingCountry"}
_MEMBER_OF = {"Lead": "LeadId", "Contact": "ContactId"}

Row = dict[str, Any]


class _PlainHttp(HTTPAdapter):
    """simple-salesforce insists on https; the org of the bench speaks http."""

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *arguments, **options)


@dataclass(slots=True)
class Result:
    """What the script did: rows written, and events given up."""

    rows: int = 0
    given_up: int = 0


def run(org_url: str, campaign: str, bodies: Sequence[bytes]) -> Result:
    """Write every webhook to the org, one after the other."""
    stream = _Stream(org_url, campaign)
    for body in bodies:
        stream.take(json.loads(body)["data"])
    return stream.result


class _Stream:
    """One client working through events."""

    def __init__(self, org_url: str, campaign: str) -> None:
        self._url, self._campaign = org_url, campaign
        self._salesforce = self._logged_in()
        self.result = Result()

    def _logged_in(self) -> Salesforce:
        session, settings = Session(), OrgSettings()
        session.mount("https://", _PlainHttp())
        login = {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": settings.client_secret}
        token = session.post(f"{self._url}/services/oauth2/token", data=login, timeout=30).json()["access_token"]
        instance = f"https://{urlsplit(self._url).netloc}"
        return Salesforce(instance_url=instance, session_id=token, version="60.0", session=session)

    def take(self, data: Row) -> None:
        """Write one event, tried three times."""
        for _ in range(_TRIES):
            try:
                self._write(data)
            except SalesforceExpiredSession:
                self._salesforce = self._logged_in()
            except (SalesforceError, RequestException):
                continue
            else:
                return
        self.result.given_up += 1

    def _write(self, data: Row) -> None:
        kind = data["meta"]["webhook"]["event"]
        answers = {field["id"]: field["value"] for field in data["attributes"]["registrant_detail"]["fields"]}
        object_name, record_id = self._person(answers)
        self._member(object_name, record_id, kind)

    def _person(self, answers: Row) -> tuple[str, str]:
        """Find the person among contacts, then leads, and fill what is empty; or create a lead."""
        for object_name in ("Contact", "Lead"):
            names = [*_FIELDS[object_name], _COUNTRY[object_name]]
            found = self._first(object_name, names, f"Email = '{answers['email']}'")
            if found:
                self._fill(object_name, found, answers)
                return object_name, found["Id"]
        row = {name: answers.get(slug) for name, slug in _FIELDS["Lead"].items()} | {"Country": answers["country"]}
        row |= {"Email": answers["email"], "Phone": answers.get("phone"), "Company": answers.get("company") or "n/a"}
        return "Lead", self._create("Lead", {name: value for name, value in row.items() if value})

    def _fill(self, object_name: str, found: Row, answers: Row) -> None:
        wanted = {name: answers.get(slug) for name, slug in _FIELDS[object_name].items()} | {_COUNTRY[object_name]: answers["country"]}
        changes = {name: value for name, value in wanted.items() if value and not found[name]}
        changes |= {"Phone": answers["phone"]} if answers.get("phone") else {}
        if changes:
            self._update(object_name, found["Id"], changes)

    def _member(self, object_name: str, record_id: str, kind: str) -> None:
        link = _MEMBER_OF[object_name]
        values = {"Livestorm_Replay_Status__c": REPLAY} if kind == WATCHED else {"Status": STATUSES[kind]}
        found = self._first("CampaignMember", ["Status"], f"CampaignId = '{self._campaign}' AND {link} = '{record_id}'")
        if found:
            self._update("CampaignMember", found["Id"], values)
        else:
            self._create("CampaignMember", {"CampaignId": self._campaign, link: record_id, **values})

    def _first(self, object_name: str, names: Sequence[str], where: str) -> Row | None:
        query = f"SELECT Id, {', '.join(names)} FROM {object_name} WHERE {where} ORDER BY CreatedDate LIMIT 1"  # noqa: S608 - our own script
        records = self._salesforce.query(query)["records"]
        return dict(records[0]) if records else None

    def _create(self, object_name: str, row: Row) -> str:
        create: Callable[[Row], Any] = getattr(self._salesforce, object_name).create
        made = create(row)
        self.result.rows += 1
        return str(made["id"])

    def _update(self, object_name: str, record_id: str, row: Row) -> None:
        getattr(self._salesforce, object_name).update(record_id, row)
        self.result.rows += 1
