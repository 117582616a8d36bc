"""Pytest plugin of the suite: which rows a test shows, and which tests run only in the long suite."""

import os
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder without a disk, where the platform has one
if MEMORY.is_dir():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
LONG = bool(os.environ.get("CROSSWALK_LONG"))


def pytest_collection_modifyitems(config, items):
    """Leave tests marked `long` out of the ordinary run."""
    if LONG:
        return
    kept = [item for item in items if not item.get_closest_marker("long")]
    left = [item for item in items if item.get_closest_marker("long")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture(scope="session")
def examples():
    """How many examples a property gets: (ordinary, long) → the one in force."""
    return lambda ordinary, long: long if LONG else ordinary
