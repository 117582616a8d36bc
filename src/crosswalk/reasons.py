"""Every reason a delivery can wait or end with, listed once.

The code is stable: it stands in the database, the API, the console and the docs. The sentence is for the person who has to act on it.
"""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a delivery, or one step of it, stands."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    WAITING = "waiting"
    HELD = "held"


class Reason(StrEnum):
    """Why a delivery waits, was skipped or is held."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    BUDGET = "budget"
    NO_RECORD = "no_record"
    NO_IDENTITY = "no_identity"
    PARENT_MISSING = "parent_missing"
    NO_CAMPAIGN = "no_campaign"
    SETTLING = "settling"
    SYNC_PAUSED = "sync_paused"
    CONNECTION_PAUSED = "connection_paused"

    NOT_OPTED_IN = "not_opted_in"
    NO_MATCH_KEY = "no_match_key"
    MAPPED_NOTHING = "mapped_nothing"
    SYNC_REMOVED = "sync_removed"
    SKIPPED_BY_HAND = "skipped_by_hand"

    TOO_MANY = "too_many"
    KEYS_DISAGREE = "keys_disagree"
    UNKNOWN_STATUS = "unknown_status"
    PERSON_ACCOUNT = "person_account"
    CONVERTED_LEAD = "converted_lead"
    DELETED_RECORD = "deleted_record"
    DUPLICATE_RULE = "duplicate_rule"
    DUPLICATE_SUSPECTED = "duplicate_suspected"
    LOSSY_VALUE = "lossy_value"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    DEADLINE = "deadline"
    HELD_BY_HAND = "held_by_hand"

    @property
    def state(self) -> State:
        """The state this reason belongs to."""
        return _EXPLAINED[self].state

    @property
    def sentence(self) -> str:
        """What happened and what to do, for a person."""
        return _EXPLAINED[self].sentence


class Explanation(NamedTuple):
    """The state a reason belongs to and the sentence a person reads."""

    state: State
    sentence: str


_EXPLAINED: dict[Reason, Explanation] = {
    Reason.QUEUED: Explanation(State.WAITING, "Accepted and queued; it goes on by itself."),
    Reason.CLAIMED: Explanation(State.WAITING, "Another delivery is deciding about the same person or record; it goes on by itself."),
    Reason.BUDGET: Explanation(
        State.WAITING,
        "The Salesforce API calls left are kept in reserve; it goes on when calls free up, or lower the reserve.",
    ),
    Reason.NO_RECORD: Explanation(State.WAITING, "No record matches yet and this step creates none; it goes on when the record appears."),
    Reason.NO_IDENTITY: Explanation(State.WAITING, "The event names nobody yet; it goes on when a later event tells who this was."),
    Reason.PARENT_MISSING: Explanation(State.WAITING, "The record this one belongs to is not in Salesforce yet; it goes on when it is."),
    Reason.NO_CAMPAIGN: Explanation(
        State.WAITING, "No campaign is chosen for this event; choose one and the waiting deliveries are written."
    ),
    Reason.SETTLING: Explanation(
        State.WAITING, "A write was sent and its answer lost; Salesforce is asked once the write can no longer run."
    ),
    Reason.SYNC_PAUSED: Explanation(State.WAITING, "The sync is paused; resume it to go on."),
    Reason.CONNECTION_PAUSED: Explanation(
        State.WAITING, "The Salesforce connection is paused; see the connection for the cause and resume it."
    ),
    Reason.NOT_OPTED_IN: Explanation(
        State.SKIPPED, "The call does not ask for Salesforce in its integrations; set Salesforce to true to send it."
    ),
    Reason.NO_MATCH_KEY: Explanation(State.SKIPPED, "The event has no value for any match key of the step; add a match key or send one."),
    Reason.MAPPED_NOTHING: Explanation(
        State.SKIPPED, "No row of the mapping had a value for this event; map an attribute that it carries."
    ),
    Reason.SYNC_REMOVED: Explanation(State.SKIPPED, "The sync was removed before this delivery was written."),
    Reason.SKIPPED_BY_HAND: Explanation(State.SKIPPED, "Somebody chose to skip it; replay it if it shall be written after all."),
    Reason.TOO_MANY: Explanation(
        State.HELD, "Several records match and the step holds duplicates; merge them or choose which one wins, replay."
    ),
    Reason.KEYS_DISAGREE: Explanation(
        State.HELD, "The match keys lead to different records; correct the records or the order of keys, then replay."
    ),
    Reason.UNKNOWN_STATUS: Explanation(
        State.HELD, "The record has a status outside the mapped list; add it to the list or change it, then replay."
    ),
    Reason.PERSON_ACCOUNT: Explanation(
        State.HELD,
        "The person is a person account; let the mapping look for people in Account, with a LastName and no Name, then replay.",
    ),
    Reason.CONVERTED_LEAD: Explanation(
        State.HELD,
        'The lead is converted and following is off; switch on "Use contact ID for converted leads", then replay.',
    ),
    Reason.DELETED_RECORD: Explanation(
        State.HELD, "The known record was deleted in Salesforce; restore it or let the step create a new one, replay."
    ),
    Reason.DUPLICATE_RULE: Explanation(
        State.HELD, "A duplicate rule of the org refused the record; merge, allow saving, or use the found record."
    ),
    Reason.DUPLICATE_SUSPECTED: Explanation(
        State.HELD, "Two records of one key exist after an interrupted send; merge them, then release the delivery."
    ),
    Reason.LOSSY_VALUE: Explanation(
        State.HELD,
        "A value does not fit its field; choose truncate or leave out on the row, or mend the value, replay.",
    ),
    Reason.UNREADABLE: Explanation(
        State.HELD,
        "What is stored of the event cannot be opened; put the old key file or a backup of the database back, then replay.",
    ),
    Reason.REJECTED: Explanation(State.HELD, "Salesforce refused the record; read its message, mend the cause and replay."),
    Reason.DEADLINE: Explanation(State.HELD, "It waited past its deadline; mend what it waited for, then replay."),
    Reason.HELD_BY_HAND: Explanation(State.HELD, "Somebody stopped it; replay it to let it go on, or skip it."),
}
