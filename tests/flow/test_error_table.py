"""Every row of the error table is provoked on the local org and ends as the table says (engine acceptance 5).

One person is told of, Salesforce answers with the error, and the delivery is looked at three times: when it was met first, days later,
and after the cause has gone.
"""

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.salesforce import fault_table
from crosswalk.store import tables
from crosswalk.turn import pausing

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")
TITLE = row("Title", "title", update="overwrite")
LOOKUP, WRITE = "composite$", "collections"
FOREIGN = "Foreign key external ID: 7 not found for field Ext__c in entity Account"

# --- the table, in the words of the reference: where, what, and how it ends -----------------------------------------------------------

HELD_ROWS = {  # code → reason, what its sentence tells the reader to do
    "TRANSACTION_SECURITY_BLOCK": ("rejected", "exempt the connection's user"),
    "TXN_SECURITY_NO_ACCESS": ("rejected", "exempt the connection's user"),
    "DUPLICATES_DETECTED": ("duplicate_rule", "allow saving, or use the found record"),
    "DUPLICATE_EXTERNAL_ID": ("too_many", "merge them"),
    "INVALID_FIELD": ("rejected", "show it or map another"),
    "INVALID_TYPE": ("rejected", "show it or map another"),
    "REQUIRED_FIELD_MISSING": ("rejected", "map it or give it a default"),
    "STRING_TOO_LONG": ("lossy_value", "truncate or leave out"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": ("lossy_value", "add it to the picklist"),
    "NUMBER_OUTSIDE_VALID_RANGE": ("lossy_value", "widen the field"),
    "INVALID_EMAIL_ADDRESS": ("rejected", "leave it out"),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": ("rejected", "convert it"),
    "MALFORMED_ID": ("rejected", "mend the value or the mapping"),
    "FIELD_INTEGRITY_EXCEPTION": ("rejected", "mend the value"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": ("rejected", "see its text"),
    "FIELD_FILTER_VALIDATION_EXCEPTION": ("rejected", "choose another record"),
    "INACTIVE_OWNER_OR_USER": ("rejected", "choose an active owner"),
    "INSUFFICIENT_ACCESS": ("rejected", "grant the permission"),
    "INSUFFICIENT_ACCESS_OR_READONLY": ("rejected", "grant the permission"),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": ("rejected", "share it with the user"),
    "FUNCTIONALITY_NOT_ENABLED": ("rejected", "enable it"),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": ("rejected", "mend the cause"),
    "CANNOT_EXECUTE_FLOW_TRIGGER": ("rejected", "mend the cause"),
    "APEX_ERROR": ("rejected", "mend the cause"),
    "SELF_REFERENCE_FROM_TRIGGER": ("rejected", "mend the cause"),
    "CANNOT_POST_TO_ARCHIVED_GROUP": ("rejected", "reactivate it"),
    "DEPENDENCY_EXISTS": ("rejected", "detach them"),
    "DELETE_FAILED": ("rejected", "detach its children"),
    "INVALID_ID_FIELD": ("rejected", "report it"),
    "MISSING_ARGUMENT": ("rejected", "report it"),
    "JSON_PARSER_ERROR": ("rejected", "mend the value or the mapping"),
    "SOMETHING_FROM_NEXT_YEAR": ("rejected", "read its message"),
}
PASSING_ROWS = [  # code, message, what the row waits for, a part of the sentence
    ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", "queued", "Another process held the record"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: caused by: UNABLE_TO_LOCK_ROW, unable to", "queued", "Another process held the record"),
    ("CANNOT_EXECUTE_FLOW_TRIGGER", "unable to obtain exclusive access", "queued", "Another process held the record"),
    ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "", "queued", "Another row stopped this one"),
    ("PROCESSING_HALTED", "", "queued", "Another row stopped this one"),
    ("BATCH_PROCESSING_HALTED", "", "queued", "Another row stopped this one"),
    ("DUPLICATE_VALUE", "Duplicate external id specified: 7", "queued", "stood twice in one request"),
    ("DUPLICATE_VALUE", "duplicate value found: <unknown>", "queued", "exists already"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: Too many SOQL queries: 101", "queued", "too large or too slow"),
    ("APEX_ERROR", "System.LimitException: Apex CPU time limit exceeded", "queued", "too large or too slow"),
    ("REQUEST_RUNNING_TOO_LONG", "has been stopped", "queued", "too large or too slow"),
    ("OPERATION_TOO_LARGE", "", "queued", "too large or too slow"),
    ("UNKNOWN_EXCEPTION", "An unexpected error occurred.", "queued", "internal error"),
    ("SERVER_UNAVAILABLE", "Server too busy", "queued", "busy or in maintenance"),
    ("TXN_SECURITY_METERING_ERROR", "took too long", "queued", "exempt the connection's user"),
    ("LIMIT_EXCEEDED", "", "budget", "when the limit frees up"),
    ("EXCEEDED_QUOTA", "", "budget", "when the quota frees up"),
    ("INVALID_FIELD", FOREIGN, "parent_missing", "not there yet"),
    ("ENTITY_IS_DELETED", "entity is deleted", "queued", "gone or merged"),
    ("NOT_FOUND", "The requested resource does not exist", "queued", "gone or merged"),
    ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "queued", "refers to is gone or hidden"),
    ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", "queued", "converted meanwhile"),
    ("CONFLICT", "", "queued", "changed meanwhile"),
    ("INVALID_OPERATION", "", "queued", "changed meanwhile"),
    ("INVALIDJOBSTATE", "", "queued", "changed meanwhile"),
]
PAUSING_CALLS = {  # code → HTTP status, a part of the sentence on the connection
    "API_DISABLED_FOR_ORG": (403, "edition"),
    "API_CURRENTLY_DISABLED": (403, "edition"),
    "INSUFFICIENT_ACCESS": (403, "API Enabled"),
    "FUNCTIONALITY_NOT_ENABLED": (403, "API Enabled"),
    "STORAGE_LIMIT_EXCEEDED": (403, "free or buy storage"),
    "UNSUPPORTED_API_VERSION": (410, "choose a newer one"),
    "ORG_LOCKED": (403, "unlock it"),
}
HELD_CALLS = {  # code → HTTP status: a mistake in the request, or something nobody knows
    "INVALID_AUTH_HEADER": 400,
    "MALFORMED_QUERY": 400,
    "INVALID_QUERY_FILTER_OPERATOR": 400,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "XML_PARSER_ERROR": 400,
    "INVALID_TYPE": 400,
    "SOMETHING_FROM_NEXT_YEAR": 400,
}
PASSING_CALLS = {  # code or message → HTTP status, what is waited for
    "SERVER_UNAVAILABLE": (503, "queued"),
    "UNABLE_TO_LOCK_ROW": (400, "queued"),
    "QUERY_TIMEOUT": (400, "queued"),
    "QUERY_TOO_COMPLICATED": (400, "queued"),
    "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS": (400, "queued"),
    "OPERATION_TOO_LARGE": (400, "queued"),
    "INVALID_QUERY_LOCATOR": (400, "queued"),
    "CONFLICT": (409, "queued"),
    "NOT_FOUND": (404, "queued"),
    "TXN_SECURITY_METERING_ERROR": (400, "queued"),
    "EXCEEDED_QUOTA": (403, "budget"),
    "LIMIT_EXCEEDED": (400, "budget"),
    "REQUEST_LIMIT_EXCEEDED": (403, "budget"),
}
BROKEN_OFF = {"UNKNOWN_EXCEPTION": 500, "REQUEST_RUNNING_TOO_LONG": 400}  # a write may have run: it is asked what became of it
SUSPENDED = {  # the field is named in the message
    "INVALID_FIELD": "No such column 'Title' on sobject of type Lead",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Unable to create/update fields: Title. Please check the security settings of this field.",
}
BARE = {  # an answer without a code → what its reader waits for, or how it is held
    300: "held(too_many)",
    404: "waiting(queued)",
    405: "held(rejected)",
    406: "waiting(queued)",
    409: "waiting(queued)",
    410: "waiting(connection_paused)",
    412: "waiting(queued)",
    413: "waiting(queued)",
    414: "waiting(queued)",
    415: "held(rejected)",
    418: "held(rejected)",
    420: "waiting(queued)",
    428: "held(rejected)",
    429: "waiting(queued)",
    431: "waiting(queued)",
    503: "waiting(queued)",
}
LOGINS = {"INVALID_SESSION_ID", "LOGIN_OAUTH_INVALID_TOKEN"}  # and those of `test_error_table_logins.py`


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def app(here):
    """Return a source whose sync has run once, so that the org is described and its allowance known."""
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, TITLE))
    await here.deliver(source, identify("known@x.example", "warm-up"))
    await here.drain()
    return source


async def told(here, source):
    """Let one person be told of and be worked on once; returns where her delivery stands and what it says."""
    await here.deliver(source, identify(ANN, "m1", phone="1", title="Buyer"))
    await here.worker().sweep(linger=False)
    return await standing(here)


async def standing(here):
    one = max(await here.rows(tables.delivery), key=lambda row: row["id"])
    return f"{one['state']}({one['reason']})" if one["reason"] else one["state"], one["detail"] or ""


async def refuse_row(here, code, message="", value=ANN, **match):
    await here.fault(match={"object": "Lead", "field": "Email", "value": value, **match}, do="reject_row", code=code, message=message)


async def refuse_call(here, resource, code, status, message="", **match):
    await here.fault(match={"resource": resource, **match}, do="status", status=status, code=code, message=message)


async def days_later(here):
    await here.drain()
    here.clock.advance(3 * 86_400)
    await here.drain()


async def times_asked(here):
    """Return how often the org met what its only fault is about."""
    (rule,) = await here.ask("GET", "/localorg/faults")
    return rule["asked"]


async def leads(here):
    return await here.records(f"SELECT Phone, Title FROM Lead WHERE Email = '{ANN}'")


async def paused(here):
    (one,) = await here.rows(tables.connection)
    return one["paused_reason"]


# --- rows -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def refused(here, app):
    """Return a function that lets one person for each error be told of, all in one call, and refuses each row with its error."""

    async def told_of(errors, **match):
        for number, (code, message) in enumerate(errors):
            email = f"p{number:02}@x.example"
            await refuse_row(here, code, message, value=email, **match)
            await here.deliver(app, identify(email, f"m{number:02}", phone="1"))
        await here.worker().sweep(linger=False)

    return told_of


async def all_standing(here):
    """Return where each delivery but that of the warm-up stands, in the order of arrival, and what it says."""
    found = sorted(await here.rows(tables.delivery), key=lambda row: row["id"])[1:]
    return [(f"{one['state']}({one['reason']})" if one["reason"] else one["state"], one["detail"] or "") for one in found]


async def sent(here):
    """Return how often the org was sent the row that each of its faults is about."""
    return [rule["asked"] for rule in await here.ask("GET", "/localorg/faults")]


@pytest.mark.shows("P10", "P7")
async def test_every_row_that_needs_a_person_is_held_with_what_to_do(here, refused):
    await refused([(code, "words of the org") for code in HELD_ROWS])
    ends = dict(zip(HELD_ROWS, await all_standing(here), strict=True))
    assert {code: f"held({reason})" for code, (reason, _) in HELD_ROWS.items()} == {code: state for code, (state, _) in ends.items()}
    assert [] == [detail for code, (_, detail) in ends.items() if not (detail.startswith(code) and HELD_ROWS[code][1] in detail)]


@pytest.mark.shows("BX-19")
async def test_a_permanent_error_costs_one_call_and_then_none(here, refused):
    await refused([(code, "words of the org") for code in HELD_ROWS])
    before = (await here.calls())["total"]
    await days_later(here)
    assert ([1] * len(HELD_ROWS), before) == (await sent(here), (await here.calls())["total"])


@pytest.mark.shows("BX-13")
async def test_held_rows_are_written_by_a_replay_when_the_cause_is_mended(here, refused):
    await refused([(code, "words of the org") for code in HELD_ROWS])
    await here.ask("DELETE", "/localorg/faults")
    await here.replay()
    assert len(await here.records("SELECT Id FROM Lead WHERE Phone = '1'")) == len(HELD_ROWS)


@pytest.mark.parametrize("code", ["FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION"])
async def test_what_an_admin_of_the_org_wrote_is_quoted(here, app, code):
    await refuse_row(here, code, "Region is required for partners.")
    _, detail = await told(here, app)
    assert "“Region is required for partners.”" in detail


@pytest.mark.shows("P12")
async def test_words_that_may_hold_a_persons_values_are_not_quoted(here, app):
    await refuse_row(here, "STRING_TOO_LONG", "Phone: data value too large: 0301234567 (max length=40)")
    _, detail = await told(here, app)
    assert "0301234567" not in detail


@pytest.mark.shows("P10", "P7")
async def test_every_row_that_may_pass_waits_and_says_for_what(here, refused):
    await refused([case[:2] for case in PASSING_ROWS])
    ends = list(zip(PASSING_ROWS, await all_standing(here), strict=True))
    assert [(case[0], f"waiting({case[2]})") for case in PASSING_ROWS] == [(case[0], state) for case, (state, _) in ends]
    assert [] == [detail for case, (_, detail) in ends if case[3] not in detail]


@pytest.mark.shows("P10")
async def test_every_row_that_may_pass_is_written_once_the_cause_has_gone(here, refused):
    await refused([case[:2] for case in PASSING_ROWS], times=2)
    await here.drain()
    assert ([("written", "")] * len(PASSING_ROWS), [3] * len(PASSING_ROWS)) == (await all_standing(here), await sent(here))


async def test_every_row_that_never_passes_is_held_in_the_end(here, refused):
    stubborn = [case[:2] for case in PASSING_ROWS if case[2] == "queued"]
    await refused(stubborn)
    async with here.database.write() as tx:
        await tx.execute(tables.delivery.update().values(attempts=48))
    await days_later(here)
    assert ["held(rejected)"] * len(stubborn) == [state for state, _ in await all_standing(here)]


async def test_waiting_for_a_limit_or_a_parent_is_no_attempt(here, refused):
    await refused([("LIMIT_EXCEEDED", ""), ("INVALID_FIELD", FOREIGN)])
    for _ in range(5):
        here.clock.advance(700)
        await here.worker().sweep(linger=False)
    waiting = await here.rows(tables.delivery, state="waiting")
    assert [0, 0] == [one["attempts"] for one in waiting]


@pytest.mark.shows("BX-24", "P10")
@pytest.mark.parametrize("code", SUSPENDED)
async def test_a_field_the_org_does_not_take_is_suspended_and_the_rest_is_sent(here, app, code):
    await refuse_row(here, code, SUSPENDED[code], times=1)
    await told(here, app)
    await here.drain()
    assert (await leads(here), (await standing(here))[0]) == ([{"Phone": "1", "Title": None}], "written")


@pytest.mark.shows("BX-24")
@pytest.mark.parametrize("code", SUSPENDED)
async def test_a_suspended_row_is_reported_with_its_cause(here, app, code):
    await refuse_row(here, code, SUSPENDED[code], times=1)
    await told(here, app)
    (one,) = await here.rows(tables.suspended_row)
    assert ("Lead", "Title", code) == (one["object"], one["field"], one["code"])


@pytest.mark.parametrize("message", ["T: Too many SOQL queries: 101", "Apex CPU time limit exceeded"])
async def test_rows_that_were_too_many_at_once_go_on_in_calls_of_half_the_size(here, app, message):
    await here.fault(match={"object": "Lead", "times": 8}, do="reject_row", code="APEX_ERROR", message=message)
    for number in range(8):
        await here.deliver(app, identify(f"p{number}@x.example", f"m{number}"))
    await here.drain()
    sent = [call["rows"] for call in (await here.calls())["calls"] if call["kind"].startswith(WRITE)]
    assert sent == [1, 8, 4, 4]


async def test_full_storage_pauses_the_connection_and_keeps_what_was_written(here, app):
    await here.fault(
        match={"field": "Email", "value": ANN}, do="reject_row", code="STORAGE_LIMIT_EXCEEDED", message="storage limit exceeded"
    )
    await here.deliver(app, identify("bob@x.example", "m0", phone="2"))
    state, _ = await told(here, app)
    written = await here.records("SELECT Phone FROM Lead WHERE Email = 'bob@x.example'")
    assert (state, "free or buy storage" in await paused(here), written) == ("waiting(connection_paused)", True, [{"Phone": "2"}])


# --- calls ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P7")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
@pytest.mark.parametrize("code", PAUSING_CALLS)
async def test_what_stops_the_whole_org_pauses_the_connection_with_a_sentence(here, app, resource, code):
    status, words = PAUSING_CALLS[code]
    await refuse_call(here, resource, code, status)
    state, _ = await told(here, app)
    assert ("waiting(connection_paused)", True) == (state, words in await paused(here))


@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
async def test_a_paused_connection_makes_no_call_and_goes_on_when_it_is_resumed(here, app, resource):
    await refuse_call(here, resource, "API_DISABLED_FOR_ORG", 403)
    await told(here, app)
    before = (await here.calls())["total"]
    here.clock.advance(86_400)
    await here.worker().sweep(linger=False)
    quiet = (await here.calls())["total"] == before
    await here.ask("DELETE", "/localorg/faults")
    await pausing.resume(here.engine, here.connection_id)
    await here.drain()
    assert (quiet, len(await leads(here))) == (True, 1)


@pytest.mark.shows("BX-19")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
@pytest.mark.parametrize("code", HELD_CALLS)
async def test_a_call_that_is_refused_for_good_holds_its_rows_and_is_not_repeated(here, app, resource, code):
    await refuse_call(here, resource, code, HELD_CALLS[code])
    await told(here, app)
    await days_later(here)
    state, detail = await standing(here)
    assert ("held(rejected)", True, 1) == (state, code in detail, await times_asked(here)), detail


@pytest.mark.shows("P7")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
@pytest.mark.parametrize("code", PASSING_CALLS)
async def test_a_call_that_is_refused_for_now_waits_and_is_written_later(here, app, resource, code):
    status, reason = PASSING_CALLS[code]
    await refuse_call(here, resource, code, status, times=2)
    state, detail = await told(here, app)
    await here.drain()
    assert (f"waiting({reason})", True, 1) == (state, detail.endswith("."), len(await leads(here))), detail


@pytest.mark.shows("P3")
@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("code", BROKEN_OFF)
async def test_a_write_that_was_broken_off_is_asked_about_and_not_made_twice(open_world, code, keyed):
    here = await open_world(**({} if keyed else {"key_field": None}))
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE))
    await refuse_call(here, WRITE, code, BROKEN_OFF[code], times=1)
    state, _ = await told(here, source)
    await here.drain()
    assert ("waiting(settling)", 1) == (state, len(await leads(here)))


@pytest.mark.parametrize("code", BROKEN_OFF)
async def test_a_look_up_that_was_broken_off_is_made_again(here, app, code):
    await refuse_call(here, LOOKUP, code, BROKEN_OFF[code], times=1)
    state, _ = await told(here, app)
    await here.drain()
    assert ("waiting(queued)", 1) == (state, len(await leads(here)))


@pytest.mark.parametrize("status", BARE)
async def test_an_answer_without_a_code_ends_by_its_status(here, app, status):
    await refuse_call(here, LOOKUP, "", status)
    assert BARE[status] == (await told(here, app))[0]


@pytest.mark.parametrize("status", [413, 414, 431])
async def test_a_call_that_was_too_large_goes_on_in_smaller_ones(here, app, status):
    await refuse_call(here, WRITE, "", status, times=1)
    for number in range(8):
        await here.deliver(app, identify(f"p{number}@x.example", f"m{number}"))
    await here.drain()
    assert [call["rows"] for call in (await here.calls())["calls"] if call["kind"].startswith(WRITE)][1:] == [0, 4, 4]


@pytest.mark.shows("P7")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
async def test_a_web_page_in_place_of_an_answer_is_waited_out(here, app, resource):
    await here.fault(match={"resource": resource, "times": 2}, do="html", status=503)
    await told(here, app)
    await here.drain()
    assert (await standing(here), len(await leads(here))) == (("written", ""), 1)


# --- the three limits -----------------------------------------------------------------------------------------------------------------

LIMITS = {
    "TotalRequests Limit exceeded.": ("budget", "of the last 24 hours are used up"),
    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.": ("queued", "too many of this org's requests at once"),
    "ConcurrentPerOrgLongTxn Limit exceeded.": ("queued", "took 20 seconds or more"),
}


@pytest.mark.shows("BX-15")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
@pytest.mark.parametrize("message", LIMITS)
async def test_the_three_limits_are_told_apart_in_words(here, app, resource, message):
    reason, words = LIMITS[message]
    await refuse_call(here, resource, "REQUEST_LIMIT_EXCEEDED", 403, message, times=1)
    state, detail = await told(here, app)
    assert (f"waiting({reason})", True) == (state, words in detail), detail


@pytest.mark.shows("BX-15")
@pytest.mark.parametrize("message", LIMITS)
async def test_after_a_limit_a_call_is_not_repeated_at_once(here, app, message):
    await refuse_call(here, WRITE, "REQUEST_LIMIT_EXCEEDED", 403, message)
    await told(here, app)
    for _ in range(5):
        await here.worker().sweep(linger=False)
    assert await times_asked(here) == 1


@pytest.mark.parametrize("message", [text for text in LIMITS if text.startswith("Concurrent")])
async def test_a_concurrent_limit_makes_the_next_call_smaller(here, app, message):
    before = await here.ready_org()
    rows = (await before.sizes.rows()).get(("Lead", "insert"), 200)
    await refuse_call(here, WRITE, "REQUEST_LIMIT_EXCEEDED", 403, message, times=1)
    await told(here, app)
    assert (await before.sizes.rows())["Lead", "insert"] == rows // 2


# --- locks ----------------------------------------------------------------------------------------------------------------------------


async def told_together(here, source, count=20):
    for number in range(count):
        await here.deliver(source, identify(f"p{number:02}@x.example", f"m{number}", phone=str(number)))
    await here.drain()


@pytest.mark.shows("BX-20")
async def test_after_lock_faults_every_row_is_written(here, app):
    await here.fault(match={"object": "Lead", "nth": 3, "times": 5}, do="lock_row")
    await told_together(here, app)
    assert len(await here.records("SELECT Id FROM Lead")) == 21


@pytest.mark.shows("BX-20")
async def test_only_locked_rows_are_sent_again(here, app):
    await here.fault(match={"object": "Lead", "nth": 3, "times": 5}, do="lock_row")
    await told_together(here, app)
    assert await times_asked(here) == 20 + 5


@pytest.mark.shows("BX-20")
async def test_no_row_is_sent_twice_at_a_time(here, app):
    await here.fault(match={"object": "Lead", "probability": 0.5, "seed": 20, "times": 30}, do="lock_row")
    await told_together(here, app)
    sent = await here.rows(tables.change)
    times = {key: [one for one in sent if one["key_hmac"] == key] for key in {one["key_hmac"] for one in sent}}
    assert all(len({one["call_id"] for one in several}) == len(several) for several in times.values())


# --- the session ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
async def test_a_session_that_ended_is_renewed_and_the_call_repeated_once(here, app, resource):
    await here.fault(match={"resource": resource, "times": 1}, do="expire_session")
    state, _ = await told(here, app)
    assert ("written", 1) == (state, len(await leads(here)))


@pytest.mark.shows("BX-36")
@pytest.mark.parametrize("resource", [LOOKUP, WRITE])
async def test_a_session_that_cannot_be_renewed_pauses_the_connection(here, app, resource):
    await here.fault(match={"resource": resource}, do="expire_session")
    state, _ = await told(here, app)
    assert ("waiting(connection_paused)", True) == (state, "connect again" in await paused(here))


# --- the table is total ---------------------------------------------------------------------------------------------------------------


def test_every_code_of_the_table_is_provoked():
    from tests.flow.test_error_table_logins import REFUSED

    rows = {*HELD_ROWS, *(case[0] for case in PASSING_ROWS), *SUSPENDED}
    whole = {*PAUSING_CALLS, *HELD_CALLS, *PASSING_CALLS, *BROKEN_OFF}
    assert set(fault_table.RULES) <= rows | whole | LOGINS | {code for code, *_ in REFUSED}


def test_every_status_of_the_table_is_provoked():
    assert set(fault_table.STATUSES) <= {*BARE, 401}
