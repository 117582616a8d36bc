"""What every source must do, whoever wrote it: those that come with Crosswalk, and the example of a third party."""

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from tests import example_source

from crosswalk.clock import VirtualClock
from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.mapping import check, document, paths
from crosswalk.presets import loader
from crosswalk.sources import bodies, registry
from crosswalk.sources.base import Incoming, Pulling
from crosswalk.store.configuration import SourceConfig, SourceState

SAMPLES = Path(__file__).parents[1] / "samples"
NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
SECRET = "a-secret-for-tests"
SCAN = {
    "scan": "s-1041",
    "at": "2026-03-10T09:14:03Z",
    "desk": "North entrance",
    "fair": {"id": "f-26", "name": "Pump Days"},
    "visitor": {"badge": "B-88121", "name": "Ann Keller", "email": "ann@riverside.example", "company": "Riverside"},
}


def sample(path):
    return json.loads((SAMPLES / path).read_text("utf-8"))


def chat():
    """Return a chat as it is kept: without the secret that its webhook carries."""
    return {name: value for name, value in sample("livechat/webhook_incoming_chat.json").items() if name != "secret_key"}


@dataclass(frozen=True)
class Case:
    """One kind of source with a body of its own, and the member in which such bodies carry a secret.

    Where the route knows the sender already, `accept` proves nobody.
    """

    kind: str
    body: dict
    secret: str
    path: str = "/hooks/name/token"
    proves: bool = True
    carries: str = ""


CASES = [
    Case("gatehouse", SCAN, "signing_secret"),
    Case("kaltura", sample("kaltura/webhook_user_created.json"), "signing_secret", carries="ks"),
    Case("livechat", chat(), "webhook_secret", carries="secret_key"),
    Case("liveperson", sample("liveperson/webhook_conversation_closed.json")["request"]["body"], "signing_secret"),
    Case("livestorm", sample("livestorm/webhook_people_registered.json"), "signing_secret"),
    Case("rudderstack", sample("rudderstack/identify_externalid.json"), "write_key", "/v1/identify", proves=False, carries="writeKey"),
]
KINDS = [case.kind for case in CASES]
ODD = [None, True, 7, "text", [], {}, [[]], [{}], {"a": None}, {"type": []}, {"data": []}, {"batch": [[]]}, {"payload": {"chat": 3}}]


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory):
    with example_source.installed(tmp_path_factory.mktemp("example")):
        yield


@pytest.fixture(params=CASES, ids=KINDS)
def case(request):
    return request.param


@pytest.fixture
def kind(case):
    return registry.source(case.kind)


@pytest.fixture
def new_id():
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def config(case):
    return SourceConfig("src-1", "name", case.kind, SourceState.ON, {}, {case.secret: SECRET})


def arrive(case, kind, new_id, body=None, *, signed_with=SECRET, max_depth=64):
    """Let a body arrive, signed as the system itself would sign it, or not at all."""
    raw = bodies.encode(case.body if body is None else body)
    signed = kind.sign(raw, signed_with, NOW, {}) if signed_with else {}
    request = Incoming("POST", case.path, {name.lower(): value for name, value in signed.items()}, {}, raw, max_depth)
    return kind.accept(request, config(case), NOW, new_id)


def outcome(case, kind, new_id, body, **options):
    """Return the status and the number of items of what a body leads to."""
    try:
        accepted = arrive(case, kind, new_id, body, **options)
    except RequestRefused as refused:
        return refused.status, 0
    return 200, len(accepted.events) + len(accepted.notices) + len(accepted.invalid)


def known(kind, event):
    """Return what tells an event from others."""
    return event.entity_id, event.message_id, kind.fingerprint(event)


# --- what it is -------------------------------------------------------------------------------------------------------------------


def test_every_installed_source_stands_here():
    assert sorted(registry.sources()) == sorted(KINDS)


def test_it_is_found_by_its_own_name(case, kind):
    assert case.kind == kind.kind


def test_the_secret_that_signs_is_its_first(case, kind):
    assert case.secret == kind.secret_names[0]


def test_no_settings_are_no_problem(kind):
    assert () == kind.problems({})


def test_an_unknown_setting_is_named_by_its_place(kind):
    assert ["settings.no_such_setting"] == [problem.place for problem in kind.problems({"no_such_setting": "a-value"})]


def test_a_problem_never_repeats_the_value(kind):
    assert "hush-hush" not in " ".join(problem.sentence for problem in kind.problems({"no_such_setting": "hush-hush"}))


# --- its catalogue ----------------------------------------------------------------------------------------------------------------


def test_keys_are_unique_and_everything_has_a_label(kind):
    offered = kind.catalogue({})
    assert (len(offered), []) == (len({one.key for one in offered}), [one.key for one in offered if not one.label or not one.group])


def test_every_path_can_be_read(kind):
    assert [] == [path for one in kind.catalogue({}) for path in one.paths if not path.startswith("@") and paths.parse(path) == ()]


def test_its_preset_suits_its_catalogue(case, kind):
    ready = loader.load(case.kind)
    mapping = document.parse(ready.document)
    found = check.refusing(check.check(mapping, kind.catalogue({}), None))
    assert (case.kind, case.kind, []) == (ready.kind, mapping.source, found)


# --- what arrives -----------------------------------------------------------------------------------------------------------------


def test_what_it_signs_itself_it_takes(case, kind, new_id):
    accepted = arrive(case, kind, new_id)
    assert (1, ()) == (len(accepted.events) + len(accepted.notices), accepted.invalid)


@pytest.mark.parametrize("signed_with", ["another", None])
@pytest.mark.parametrize("case", [case for case in CASES if case.proves], ids=lambda case: case.kind)
def test_what_a_stranger_sends_is_refused_with_401(case, kind, new_id, signed_with):
    with pytest.raises(RequestRefused) as refused:
        arrive(case, kind, new_id, signed_with=signed_with)
    assert 401 == refused.value.status


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_an_odd_body_is_taken_kept_as_invalid_or_refused_but_never_breaks(case, kind, new_id, odd):
    status, items = outcome(case, kind, new_id, odd)
    assert items > 0 if status == 200 else 400 <= status < 500


def test_a_body_that_is_nested_too_deep_is_refused(case, kind, new_id):
    status, _ = outcome(case, kind, new_id, {**case.body, "more": json.loads("[" * 30 + "]" * 30)}, max_depth=9)
    assert 400 == status


def test_every_event_says_whose_it_is_what_and_when(case, kind, new_id):
    events = arrive(case, kind, new_id).events
    assert [("src-1", NOW, True, True)] * len(events) == [
        (one.source_id, one.received_at, bool(one.type), one.occurred_at <= NOW + timedelta(minutes=5)) for one in events
    ]


def test_an_event_is_told_from_others_by_its_entity_or_its_message(case, kind, new_id):
    assert [] == [one for one in arrive(case, kind, new_id).events if not one.entity_id and not one.message_id]


def test_a_repeat_is_known_by_the_same_key_and_facts(case, kind, new_id):
    first, again = ([known(kind, one) for one in arrive(case, kind, new_id).events] for _ in range(2))
    assert first == again


def test_a_revision_goes_with_an_entity(case, kind, new_id):
    assert [] == [one for one in arrive(case, kind, new_id).events if (one.entity_id is None) != (one.revision is None)]


def test_what_is_kept_parses_to_the_payload(case, kind, new_id):
    kept = [one for one in arrive(case, kind, new_id).events if one.body]
    assert [one.payload for one in kept] == [json.loads(one.body) for one in kept]


@pytest.mark.shows("P12")
@pytest.mark.parametrize("case", [case for case in CASES if case.carries], ids=lambda case: case.kind)
def test_a_secret_in_the_body_is_in_nothing_that_is_kept(case, kind, new_id):
    accepted = arrive(case, kind, new_id, {**case.body, case.carries: SECRET})
    kept = [one.payload for one in (*accepted.events, *accepted.notices)]
    bytes_kept = b"".join(one.body for one in (*accepted.events, *accepted.invalid))
    assert SECRET not in json.dumps(kept) + bytes_kept.decode()


# --- what is asked ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[case for case in CASES if case.kind not in ("gatehouse", "rudderstack")], ids=lambda case: case.kind)
def asked(request):
    return request.param


def test_a_source_that_is_asked_is_whole(asked):
    assert isinstance(registry.source(asked.kind), Pulling)


def test_it_pulls_something(asked):
    assert registry.source(asked.kind).streams({})


def test_every_stream_looks_back(asked):
    kind = registry.source(asked.kind)
    reaches = [kind.reach({}, stream) for stream in kind.streams({})]
    assert [] == [reach for reach in reaches if min(reach.lag, reach.overlap) < timedelta(0) or reach.first <= timedelta(0)]


async def test_without_credentials_it_says_which_are_missing(asked):
    async with httpx2.AsyncClient() as http:
        with pytest.raises(ConfigurationError, match="name"):
            registry.source(asked.kind).api(config(asked), http, VirtualClock(NOW))
