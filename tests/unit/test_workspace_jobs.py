"""The jobs of a source in the workspace file: applied, left alone, exported, refused."""

import pytest
import yaml

from crosswalk import workspace
from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.workspace import WorkspaceError

ENVIRONMENT = {
    "LS_SECRET": "ls-secret-1",
    "RS_KEY": "rs-secret-1",
    "WEBINARS_SIGNING_SECRET": "ls-secret-1",
    "WEBINARS_HOOK_TOKEN": "t" * 40,
}
JOBS = {"periodic": {"every_hours": 6, "window_hours": 12}, "daily": {"state": "off", "hour": 5, "zone": "Europe/Paris"}}


@pytest.fixture
def database_url(sqlite_url):
    """Return a SQLite database: what is stored here is stored by the same statements as everything else."""
    return sqlite_url


def text(jobs=None, kind="livestorm"):
    secrets = {"livestorm": {"signing_secret": "${LS_SECRET}"}, "rudderstack": {"write_key": "${RS_KEY}"}}[kind]
    source = {"name": "webinars", "kind": kind, "secrets": secrets, **({"jobs": jobs} if jobs else {})}
    return yaml.safe_dump({"sources": [source]})


@pytest.fixture
def apply(database, vault, clock, ids):
    async def run(wanted):
        async with database.write() as tx:
            return await workspace.apply(tx, vault, clock, ids, workspace.parse(wanted, ENVIRONMENT), "test")

    return run


@pytest.fixture
def stored(database):
    async def read():
        async with database.read() as tx:
            (found,) = (await schedules.stored(tx)).values()
            return found

    return read


async def test_a_job_of_the_file_is_switched_on_with_its_next_start(apply, stored, clock):
    await apply(text(JOBS))
    periodic = (await stored())[JobKind.PERIODIC]
    assert (True, 6, 12, True) == (periodic.is_on, periodic.every_hours, periodic.window_hours, periodic.next_at > clock.now())


async def test_a_job_that_is_off_has_no_next_start(apply, stored):
    await apply(text(JOBS))
    daily = (await stored())[JobKind.DAILY]
    assert (False, 5, "Europe/Paris", None) == (daily.is_on, daily.hour, daily.zone, daily.next_at)


async def test_what_the_file_does_not_mention_stays(apply, stored):
    await apply(text(JOBS))
    await apply(text({"daily": {"hour": 7}}))
    found = await stored()
    assert (6, 7, "UTC") == (found[JobKind.PERIODIC].every_hours, found[JobKind.DAILY].hour, found[JobKind.DAILY].zone)


async def test_applying_again_changes_nothing(apply):
    await apply(text(JOBS))
    again = await apply(text(JOBS))
    assert {"keep"} == {difference.action.value for difference in again.differences if difference.kind == "job"}


async def test_what_changes_is_shown_first(apply):
    await apply(text(JOBS))
    changed = await apply(text({"daily": {"state": "on", "hour": 5, "zone": "Europe/Paris"}}))
    (difference,) = [one for one in changed.differences if one.kind == "job"]
    assert ("webinars/daily", ("state",)) == (difference.name, difference.changed)


async def test_what_is_exported_can_be_applied_and_changes_nothing(apply, database, vault):
    await apply(text(JOBS))
    async with database.read() as tx:
        exported = await workspace.export(tx, vault)
    again = await apply(exported)
    assert (yaml.safe_load(exported)["sources"][0]["jobs"]["periodic"], {"keep"}) == (
        {"state": "on", "every_hours": 6, "window_hours": 12},
        {difference.action.value for difference in again.differences if difference.kind == "job"},
    )


@pytest.mark.parametrize(
    ("jobs", "kind", "code"),
    [
        ({"periodic": {"every_hours": 5}}, "livestorm", "bad_job"),
        ({"daily": {"hour": 24}}, "livestorm", "bad_job"),
        ({"daily": {"zone": "Paris"}}, "livestorm", "bad_job"),
        ({"periodic": {"window_hours": 1}}, "livestorm", "bad_job"),
        ({"periodic": {}}, "rudderstack", "no_jobs"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_its_place(apply, jobs, kind, code):
    with pytest.raises(WorkspaceError) as refused:
        await apply(text(jobs, kind))
    (problem,) = refused.value.problems
    assert (code, f"sources[0].jobs.{next(iter(jobs))}") == (problem.code, problem.place)
