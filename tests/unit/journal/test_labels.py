"""Objects and fields are called as the org was last seen to call them; what was never described keeps its name."""

import pytest

from crosswalk.journal import labels
from crosswalk.store import tables

KEPT = {"name": "Chat_Transcript__c", "label": "Chat Transcript", "fields": [{"name": "Agent_Name__c", "label": "Agent Name"}]}


@pytest.fixture
async def described(database, clock):
    async with database.write() as tx:
        await tx.execute(tables.connection.insert().values(id="conn", name="Harbor Supply", created_at=clock.now(), settings={}))
        row = {"connection_id": "conn", "object": "chat_transcript__c", "document": KEPT, "hash": "h", "at": clock.now()}
        await tx.execute(tables.describe_cache.insert().values(row))
        await tx.execute(tables.describe_cache.insert().values({**row, "object": "gone__c", "document": None}))
    return database


@pytest.mark.parametrize("read", [labels.of_objects, labels.of_fields])
async def test_an_object_has_its_label_and_an_unknown_one_its_name(described, read):
    async with described.read() as tx:
        found = await read(tx, "conn", ["Chat_Transcript__c", "Gone__c", "Lead"])
    assert [found.object(name) for name in ("Chat_Transcript__c", "Gone__c", "Lead")] == ["Chat Transcript", "Gone__c", "Lead"]


async def test_a_field_has_its_label_and_an_unknown_one_its_name(described):
    async with described.read() as tx:
        found = await labels.of_fields(tx, "conn", ["chat_transcript__c"])
    assert [found.field("Chat_Transcript__c", name) for name in ("agent_name__c", "Skill__c")] == ["Agent Name", "Skill__c"]
