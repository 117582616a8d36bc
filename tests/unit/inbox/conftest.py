"""The small configured world of the inbox."""

from tests.inbox_world import world  # noqa: F401 - pytest finds the fixture here
