"""Counts wrong records in an org after a script: duplicates, damaged fields, lost events, statuses that went back.

It knows the script and the org, nothing of whoever wrote: Crosswalk and its peers are judged alike. A record is right when every field
that the form may fill or follow holds what it should, and nothing else has changed.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.scenario import LADDER, REPLAY, STATUSES, Kind, Person, Row, Script
from bench.webhooks import WATCHED

_FORM = {"FirstName": "first_name", "LastName": "last_name", "Title": "job_title"}
_LEAD = {**_FORM, "Company": "company", "City": "city", "Country": "country"}
_CONTACT = {**_FORM, "MailingCity": "city", "MailingCountry": "country"}
_REQUIRED = ("LastName", "Company")
_PLACEHOLDER = "n/a"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, in words, one for each wrong record."""

    duplicates: tuple[str, ...]
    damaged: tuple[str, ...]
    lost: tuple[str, ...]
    backwards: tuple[str, ...]

    @property
    def wrong(self) -> int:
        """How many records are wrong."""
        return len(self.duplicates) + len(self.damaged) + len(self.lost) + len(self.backwards)


def check(script: Script, exported: str, writes: Iterable[Row]) -> Verdict:
    """Judge an org by its export and its write log."""
    return _Checker(exported, _fallen(writes)).verdict(script)


class _Checker:
    """One org, looked at once."""

    def __init__(self, exported: str, fallen: frozenset[str]) -> None:
        self._fallen = fallen
        self._rows: dict[str, list[Row]] = defaultdict(list)
        for line in exported.splitlines():
            row = json.loads(line)
            if not row.get("IsDeleted"):
                self._rows[row["object"]].append(row)
        self._by_email: dict[str, list[Row]] = defaultdict(list)
        for row in (*self._rows["Contact"], *self._rows["Lead"]):
            self._by_email[str(row.get("Email", "")).lower()].append(row)
        self._members: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows["CampaignMember"]:
            self._members[str(row.get("ContactId") or row.get("LeadId"))].append(row)
        self.duplicates: list[str] = []
        self.damaged: list[str] = []
        self.lost: list[str] = []

    def verdict(self, script: Script) -> Verdict:
        for person in script.people:
            self._person(person)
        backwards = tuple(f"CampaignMember {member} went back" for member in sorted(self._fallen))
        return Verdict(tuple(self.duplicates), tuple(self.damaged), tuple(self.lost), backwards)

    def _person(self, person: Person) -> None:
        """Find the person's record; whatever else has the address was made beside it."""
        found = sorted(self._by_email[person.email], key=lambda row: (row["CreatedDate"], row["Id"]))
        right, others = self._split(person, found)
        known = 1 if person.doubled else 0
        self.duplicates += [f"{row['object']} {row['Id']} of {person.email} was made twice" for row in others[known:]]
        self.damaged += [f"Lead {row['Id']} is not the one to change" for row in others[:known] if _changed(row, person.seeded)]
        if right is None:
            self.lost.append(f"{person.email} has no record")
            return
        self._fields(person, right)
        self._member(person, right, others)

    def _split(self, person: Person, found: Sequence[Row]) -> tuple[Row | None, Sequence[Row]]:
        if person.kind is not Kind.CONVERTED:
            return (found[0], found[1:]) if found else (None, ())
        moved = self._by_email[f"moved.{person.number}@new-desk.example"]
        return moved[0], [row for row in found if not row.get("IsConverted")]

    def _fields(self, person: Person, row: Row) -> None:
        """Compare each field with what it should hold: what was filled, else what the form says; the phone as the newest form says."""
        rows = _LEAD if row["object"] == "Lead" else _CONTACT
        expected = {name: person.seeded.get(name) or person.answers.get(slug) for name, slug in rows.items()}
        expected |= {name: expected[name] or _PLACEHOLDER for name in _REQUIRED if name in expected}
        newest = max((told for told in person.told if told.phone), key=lambda told: told.at, default=None)
        expected["Phone"] = newest.phone if newest else person.seeded.get("Phone")
        wrong = {name: (value, row.get(name)) for name, value in expected.items() if row.get(name) != value}
        if not wrong:
            return
        damaged = any(is_now is not None for _, is_now in wrong.values())
        (self.damaged if damaged else self.lost).append(f"{row['object']} {row['Id']} should be → is: {wrong}")

    def _member(self, person: Person, right: Row, others: Sequence[Row]) -> None:
        mine = self._members[right["Id"]]
        beside = [member for row in others for member in self._members[row["Id"]]]
        self.duplicates += [f"CampaignMember {member['Id']} is one too many" for member in [*mine[1:], *beside]]
        reached = max((STATUSES[told.kind] for told in person.told if told.kind in STATUSES), key=LADDER.index)
        replay = REPLAY if any(told.kind == WATCHED for told in person.told) else None
        if not mine:
            self.lost.append(f"{person.email} is no member")
        elif mine[0]["Id"] not in self._fallen and (mine[0]["Status"], mine[0].get("Livestorm_Replay_Status__c")) != (reached, replay):
            self.lost.append(f"CampaignMember {mine[0]['Id']} should be {reached}, {replay}, is {mine[0]}")


def _changed(row: Row, seeded: Row) -> bool:
    names = {*_LEAD, "Phone"}
    return any(row.get(name) != seeded.get(name) for name in names)


def _fallen(writes: Iterable[Row]) -> frozenset[str]:
    """Return the members whose status went back at some time, whatever it is now."""
    return frozenset(
        str(write["id"])
        for write in writes
        if write["object"] == "CampaignMember" and write["op"] == "update" and _rank(write["after"]) < _rank(write["before"])
    )


def _rank(values: Row) -> int:
    return LADDER.index(values["Status"]) if values.get("Status") in LADDER else 0
