import asyncio

import pytest
from sqlalchemy import insert, update

from crosswalk.store import configuration, tables
from crosswalk.store.configuration import ConfigurationCache, SyncState
from crosswalk.store.vault import Vault


@pytest.fixture
async def configured(database, clock, vault):
    now = clock.now()
    async with database.write() as tx:
        await tx.execute(
            insert(tables.connection),
            [{"id": "c", "name": "main", "org": "00D", "secret_ct": vault.seal({"password": "hunter2"}), "slots": 2, "created_at": now}],
        )
        await tx.execute(
            insert(tables.source),
            [
                {
                    "id": "s",
                    "name": "webinars",
                    "kind": "livestorm",
                    "settings": {"workspace": "w"},
                    "secret_ct": vault.seal({"token": "hunter3"}),
                    "hook_token_hmac": "h-new",
                    "previous_hook_token_hmac": "h-old",
                    "write_key_hmac": "w",
                    "created_at": now,
                }
            ],
        )
        await tx.execute(
            insert(tables.sync),
            [
                {"id": "y2", "name": "second", "connection_id": "c", "source_id": "s", "position": 2, "current_version": 1},
                {
                    "id": "y1",
                    "name": "first",
                    "connection_id": "c",
                    "source_id": "s",
                    "position": 1,
                    "current_version": 2,
                    "state": "paused",
                },
            ],
        )
        documents = [("y1", 1, {"events": ["old"]}), ("y1", 2, {"events": ["a", "b"]}), ("y2", 1, {})]
        await tx.execute(
            insert(tables.mapping_version),
            [{"sync_id": sync, "version": version, "document": document, "at": now} for sync, version, document in documents],
        )
    return database


async def load(database, vault, known=None):
    async with database.read() as tx:
        return await configuration.load(tx, vault, known)


async def test_sources_are_found_by_each_of_their_keys(configured, vault):
    loaded = await load(configured, vault)
    source = loaded.sources["s"]
    assert [
        loaded.source_of_hook("h-new"),
        loaded.source_of_hook("h-old"),
        loaded.source_of_write_key("w"),
        loaded.source_named("webinars"),
    ] == [source] * 4


async def test_an_unknown_key_finds_nothing(configured, vault):
    loaded = await load(configured, vault)
    assert (loaded.source_of_hook(""), loaded.source_of_write_key("x"), loaded.syncs_of("x")) == (None, None, ())


async def test_syncs_stand_in_their_order(configured, vault):
    loaded = await load(configured, vault)
    assert [sync.name for sync in loaded.syncs_of("s")] == [sync.name for sync in loaded.syncs_into("c")] == ["first", "second"]


async def test_a_sync_has_the_document_of_its_current_version(configured, vault):
    loaded = await load(configured, vault)
    assert (loaded.syncs["y1"].document, loaded.syncs["y1"].events) == ({"events": ["a", "b"]}, frozenset({"a", "b"}))


@pytest.mark.parametrize(
    ("state", "takes"), [(SyncState.ON, True), (SyncState.PAUSED, True), (SyncState.OFF, False), (SyncState.REMOVED, False)]
)
async def test_only_syncs_that_are_on_or_paused_take_events(configured, vault, state, takes):
    async with configured.write() as tx:
        await tx.execute(update(tables.sync).values(state=state.value))
    assert (await load(configured, vault)).syncs["y1"].takes("a") is takes


async def test_a_sync_without_event_types_takes_all(configured, vault):
    loaded = await load(configured, vault)
    assert (loaded.syncs["y2"].takes("anything"), loaded.syncs["y1"].takes("anything")) == (True, False)


async def test_secrets_are_opened(configured, vault):
    loaded = await load(configured, vault)
    assert (loaded.sources["s"].secrets, loaded.connections["c"].secrets) == ({"token": "hunter3"}, {"password": "hunter2"})


@pytest.mark.shows("P12")
async def test_secrets_do_not_show_in_a_representation(configured, vault):
    assert "hunter" not in repr(await load(configured, vault))


async def test_a_secret_whose_key_is_lost_counts_as_not_entered(configured):
    loaded = await load(configured, Vault.in_memory("another"))
    assert loaded.sources["s"].secrets == {}


async def test_documents_that_are_known_are_not_read_again(configured, vault):
    known = await load(configured, vault)
    async with configured.write() as tx:
        await tx.execute(tables.mapping_version.delete())
    assert (await load(configured, vault, known)).syncs["y1"].document == {"events": ["a", "b"]}


async def rename(database, name):
    async with database.write() as tx:
        await tx.execute(update(tables.source).values(name=name))


async def test_the_cache_is_read_again_after_a_second(configured, vault, clock):
    cache = ConfigurationCache(configured, vault, clock)
    names = []
    for seconds in (0, 0.5, 0.5):
        clock.advance(seconds)
        names.append((await cache.current()).sources["s"].name)
        await rename(configured, "renamed")
    assert names == ["webinars", "webinars", "renamed"]


async def test_a_forgotten_cache_is_read_again_at_once(configured, vault, clock):
    cache = ConfigurationCache(configured, vault, clock)
    await cache.current()
    await rename(configured, "renamed")
    cache.forget()
    assert (await cache.current()).source_named("renamed") is not None


async def test_all_who_ask_at_once_share_one_reading(configured, vault, clock):
    cache = ConfigurationCache(configured, vault, clock)
    first, *others = await asyncio.gather(*(cache.current() for _ in range(20)))
    assert all(other is first for other in others)


async def test_a_reading_that_was_broken_off_is_made_again(configured, vault, clock):
    cache = ConfigurationCache(configured, vault, clock)
    await cache.current()
    await rename(configured, "renamed")
    cache.forget()
    broken_off = asyncio.create_task(cache.current())
    await asyncio.sleep(0)
    broken_off.cancel()
    await asyncio.gather(broken_off, return_exceptions=True)
    assert (await cache.current()).source_named("renamed") is not None
