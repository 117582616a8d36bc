"""`here` is a world; `webinar_sync` a Livestorm source with the preset in it; `desk` opens a sync for editing."""

import pytest
from tests.flow.conftest import here, open_world  # noqa: F401  # fixtures
from tests.world import preset

from crosswalk.editing import desk as desks
from crosswalk.editing import drift, samples, sheet
from crosswalk.mapping import drafts


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: what is stored is plain SQLAlchemy, and flow tests cover both."""
    return sqlite_url


@pytest.fixture
async def webinar_sync(here):  # noqa: F811
    """Return the id of a sync with the Livestorm preset."""
    here.source_id = await here.add_source("livestorm")
    return await here.add_sync(here.source_id, preset("livestorm"))


@pytest.fixture
def open_desk(here):  # noqa: F811
    """Return a function that opens a sync for editing."""

    async def opened(sync_id, *more):
        here.configuration.forget()
        return await desks.open_sync(here.engine, here.orgs, sync_id, *more)

    return opened


@pytest.fixture
def drawn(here, open_desk):  # noqa: F811
    """Return a function that draws a step of a draft as the page asks for it."""

    async def draw(sync_id, document=None, step=0, *, sees_people=True, whole=True):
        desk = await open_desk(sync_id, document or {})
        event = await samples.one(here.engine, desk, None)
        async with here.database.read() as tx:
            dead = await drift.dead(tx, desk)
        draft = drafts.read(drafts.normal(document or desk.sync.document) if whole else document)
        return sheet.sheet(desk, desk.saved, draft, event, step, dead, sees_people=sees_people)

    return draw
