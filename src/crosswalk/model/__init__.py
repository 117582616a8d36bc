"""The nouns, as frozen data without I/O.

Read in the order of the flow: an `Event` becomes `Delivery`s, a delivery becomes `Draft`s, drafts raise `Question`s, answers are
`Record`s, and a `Decision` may hold a `Change`. A *claim* and a *link* are known here only by their key, a plain string such as
`person:email=ann@x.example`.
"""

from crosswalk.model.arrivals import EPOCH, Accepted, Delivery, Event, Notice, Priority, Rejected
from crosswalk.model.callouts import Callout
from crosswalk.model.changes import Change, ChangeState, Decision, FieldState, Headers, Link, Operation, Outcome, RecordState
from crosswalk.model.exchange import Call, Fault, Recovery, RowResult
from crosswalk.model.org import Answers, Field, ObjectType, OrgSchema, Question, Record
from crosswalk.model.wishes import (
    CAMPAIGN,
    Attribute,
    AutoMatch,
    Draft,
    JoinedIds,
    Ladder,
    LossyPolicy,
    MatchKey,
    Note,
    NullPolicy,
    OncePer,
    OnDeleted,
    OnDuplicateRule,
    OnDuplicates,
    OnMissing,
    Origin,
    SourceType,
    StepRecord,
    Target,
    Unmapped,
    UpdatePolicy,
    Want,
)

__all__ = [
    "CAMPAIGN",
    "EPOCH",
    "Accepted",
    "Answers",
    "Attribute",
    "AutoMatch",
    "Call",
    "Callout",
    "Change",
    "ChangeState",
    "Decision",
    "Delivery",
    "Draft",
    "Event",
    "Fault",
    "Field",
    "FieldState",
    "Headers",
    "JoinedIds",
    "Ladder",
    "Link",
    "LossyPolicy",
    "MatchKey",
    "Note",
    "Notice",
    "NullPolicy",
    "ObjectType",
    "OnDeleted",
    "OnDuplicateRule",
    "OnDuplicates",
    "OnMissing",
    "OncePer",
    "Operation",
    "OrgSchema",
    "Origin",
    "Outcome",
    "Priority",
    "Question",
    "Record",
    "RecordState",
    "Recovery",
    "Rejected",
    "RowResult",
    "SourceType",
    "StepRecord",
    "Target",
    "Unmapped",
    "UpdatePolicy",
    "Want",
]
