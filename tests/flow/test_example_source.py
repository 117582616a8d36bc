"""The example of a third party's source, installed as a package: what its system posts stands in the org."""

import pytest
from tests import example_source

from crosswalk.errors import ConfigurationError
from crosswalk.presets import loader
from crosswalk.sources import registry

SCAN = {
    "scan": "s-1041",
    "at": "2026-03-04T08:14:03Z",
    "desk": "North entrance",
    "fair": {"id": "f-26", "name": "Pump Days"},
    "visitor": {"badge": "B-88121", "name": "Keller", "email": "ann@riverside.example", "company": "Riverside"},
    "answers": [{"question": "Budget", "text": "next year"}],
}


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory):
    with example_source.installed(tmp_path_factory.mktemp("example")):
        yield


@pytest.fixture
async def desk(here):
    """Return a source of the example with a sync of its preset."""
    source = await here.add_source("gatehouse")
    await here.add_sync(source, dict(loader.load("gatehouse").document))
    return source


async def test_a_scan_makes_a_lead(here, desk):
    await here.deliver(desk, SCAN)
    await here.drain()
    assert await here.records("SELECT LastName, Email, Company FROM Lead") == [
        {"LastName": "Keller", "Email": "ann@riverside.example", "Company": "Riverside"}
    ]


async def test_a_scan_makes_a_task_of_the_visitor(here, desk):
    (contact,) = await here.seed("Contact", {"LastName": "Keller", "Email": "ann@riverside.example"})
    await here.deliver(desk, SCAN)
    await here.drain()
    assert await here.records("SELECT Subject, Description, ActivityDate, Status, WhoId FROM Task") == [
        {
            "Subject": "Visited Pump Days",
            "Description": "Scanned at North entrance",
            "ActivityDate": "2026-03-04",
            "Status": "Completed",
            "WhoId": contact,
        }
    ]


@pytest.mark.shows("P2")
async def test_a_scan_that_comes_twice_counts_once(here, desk):
    for _ in range(2):
        await here.deliver(desk, SCAN)
        await here.drain()
    assert (1, 1) == (len(await here.records("SELECT Id FROM Lead")), len(await here.records("SELECT Id FROM Task")))


async def test_a_question_of_the_settings_can_be_mapped(here):
    mapping = dict(loader.load("gatehouse").document)
    mapping["steps"][2]["rows"][1]["entry"] = {"attribute": "answer.Budget"}
    source = await here.add_source("gatehouse", {"questions": ["Budget"]})
    await here.add_sync(source, mapping)
    await here.deliver(source, SCAN)
    await here.drain()
    assert await here.records("SELECT Description FROM Task") == [{"Description": "next year"}]


@pytest.fixture
def rival(tmp_path, monkeypatch):
    """Return a function that installs another package with the same kind or preset."""

    def installed(group, value):
        folder = tmp_path / "rival-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n", "utf-8")
        (folder / "entry_points.txt").write_text(f"[{group}]\ngatehouse = {value}\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        registry.sources.cache_clear()
        loader.packages.cache_clear()

    yield installed
    monkeypatch.undo()
    registry.sources.cache_clear()
    loader.packages.cache_clear()


def test_two_packages_with_one_kind_are_refused(rival):
    rival(registry.GROUP, "crosswalk_gatehouse:Gatehouse")
    with pytest.raises(ConfigurationError, match="Two packages bring a source of the kind 'gatehouse'"):
        registry.sources()


def test_two_packages_with_one_preset_are_refused(rival):
    rival(loader.GROUP, "rival")
    with pytest.raises(ConfigurationError, match="hold a preset 'gatehouse'"):
        loader.names()


def test_the_presets_of_packages_stand_beside_those_of_crosswalk():
    assert {"gatehouse", "livestorm"} <= set(loader.names())
