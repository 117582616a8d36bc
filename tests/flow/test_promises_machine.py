"""Random histories against one org: the invariants of P1 to P5 and P7 hold after every one of them.

With the unique key field and without it, in an org that people work in too, on SQLite and on PostgreSQL.
"""

import pytest
from hypothesis import HealthCheck, settings
from tests.flow.lived_in import LivedIn
from tests.flow.machine import Promises
from tests.plugin import LONG


def histories(ordinary, long):
    return settings(
        max_examples=long if LONG else ordinary,
        stateful_step_count=15 if LONG else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Keyless(Promises):
    """An org without the unique key field: the stated, degraded mode."""

    key_field = None


class OnPostgres(Promises):
    """The same on PostgreSQL."""


class LivedInOnPostgres(LivedIn):
    """Between the hands of people, on PostgreSQL."""


@pytest.fixture(scope="module")
def _postgres(postgres_session):
    LivedInOnPostgres.database_url = OnPostgres.database_url = postgres_session.render_as_string(hide_password=False)


TestWithKey = pytest.mark.shows("P1", "P2", "P3", "P4", "P5", "P7")(Promises.TestCase)
TestWithKey.settings = histories(200, 2_000)

TestWithoutKey = Keyless.TestCase
TestWithoutKey.settings = histories(20, 2_000)

TestLivedIn = LivedIn.TestCase
TestLivedIn.settings = histories(20, 2_000)

TestLivedInOnPostgres = pytest.mark.usefixtures("_postgres")(pytest.mark.long(LivedInOnPostgres.TestCase))
TestLivedInOnPostgres.settings = histories(1, 2_000)

TestOnPostgres = pytest.mark.usefixtures("_postgres")(OnPostgres.TestCase)
TestOnPostgres.settings = histories(10, 2_000)
