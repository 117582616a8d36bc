"""Pytest plugin of the suite: which rows a test shows, and which tests run only in the long suite.

An ordinary run tries on PostgreSQL what the database decides: the promises, the inbox, the store, migrations and crashes. Everything else
runs there in the long suite, and in `make test-postgres`, which the project's CI runs as well.
"""

import os
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder without a disk, where the platform has one
if MEMORY.is_dir():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
LONG = bool(os.environ.get("CROSSWALK_LONG"))
REST_ON_POSTGRES = bool(os.environ.get("CROSSWALK_REST_ON_POSTGRES"))
DECIDED_BY_THE_DATABASE = (
    "flow/test_p",
    "flow/test_budget_shared",
    "unit/inbox/",
    "unit/store/",
    "contract/test_database",
    "migrations/",
    "crash/",
)
PULLS = "flow/test_pull"


def pytest_collection_modifyitems(config, items):
    """Leave out what belongs to another run."""
    if LONG:
        return
    kept = [item for item in items if not item.get_closest_marker("long") and _rests(item) == REST_ON_POSTGRES]
    chosen = set(kept)
    left = [item for item in items if item not in chosen]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _rests(item):
    """Tell whether a test runs on PostgreSQL although the database decides nothing in it."""
    on_postgres = "postgres" in getattr(getattr(item, "callspec", None), "params", {}).values()
    place = item.path.relative_to(Path(__file__).parent).as_posix()
    return on_postgres and (PULLS in place or not place.startswith(DECIDED_BY_THE_DATABASE))


@pytest.fixture(scope="session")
def examples():
    """How many examples a property gets: (ordinary, long) → the one in force."""
    return lambda ordinary, long: long if LONG else ordinary
