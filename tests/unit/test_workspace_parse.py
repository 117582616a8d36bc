import pytest

from crosswalk import workspace
from crosswalk.workspace import WorkspaceError

ENVIRONMENT = {"SF_PASSWORD": "pw-1", "SF_TOKEN": "st-1", "LS_SECRET": "ls-1", "RS_KEY": "rk-1", "ORG_URL": "http://127.0.0.1:8400"}
WHOLE = """
connections:
  - name: production
    settings: {login: password, username: sync@northwind.example, zone: Europe/Paris, login_url: "${ORG_URL}"}
    secrets: {password: "${SF_PASSWORD}", security_token: "${SF_TOKEN}"}
    org: 00D000000000001
    key_field: Crosswalk_Key__c
    slots: 2
    reserve: 1000
sources:
  - name: webinars
    kind: livestorm
    state: on
    secrets: {signing_secret: "${LS_SECRET}"}
  - name: site
    kind: rudderstack
    secrets: {write_key: "${RS_KEY}"}
syncs:
  - name: webinar people
    connection: production
    source: webinars
    preset: livestorm
    campaigns: {"*": 701000000000001}
  - name: site people
    connection: production
    source: site
    state: paused
    preset: rudderstack
    options: [present_tables]
    override:
      opt_in: {mode: server}
      person: {follow_converted: true}
"""


def parse(text, environment=None):
    return workspace.parse(text, ENVIRONMENT if environment is None else environment)


def problems(text, environment=None):
    with pytest.raises(WorkspaceError) as caught:
        parse(text, environment)
    return {problem.place: problem.code for problem in caught.value.problems}


def test_a_whole_file_is_read():
    found = parse(WHOLE)
    assert ([one.name for one in found.connections], [one.name for one in found.sources], [one.name for one in found.syncs]) == (
        ["production"],
        ["webinars", "site"],
        ["webinar people", "site people"],
    )


def test_an_empty_file_is_an_empty_workspace():
    assert parse("") == workspace.Workspace()


def test_secrets_come_from_the_environment():
    assert parse(WHOLE).connections[0].secrets == {"password": "pw-1", "security_token": "st-1"}


def test_settings_may_hold_references():
    assert parse(WHOLE).connections[0].settings.login_url == "http://127.0.0.1:8400"


def test_no_secret_is_in_the_repr():
    text = repr(parse(WHOLE))
    assert [secret for secret in ENVIRONMENT.values() if secret in text and "127" not in secret] == []


@pytest.mark.parametrize(("word", "state"), [("on", "on"), ("off", "off"), ("'on'", "on")])
def test_yaml_switches_are_words(word, state):
    assert parse(f"sources: [{{name: a, kind: livestorm, state: {word}}}]").sources[0].state == state


def test_short_record_ids_are_lengthened():
    assert parse(WHOLE).connections[0].org == "00D000000000001EAA"


SOURCE = "sources: [{name: a, kind: livestorm, %s}]"
CONNECTION = "connections: [{name: a, settings: {login: password, username: u}, %s}]"
SYNC = "syncs: [{name: a, connection: c, source: s, %s}]"


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("a: [", "line 1, column 5", "not_yaml"),
        ("- a", "the file", "malformed"),
        ("conections: []", "conections", "unknown_key"),
        ("sources: {}", "sources", "malformed"),
        ("sources: [7]", "sources[0]", "malformed"),
        ("sources: [{name: a, kind: zoomy}]", "sources[0].kind", "unknown_kind"),
        ("sources: [{kind: livestorm}]", "sources[0].name", "missing"),
        (SOURCE % "state: maybe", "sources[0].state", "malformed"),
        (SOURCE % "settings: {signature_order: x}", "sources[0].settings.signature_order", "bad_setting"),
        (SOURCE % "secrets: {signing_secret: plain}", "sources[0].secrets.signing_secret", "secret_in_file"),
        (SOURCE % "secrets: {signing_secret: 7}", "sources[0].secrets.signing_secret", "secret_in_file"),
        (SOURCE % 'secrets: {signing_secret: "${NOWHERE}"}', "sources[0].secrets.signing_secret", "variable_missing"),
        (SOURCE % 'secrets: {api_key: "${LS_SECRET}"}', "sources[0].secrets.api_key", "unknown_key"),
        (SOURCE % "hook_token: plain", "sources[0].hook_token", "secret_in_file"),
        ("sources: [{name: a, kind: livestorm}, {name: a, kind: livestorm}]", "sources[1].name", "name_twice"),
        ("connections: [{name: a, settings: {login: magic}}]", "connections[0].settings.login", "malformed"),
        ("connections: [{name: a, settings: {login: password}}]", "connections[0].settings.username", "missing"),
        ("connections: [{name: a, settings: {login: access_token}}]", "connections[0].settings.login_url", "missing"),
        (CONNECTION % "slots: 6", "connections[0].slots", "malformed"),
        (CONNECTION % "org: 123", "connections[0].org", "malformed"),
        (CONNECTION % "key_field: Key", "connections[0].key_field", "malformed"),
        ("connections: [{name: a, settings: {login: password, zone: Mars/Base}}]", "connections[0].settings.zone", "malformed"),
        ("connections: [{name: a, settings: {login: password, password: x}}]", "connections[0].settings.password", "unknown_key"),
        (SYNC % "preset: livestorm, document: {}", "syncs[0]", "preset_or_document"),
        (SYNC % "document: {}, options: [x]", "syncs[0]", "preset_or_document"),
        (SYNC % "preset: livestorm, campaigns: {x: 12}", "syncs[0].campaigns.x", "malformed"),
    ],
)
def test_a_mistake_is_told_with_its_place(text, place, code):
    assert problems(text).get(place) == code


def test_all_mistakes_are_told_at_once():
    assert len(problems('sources: [{name: a, kind: zoomy}, {name: b, kind: livestorm, secrets: {signing_secret: "${NO}"}}]')) == 2


def test_a_misspelled_key_is_answered_with_the_right_one():
    with pytest.raises(WorkspaceError, match='Did you mean "connections"'):
        parse("conections: []")


def test_a_secret_in_the_file_is_not_repeated():
    with pytest.raises(WorkspaceError) as caught:
        parse(SOURCE % "secrets: {signing_secret: hush-hush}")
    assert "hush-hush" not in str(caught.value)


def test_an_empty_variable_counts_as_missing():
    assert "sources[0].secrets.signing_secret" in problems(SOURCE % 'secrets: {signing_secret: "${LS_SECRET}"}', {"LS_SECRET": ""})
