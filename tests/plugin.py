"""Pytest plugin of the suite: which rows a test shows, and which run a test belongs to.

`make test` holds what every change may break: the units, the promises, the local org. `make test-more` holds the rest: the browser, the
systems one by one, jobs and pages, and on PostgreSQL what the database does not decide. The project's CI runs both, the long suite all.
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
    *(f"flow/test_p{number}_" for number in (1, 2, 3)),
    "flow/test_promises_machine",
    "unit/inbox/",
    "unit/store/",
    "contract/test_database",
    "migrations/",
    "crash/",
)
SLOW = ("browser/", "crash/test_cut_networks", "docs/test_tutorial")
ALWAYS_IN_THE_FLOW = (  # the promises and what the engine does; the systems, the jobs and the pages are looked at by `make test-more`
    "flow/test_p",
    "flow/test_budget_shared",
    "flow/test_calls_for_a_thousand_people",
    "flow/test_cli_commands",
    "flow/test_cli_serve",
    "flow/test_demo_figures",
    "flow/test_drift.py",
    "flow/test_duplicate_rules",
    "flow/test_error_table.py",
    "flow/test_explain",
    "flow/test_forgetting",
    "flow/test_livestorm_rows",
    "flow/test_rudderstack_rows",
    "flow/test_sdks.py",
    "flow/test_secrets",
    "flow/test_unreadable_content",
)
NOT_PROMISES = ("flow/test_provisioning", "flow/test_pull")


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
    if place.startswith(SLOW + NOT_PROMISES) or (place.startswith("flow/") and not place.startswith(ALWAYS_IN_THE_FLOW)):
        return True
    on_postgres = "postgres" in getattr(getattr(item, "callspec", None), "params", {}).values()
    return on_postgres and not place.startswith(DECIDED_BY_THE_DATABASE)


@pytest.fixture(scope="session")
def examples():
    """How many examples a property gets: (ordinary, long) → the one in force."""
    return lambda ordinary, long: long if LONG else ordinary
