"""What each error code of Salesforce means for us: recovery, reason, and a sentence that says what to do.

Pure data. A code has one or more rules; the first whose pattern is found in the message wins, the last has no pattern. A code that is
not here is held for a person, never repeated blindly.
"""

from dataclasses import dataclass

from crosswalk.model import Recovery
from crosswalk.reasons import Reason


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of error is met; `pattern` is searched in the message, ignoring case."""

    recovery: Recovery
    sentence: str
    reason: Reason = Reason.REJECTED
    pattern: str = ""


_NOW, _LATER, _REPLAN = Recovery.RETRY_NOW, Recovery.RETRY_LATER, Recovery.REPLAN
_SUSPEND, _HOLD, _PAUSE, _HALVE = Recovery.SUSPEND_FIELD, Recovery.HOLD, Recovery.PAUSE, Recovery.HALVE
_PAUSED = Reason.CONNECTION_PAUSED

EDITIONS = (
    "This Salesforce edition or user has no API access. Enterprise, Unlimited, Performance and Developer editions have it, Professional "
    'only with the API add-on; the user needs the permission "API Enabled". Mend that, then resume the connection.'
)
LOGIN_REFUSED = "Salesforce refuses the login; check user name, password, security token and app, then connect again."
_BUG = "Salesforce did not understand the request, which is a mistake of Crosswalk; report it with the request id."
_PERMISSION = "The connection's user may not write this record; grant the permission in Salesforce, then replay."
_AUTOMATION = "Automation in the org (a trigger or a flow) refused the record; read its message, mend the cause and replay."
_TOO_BIG = "The request was too large or too slow for the org; it goes on in smaller calls by itself."
_LOCKED = "Another process held the record; the row is sent again by itself."

_BUSY_RULE = Rule(_LATER, "Salesforce is busy or in maintenance; it goes on by itself.", Reason.QUEUED)
_BUG_RULE = Rule(_HOLD, _BUG)
_AUTOMATION_RULES = (
    Rule(_NOW, _LOCKED, Reason.QUEUED, r"UNABLE_TO_LOCK_ROW|unable to obtain exclusive access"),
    Rule(_HALVE, _TOO_BIG, Reason.QUEUED, r"too many |limit exceeded|LIMIT_EXCEEDED|Apex CPU time limit"),
    Rule(_HOLD, _AUTOMATION),
)
_SECURITY_POLICY = Rule(_HOLD, "A transaction security policy of the org blocks this; exempt the connection's user, then replay.")
_LOGIN = Rule(_PAUSE, LOGIN_REFUSED, _PAUSED)
_APP = Rule(
    _PAUSE, "Salesforce refuses the connected app; check its consumer key, secret and permitted users, then connect again.", _PAUSED
)
_EDITION = Rule(_PAUSE, EDITIONS, _PAUSED)
_VANISHED = Rule(_REPLAN, "The record is gone or merged; it is looked up again by itself.", Reason.DELETED_RECORD)
_RESENT = Rule(_NOW, "Another row stopped this one; it is sent again by itself.", Reason.QUEUED)

LIMITS = (
    Rule(
        _LATER,
        "Salesforce ran too many of this org's requests at once; it goes on by itself with fewer in parallel.",
        Reason.QUEUED,
        r"ConcurrentRequests|Concurrent API Requests",
    ),
    Rule(
        _LATER,
        "Too many of this org's requests took 20 seconds or more at once; it goes on by itself in smaller calls. Slow automation is "
        "the usual cause.",
        Reason.QUEUED,
        r"ConcurrentPerOrgLongTxn|LongTxn",
    ),
    Rule(
        _LATER,
        "The org's API calls of the last 24 hours are used up; it goes on when calls free up, or buy more calls in Salesforce.",
        Reason.BUDGET,
    ),
)

RULES: dict[str, tuple[Rule, ...]] = {
    # --- the session, the org, its limits
    "INVALID_SESSION_ID": (Rule(_PAUSE, "The Salesforce session ended and could not be renewed; connect again.", _PAUSED),),
    "INVALID_AUTH_HEADER": (_BUG_RULE,),
    "REQUEST_LIMIT_EXCEEDED": LIMITS,
    "LIMIT_EXCEEDED": (Rule(_LATER, "A limit of the org is reached; it goes on when the limit frees up.", Reason.BUDGET),),
    "EXCEEDED_QUOTA": (Rule(_LATER, "A quota of the org is used up; it goes on when the quota frees up.", Reason.BUDGET),),
    "SERVER_UNAVAILABLE": (_BUSY_RULE,),
    "UNKNOWN_EXCEPTION": (Rule(_LATER, "Salesforce had an internal error; the row is tried again a few times by itself.", Reason.QUEUED),),
    "INSUFFICIENT_ACCESS": (_EDITION,),
    "API_DISABLED_FOR_ORG": (_EDITION,),
    "FUNCTIONALITY_NOT_ENABLED": (_EDITION,),
    "API_CURRENTLY_DISABLED": (_EDITION,),
    "STORAGE_LIMIT_EXCEEDED": (Rule(_PAUSE, "The org's data storage is full; free or buy storage, then resume the connection.", _PAUSED),),
    "UNSUPPORTED_API_VERSION": (Rule(_PAUSE, "The org no longer offers this API version; choose a newer one, then resume.", _PAUSED),),
    # --- too large, too slow, locked
    "UNABLE_TO_LOCK_ROW": (Rule(_NOW, _LOCKED, Reason.QUEUED),),
    "QUERY_TIMEOUT": (Rule(_HALVE, _TOO_BIG, Reason.QUEUED),),
    "REQUEST_RUNNING_TOO_LONG": (Rule(_HALVE, _TOO_BIG, Reason.QUEUED),),
    "OPERATION_TOO_LARGE": (Rule(_HALVE, _TOO_BIG, Reason.QUEUED),),
    "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS": (Rule(_HALVE, _TOO_BIG, Reason.QUEUED),),
    "QUERY_TOO_COMPLICATED": (Rule(_HALVE, _TOO_BIG, Reason.QUEUED),),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": (_RESENT,),
    "PROCESSING_HALTED": (_RESENT,),
    "BATCH_PROCESSING_HALTED": (_RESENT,),
    # --- security policies
    "TXN_SECURITY_METERING_ERROR": (
        Rule(
            _LATER, "The org's transaction security policies took too long; exempt the connection's user from them. It goes on by itself."
        ),
    ),
    "TRANSACTION_SECURITY_BLOCK": (_SECURITY_POLICY,),
    # --- duplicates
    "DUPLICATES_DETECTED": (Rule(_HOLD, Reason.DUPLICATE_RULE.sentence, Reason.DUPLICATE_RULE),),
    "DUPLICATE_VALUE": (
        Rule(
            _NOW, "The same key stood twice in one request; the rows are sent again one at a time.", Reason.QUEUED, r"external id specified"
        ),
        Rule(_REPLAN, "The record exists already; it is looked up and updated by itself.", Reason.QUEUED),
    ),
    "DUPLICATE_EXTERNAL_ID": (Rule(_HOLD, Reason.TOO_MANY.sentence, Reason.TOO_MANY),),
    # --- the mapping against the org
    "INVALID_FIELD": (
        Rule(
            _LATER,
            "The record this one refers to is not there yet; it goes on when it is.",
            Reason.PARENT_MISSING,
            r"foreign key external id",
        ),
        Rule(_HOLD, _BUG, Reason.REJECTED, r"should not be specified in the sobject data|filter criterion"),
        Rule(_SUSPEND, "A mapped field is not in the org or hidden from the connection's user; show it or map another, then replay."),
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        Rule(_SUSPEND, "A mapped field may not be written by the connection's user; grant it or map another, then replay."),
    ),
    "INVALID_TYPE": (
        Rule(_HOLD, "The object is not in the org or hidden from the connection's user; show it or map another, then replay."),
    ),
    "REQUIRED_FIELD_MISSING": (Rule(_HOLD, "Salesforce requires a field that has no value; map it or give it a default, then replay."),),
    # --- values
    "STRING_TOO_LONG": (Rule(_HOLD, Reason.LOSSY_VALUE.sentence, Reason.LOSSY_VALUE),),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        Rule(
            _HOLD,
            "The value is not in the restricted picklist; add it to the picklist or map it to one that is, then replay.",
            Reason.LOSSY_VALUE,
        ),
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": (
        Rule(_HOLD, "The number has too many digits for its field; mend the value or widen the field, then replay.", Reason.LOSSY_VALUE),
    ),
    "INVALID_EMAIL_ADDRESS": (Rule(_HOLD, "Salesforce does not take this e-mail address; mend the value or leave it out, then replay."),),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": (
        Rule(_HOLD, "The value does not have the field's type; map another field or convert it, then replay."),
    ),
    "MALFORMED_ID": (Rule(_HOLD, "A value is not the id of the object its field refers to; mend the value or the mapping, then replay."),),
    "FIELD_INTEGRITY_EXCEPTION": (Rule(_HOLD, "A value contradicts other data of the org; read the message, mend the value and replay."),),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        Rule(_HOLD, "A validation rule of the org refused the record; see its text, mend the value and replay."),
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": (
        Rule(_HOLD, "A lookup filter of the org refuses this reference; choose another record and replay."),
    ),
    # --- records that are not what the plan saw
    "ENTITY_IS_DELETED": (_VANISHED,),
    "INVALID_CROSS_REFERENCE_KEY": (
        Rule(_REPLAN, "A record this one refers to is gone or hidden; it is looked up again by itself.", Reason.PARENT_MISSING),
    ),
    "CANNOT_UPDATE_CONVERTED_LEAD": (
        Rule(_REPLAN, "The lead was converted meanwhile; its contact is looked up by itself.", Reason.CONVERTED_LEAD),
    ),
    "NOT_FOUND": (
        Rule(
            _SUSPEND, "A match field is not in the org or hidden from the connection's user; choose another.", pattern=r"external ID field"
        ),
        _VANISHED,
    ),
    "INVALID_QUERY_LOCATOR": (Rule(_REPLAN, "The pages of a look-up expired; it is asked again by itself.", Reason.QUEUED),),
    "CONFLICT": (Rule(_REPLAN, "Salesforce's state changed meanwhile; it is read again by itself.", Reason.QUEUED),),
    "INVALID_OPERATION": (Rule(_REPLAN, "Salesforce's state changed meanwhile; it is read again by itself.", Reason.QUEUED),),
    "INVALIDJOBSTATE": (Rule(_REPLAN, "The job's state changed meanwhile; it is read again by itself.", Reason.QUEUED),),
    # --- people, permissions, automation
    "INACTIVE_OWNER_OR_USER": (Rule(_HOLD, "The owner is an inactive user; choose an active owner in the mapping, then replay."),),
    "INSUFFICIENT_ACCESS_OR_READONLY": (Rule(_HOLD, _PERMISSION),),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        Rule(_HOLD, "The connection's user may not use a record this one refers to; share it with the user, then replay."),
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _AUTOMATION_RULES,
    "CANNOT_EXECUTE_FLOW_TRIGGER": _AUTOMATION_RULES,
    "APEX_ERROR": _AUTOMATION_RULES,
    "SELF_REFERENCE_FROM_TRIGGER": (Rule(_HOLD, _AUTOMATION),),
    "CANNOT_POST_TO_ARCHIVED_GROUP": (Rule(_HOLD, "The group is archived; reactivate it or map another, then replay."),),
    "DEPENDENCY_EXISTS": (Rule(_HOLD, "Other records depend on this one; detach them in Salesforce, then replay."),),
    "DELETE_FAILED": (Rule(_HOLD, "Salesforce does not let this record be deleted; detach its children, then replay."),),
    # --- requests we should not have made
    "INVALID_ID_FIELD": (_BUG_RULE,),
    "MISSING_ARGUMENT": (_BUG_RULE,),
    "JSON_PARSER_ERROR": (
        Rule(_HOLD, "Salesforce could not read a value, such as a malformed date; mend the value or the mapping, replay."),
    ),
    "XML_PARSER_ERROR": (_BUG_RULE,),
    "UNSUPPORTED_MEDIA_TYPE": (_BUG_RULE,),
    "METHOD_NOT_ALLOWED": (_BUG_RULE,),
    "MALFORMED_QUERY": (_BUG_RULE,),
    "INVALID_QUERY_FILTER_OPERATOR": (
        Rule(_HOLD, "A match key cannot be searched that way in this org; choose another field, then replay."),
    ),
    # --- logging in
    "invalid_grant": (
        Rule(
            _PAUSE, "The access given to Crosswalk was revoked or has expired; connect again.", _PAUSED, r"expired|revoked|access/refresh"
        ),
        Rule(
            _PAUSE,
            "The org refuses logins from this address; allow it under the app's IP relaxation, then connect again.",
            _PAUSED,
            r"\bip\b",
        ),
        Rule(_APP.recovery, _APP.sentence, _APP.reason, r"audience|assertion|approved|consent"),
        _LOGIN,
    ),
    "invalid_client_id": (_APP,),
    "invalid_client": (_APP,),
    "invalid_request": (_APP,),
    "invalid_scope": (_APP,),
    "unsupported_grant_type": (
        Rule(_PAUSE, "The org does not allow this kind of login; allow it in the org or choose another kind, then connect again.", _PAUSED),
    ),
    "redirect_uri_mismatch": (_APP,),
    "access_denied": (_APP,),
    "inactive_user": (Rule(_PAUSE, "The connection's user is inactive in Salesforce; activate it or connect as another.", _PAUSED),),
    "inactive_org": (Rule(_PAUSE, "The org is inactive; reactivate it, or connect to another.", _PAUSED),),
    "rate_limit_exceeded": (Rule(_LATER, "Salesforce refuses further logins for the hour; it goes on by itself.", Reason.QUEUED),),
    "LOGIN_OAUTH_INVALID_TOKEN": (Rule(_PAUSE, "The Salesforce session ended and could not be renewed; connect again.", _PAUSED),),
    "INVALID_LOGIN": (_LOGIN,),
    "LOGIN_MUST_USE_SECURITY_TOKEN": (
        Rule(_PAUSE, "Salesforce asks for the security token; add it (My Personal Information, Reset My Security Token).", _PAUSED),
    ),
    "PASSWORD_LOCKOUT": (Rule(_PAUSE, "Salesforce locked the user after wrong passwords; unlock it, then connect again.", _PAUSED),),
    "ORG_LOCKED": (Rule(_PAUSE, "The org is locked; unlock it in Salesforce, then connect again.", _PAUSED),),
}

ROW_RULES: dict[str, Rule] = {  # codes that mean the whole org when a call is refused, and one record when a row of it is
    "INSUFFICIENT_ACCESS": Rule(_HOLD, _PERMISSION),
    "FUNCTIONALITY_NOT_ENABLED": Rule(_HOLD, "The record needs a feature that is not enabled in the org; enable it, then replay."),
}

ADMINS_WORDS = frozenset({"DUPLICATES_DETECTED", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION"})

PREFIXES: dict[str, Rule] = {"TXN_SECURITY_": _SECURITY_POLICY, "LOGIN_": _LOGIN}

STATUSES: dict[int, tuple[str, Rule]] = {  # answers that carry no code of their own
    300: ("HTTP_300", Rule(_HOLD, Reason.TOO_MANY.sentence, Reason.TOO_MANY)),
    401: ("INVALID_SESSION_ID", RULES["INVALID_SESSION_ID"][0]),
    404: ("NOT_FOUND", _VANISHED),
    405: ("METHOD_NOT_ALLOWED", _BUG_RULE),
    406: ("HTTP_406", _BUSY_RULE),
    409: ("CONFLICT", RULES["CONFLICT"][0]),
    410: ("UNSUPPORTED_API_VERSION", RULES["UNSUPPORTED_API_VERSION"][0]),
    412: ("HTTP_412", Rule(_REPLAN, "The record was edited meanwhile; it is looked up again by itself.", Reason.QUEUED)),
    413: ("HTTP_413", Rule(_HALVE, _TOO_BIG, Reason.QUEUED)),
    414: ("HTTP_414", Rule(_HALVE, _TOO_BIG, Reason.QUEUED)),
    415: ("UNSUPPORTED_MEDIA_TYPE", _BUG_RULE),
    420: ("HTTP_420", _BUSY_RULE),
    428: ("HTTP_428", _BUG_RULE),
    429: ("HTTP_429", _BUSY_RULE),
    431: ("HTTP_431", Rule(_HALVE, _TOO_BIG, Reason.QUEUED)),
}

PAGE = Rule(
    _LATER,
    "Salesforce answered with a web page instead of data: maintenance, or the address is not an API host. It goes on by itself.",
    Reason.QUEUED,
)
SERVER_ERROR = _BUSY_RULE
UNKNOWN = Rule(_HOLD, Reason.REJECTED.sentence)
