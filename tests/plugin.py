"""Pytest plugin of the suite: which rows a test shows, and which run a test belongs to.

`make test` leaves out the browser, networks that are cut, and on PostgreSQL what the database does not decide; `make test-more` runs just
that, the project's CI runs both, and the long suite runs everything.
"""

import os
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder without a disk, where the platform has one
if MEMORY.is_dir():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
LONG = bool(os.environ.get("CROSSWALK_LONG"))
MORE = bool(os.environ.get("CROSSWALK_MORE"))
DECIDED_BY_THE_DATABASE = (
    *(f"flow/test_p{number}_" for number in (1, 2, 3, 4, 5, 7, 10)),
    "flow/test_promises_machine",
    "unit/inbox/",
    "unit/store/",
    "contract/test_database",
    "migrations/",
    "crash/",
)
SLOW = ("browser/", "crash/test_cut_networks")


def pytest_collection_modifyitems(config, items):
    """Leave out what belongs to another run."""
    if LONG:
        return
    kept = [item for item in items if not item.get_closest_marker("long") and _is_more(item) == MORE]
    chosen = set(kept)
    left = [item for item in items if item not in chosen]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _is_more(item):
    """Tell whether a test is left to `make test-more`."""
    place = item.path.relative_to(Path(__file__).parent).as_posix()
    on_postgres = "postgres" in getattr(getattr(item, "callspec", None), "params", {}).values()
    return place.startswith(SLOW) or (on_postgres and not place.startswith(DECIDED_BY_THE_DATABASE))


@pytest.fixture(scope="session")
def examples():
    """How many examples a property gets: (ordinary, long) → the one in force."""
    return lambda ordinary, long: long if LONG else ordinary
