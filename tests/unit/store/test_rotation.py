import pytest
from sqlalchemy import LargeBinary, insert

from crosswalk.store import key_file, rotation, tables


@pytest.fixture
async def keys(tmp_path, database, clock):
    """Return the path of a key file whose vault has sealed a thousand events and a token."""
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
            for n in range(1_100)
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
    assert (resealed, sorted(vault.open(payload)["n"] for payload in payloads)) == (1_101, list(range(1_100)))


async def test_doing_it_again_finds_nothing(keys, database):
    vault = key_file.add_key(keys)
    await rotation.reseal(database, vault)
    assert await rotation.reseal(database, vault) == 0


def test_every_column_of_bytes_is_known_to_be_sealed():
    binary = {
        (table.name, column.name)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert {(table.name, column.name) for table, column in rotation.sealed_columns()} == binary
