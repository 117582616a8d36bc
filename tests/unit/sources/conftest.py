import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig, SourceState

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def sample():
    """Read a sample by its path below tests/samples."""
    return lambda path: json.loads((SAMPLES / path).read_text("utf-8"))


@pytest.fixture
def sample_bytes():
    return lambda path: (SAMPLES / path).read_bytes()


@pytest.fixture
def new_id():
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


@pytest.fixture
def received_at():
    return datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@pytest.fixture
def livestorm_source():
    return SourceConfig("src-1", "webinars", "livestorm", SourceState.ON, {}, {"signing_secret": "example-signing-secret"})


@pytest.fixture
def rudder_source():
    return SourceConfig("src-2", "site", "rudderstack", SourceState.ON, {}, {"write_key": "key"})


@pytest.fixture
def post():
    """Build a POST; a body that is not bytes is written as JSON."""

    def build(path, body, headers=None, query=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Incoming("POST", path, headers or {}, query or {}, raw)

    return build
