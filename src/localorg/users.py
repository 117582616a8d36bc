"""The people of an org: who a request runs as.

A token belongs to one `User`; SOQL needs its time zone for date literals, writes need its id for the audit fields.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in; `id` is the record's id in the User table."""

    id: str
    username: str
    name: str
    email: str
    time_zone: str = "UTC"
