"""Random histories against one org: the invariants of P1 to P5, P7 to P10 and P12 hold after every one of them.

With the unique key field and without it, in an org of our own and in one that people work in too, on SQLite and on PostgreSQL. Each
kind is divided among the processes of the run. The ordinary run plays the same histories every time, the long one new ones.
"""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.flow.lived_in import LivedIn
from tests.flow.machine import Promises
from tests.plugin import LONG

MANY, SOME = (2_000, 1_000) if LONG else (200, 10)
ON_POSTGRES = (2_000, 1_000) if LONG else (6, 2)
SHARE = 250 if LONG else 50
STEPS = 15 if LONG else 10
KINDS = [
    ("sqlite", LivedIn, True, MANY),
    ("sqlite", LivedIn, False, SOME),
    ("sqlite", Promises, True, SOME),
    ("postgres", LivedIn, True, ON_POSTGRES[0]),
    ("postgres", LivedIn, False, ON_POSTGRES[1]),
    ("postgres", Promises, True, ON_POSTGRES[1]),
]
SHARES = [
    pytest.param(
        kind, machine, keyed, min(histories, SHARE), part, id=f"{kind}-{machine.__name__}-{'with' if keyed else 'without'} key-{part}"
    )
    for kind, machine, keyed, histories in KINDS
    for part in range(-(-histories // SHARE))
]


@pytest.mark.shows("P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9", "P10", "P12")
@pytest.mark.parametrize(("kind", "machine", "keyed", "histories", "part"), SHARES)
def test_the_promises_hold_after_every_history(kind, machine, keyed, histories, part, request):
    url = request.getfixturevalue("postgres_session").render_as_string(hide_password=False) if kind == "postgres" else None
    overrides = {"database_url": url, **({} if keyed else {"key_field": None})}
    within = settings(
        max_examples=histories, database=None, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    made = type(machine.__name__, (machine,), overrides)
    run_state_machine_as_test(made if LONG else seed(part)(made), settings=within)
