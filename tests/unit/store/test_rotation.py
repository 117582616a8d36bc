import pytest
from sqlalchemy import LargeBinary, insert

from crosswalk.errors import ConfigurationError
from crosswalk.store import key_file, rotation, tables
from crosswalk.store.vault import Vault


@pytest.fixture
async def keys(tmp_path, database, clock):
    """Return the path of a key file whose vault has sealed six hundred events and a token."""
    path = tmp_path / "keys.json"
    vault = key_file.read_or_create(path, tmp_path / "data")
    now = clock.now()
    async with database.write() as tx:
        rows = [
            {
                "id": f"{n:04d}",
                "source_id": "s",
                "message_key": str(n),
                "type": "x",
                "occurred_at": now,
                "received_at": now,
                "status": "unrouted",
                "payload_ct": vault.seal({"n": n}),
            }
            for n in range(600)
        ]
        await tx.execute(insert(tables.event), rows)
        sealed = {"source_id": "s", "kind": "user_id", "value_hmac": "h", "lane_key": "l", "strong_keys_ct": vault.seal({})}
        await tx.execute(insert(tables.identity), [sealed])
    return path


async def test_everything_opens_with_the_newest_key_alone(keys, database):
    resealed = await rotation.reseal(database, key_file.add_key(keys))
    vault = key_file.drop_old_keys(keys)
    async with database.read() as tx:
        payloads = (await tx.scalars(tables.event.select().with_only_columns(tables.event.c.payload_ct))).all()
    assert (resealed.values, sorted(vault.open(payload)["n"] for payload in payloads)) == (601, list(range(600)))


async def test_doing_it_again_finds_nothing(keys, database):
    vault = key_file.add_key(keys)
    await rotation.reseal(database, vault)
    assert rotation.Resealed(0, 0) == await rotation.reseal(database, vault)


class Beside:
    """Another process with a vault of its own, which stores a value whenever the rotation waits."""

    def __init__(self, database, path, clock, times=1):
        self.database, self.vault, self.clock, self.times = database, key_file.read(path), clock, times

    async def works(self, seconds):
        self.clock.advance(seconds)
        if self.times:
            self.times -= 1
            await self.store(f"beside-{self.times}", self.vault.seal({"n": 0}))

    async def store(self, name, sealed):
        row = {"source_id": "s", "kind": "user_id", "value_hmac": name, "lane_key": "l", "strong_keys_ct": sealed}
        async with self.database.write() as tx:
            await tx.execute(insert(tables.identity), [row])

    async def opened(self):
        async with self.database.read() as tx:
            return [self.vault.open(one) for one in await tx.scalars(tables.identity.select().with_only_columns(IDENTITY))]


IDENTITY = tables.identity.c.strong_keys_ct


@pytest.fixture
def beside(keys, database, clock):
    return Beside(database, keys, clock)


@pytest.mark.shows("BX-35")
async def test_keys_are_rotated_while_another_process_works(keys, database, beside):
    await rotation.rotate(database, keys, beside.works, 30)
    assert (1, 2) == (key_file.number_of_keys(keys), len(await beside.opened()))


async def test_a_value_that_was_still_on_its_way_under_the_old_key_is_sealed_anew(keys, database, beside):
    late = beside.vault.seal({"late": True})

    async def arrives(seconds):
        if late not in stored:
            stored.append(late)
            await beside.store("late", late)

    stored = []
    await rotation.rotate(database, keys, arrives, 30)
    assert {"late": True} in await beside.opened()


async def test_an_interrupted_rotation_goes_on_with_the_key_it_began_with(keys, database, beside):
    class Died(BaseException):
        pass

    async def dies(seconds):
        raise Died

    with pytest.raises(Died):
        await rotation.rotate(database, keys, dies, 30)
    begun = key_file.number_of_keys(keys), repr(key_file.read(keys))
    await rotation.rotate(database, keys, beside.works, 30)
    assert ((2, repr(key_file.read(keys))), 1) == (begun, key_file.number_of_keys(keys))


async def test_on_several_machines_the_new_key_opens_everywhere_before_it_seals_anywhere(keys, database, beside):
    key_file.announce_key(keys)
    before = repr(key_file.read(keys))
    key_file.use_announced_key(keys)
    await rotation.finish(database, keys, key_file.read(keys), beside.works, 30)
    assert (True, 1, 2) == (before != repr(key_file.read(keys)), key_file.number_of_keys(keys), len(await beside.opened()))


async def test_old_keys_stay_while_somebody_goes_on_sealing_with_them(keys, database, beside):
    old, number = key_file.read(keys).seal({}), 0

    async def stubborn(seconds):
        nonlocal number
        number += 1
        await beside.store(f"old-{number}", old)

    with pytest.raises(ConfigurationError, match="copy the key file"):
        await rotation.rotate(database, keys, stubborn, 30)
    assert 2 == key_file.number_of_keys(keys)


async def test_values_whose_key_is_lost_are_counted_and_stop_nothing(keys, database, beside):
    await beside.store("lost", Vault.in_memory("lost").seal({}))
    done = await rotation.rotate(database, keys, beside.works, 30)
    assert (1, 1) == (done.lost, await rotation.lost(database, key_file.read(keys)))


def test_every_column_of_bytes_is_known_to_be_sealed():
    binary = {
        (table.name, column.name)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert {(table.name, column.name) for table, column in rotation.sealed_columns()} == binary
