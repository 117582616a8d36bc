"""Kaltura's registration and attendance statuses, under all three names they go by.

The code is what the API says, the value what a Campaign Member gets by default, the label what Kaltura shows to people. The page that
lists values and labels does not pair them with codes; they are paired by meaning. Two codes have no value of their own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """One status by its names."""

    code: str
    value: str
    label: str


KNOWN = (
    Status("created", "Created", "SSO login"),
    Status("invited", "Invited", "Invited by team member"),
    Status("invitedPendingRegistration", "Invited", "Invited by team member to register"),
    Status("registered", "Registered", "Registered"),
    Status("confirmed", "Confirmed", "Confirmed email"),
    Status("autoConfirmed", "autoConfirmed", "Registered no confirmation required"),
    Status("attended", "Attended", "Pre-event visit"),
    Status("participated", "Participated", "During-event visit"),
    Status("participatedPostEvent", "Participated", "During-event visit"),
    Status("blocked", "Blocked", "Blocked"),
    Status("unregistered", "Un-registered", "Un-registered"),
)
_BY_CODE = {status.code: status for status in KNOWN}


def named(code: str) -> Status:
    """Return the status of a code; one we do not know goes by its code alone."""
    return _BY_CODE.get(code) or Status(code, code, code)
