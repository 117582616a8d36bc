import pytest
from sqlalchemy import update

from crosswalk.inbox import deliveries, identity
from crosswalk.store import tables


async def lane_of(world, event):
    async with world.database.read() as tx:
        found = await tx.execute(
            tables.delivery.select().with_only_columns(tables.delivery.c.lane_id).where(tables.delivery.c.event_id == event.id)
        )
        return found.scalar_one()


async def lanes_of(world, *people):
    """Return the lane of one event for each person, received one after the other."""
    events = [world.event(person=person) for person in people]
    for event in events:
        await world.receive(event)
    return [await lane_of(world, event) for event in events]


async def learnt(world, person):
    event = world.event(person=person)
    async with world.database.read() as tx:
        return dict((await identity.strong_keys(tx, world.vault, [event])).get(event.id, {}))


async def test_two_spellings_of_an_email_are_one_lane(world):
    first, second = await lanes_of(world, {"email": "Ann@X.example "}, {"email": "ann@x.example"})
    assert first == second


async def test_a_user_id_follows_the_email_it_was_seen_with(world):
    first, second = await lanes_of(world, {"email": "ann@x.example", "user_id": "7"}, {"user_id": "7"})
    assert first == second


async def test_an_email_seen_with_a_known_user_id_joins_its_lane(world):
    first, second, third = await lanes_of(world, {"user_id": "7"}, {"user_id": "7", "email": "ann@x.example"}, {"email": "ann@x.example"})
    assert first == second == third


async def test_lanes_that_exist_are_never_merged(world):
    by_user, by_email, both, user_again = await lanes_of(
        world, {"user_id": "7"}, {"email": "ann@x.example"}, {"user_id": "7", "email": "ann@x.example"}, {"user_id": "7"}
    )
    assert (both, user_again) == (by_email, by_user)


async def test_the_best_known_key_decides_within_one_request_too(world):
    events = [
        world.event(person=person) for person in ({"user_id": "7"}, {"user_id": "7", "email": "a@x.example"}, {"email": "a@x.example"})
    ]
    await world.receive(*events)
    assert len({await lane_of(world, event) for event in events}) == 1


async def test_an_event_about_nobody_goes_to_the_lane_of_its_entity(world):
    events = [world.event(person={}, entity_id="session-1", message_id=None, payload={"n": n}) for n in range(2)]
    await world.receive(*events)
    assert len({await lane_of(world, event) for event in events}) == 1


async def test_events_about_nothing_have_lanes_of_their_own(world):
    first, second = await lanes_of(world, {}, {})
    assert first != second


async def test_a_synthetic_address_names_nobody(world):
    first, second = await lanes_of(world, {"email": "x1@unknown.livestorm.co"}, {"email": "x1@unknown.livestorm.co"})
    assert first != second


async def test_a_shared_device_does_not_fill_one_lane(world):
    people = [{"anonymous_id": "kiosk", "email": f"p{n}@x.example"} for n in range(identity.KEYS_PER_LANE + 20)]
    found = await lanes_of(world, *people)
    assert max(found.count(lane) for lane in found) == identity.KEYS_PER_LANE - 1


async def test_a_user_id_remembers_its_email(world):
    await world.receive(world.event(person={"user_id": "7", "email": "Ann@x.example"}))
    assert await learnt(world, {"user_id": "7"}) == {"email": "ann@x.example"}


async def test_what_an_event_carries_itself_is_not_told_again(world):
    await world.receive(world.event(person={"user_id": "7", "email": "ann@x.example"}))
    assert await learnt(world, {"user_id": "7", "email": "other@x.example"}) == {}


async def test_the_newest_email_of_a_user_id_counts_in_any_order(world, clock):
    new = world.event(person={"user_id": "7", "email": "new@x.example"}, occurred_at=clock.now())
    old = world.event(person={"user_id": "7", "email": "old@x.example"})
    await world.receive(new)
    await world.receive(old)
    assert await learnt(world, {"user_id": "7"}) == {"email": "new@x.example"}


async def test_an_anonymous_id_remembers_who_it_turned_out_to_be(world):
    await world.receive(world.event(person={"anonymous_id": "a", "user_id": "7", "email": "ann@x.example"}))
    assert await learnt(world, {"anonymous_id": "a"}) == {"user_id": "7", "email": "ann@x.example"}


async def test_an_anonymous_id_seen_with_two_people_remembers_neither(world):
    for name in ("ann", "bob", "ann"):
        await world.receive(world.event(person={"anonymous_id": "a", "email": f"{name}@x.example"}))
    assert await learnt(world, {"anonymous_id": "a"}) == {}


async def test_an_alias_joins_the_old_name_to_the_new(world):
    first, _, third = await lanes_of(
        world, {"email": "ann@x.example", "user_id": "new"}, {"user_id": "new", "previous_id": "old"}, {"user_id": "old"}
    )
    assert first == third


async def test_a_user_id_means_somebody_else_in_another_source(world):
    [first] = await lanes_of(world, {"user_id": "7"})
    other = world.event(person={"user_id": "7"}, source_id="src-2")
    assert identity.own_lane(identity.keys(other, world.vault)[0], world.vault) != first


async def test_learning_who_somebody_is_wakes_what_waited_for_it(world, clock, database):
    await world.receive(world.event(person={"user_id": "7"}))
    later = clock.now().replace(year=2027)
    async with database.write() as tx:
        await tx.execute(update(tables.delivery).values(reason="no_identity", due_at=later))
        await tx.execute(update(tables.lane).values(due_at=later))
    await world.receive(world.event(type="nobody-wants-it", person={"user_id": "7", "email": "ann@x.example"}))
    lease = await world.lease()
    async with database.read() as tx:
        assert len(await deliveries.due(tx, world.vault, lease, clock.now(), 500)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", " Ann@X.example ", "ann@x.example"),
        ("email", "not an address", None),
        ("email", "", None),
        ("user_id", " Id-7 ", "Id-7"),
        ("user_id", 7, "7"),
        ("phone", "+1 (555) 010-2", "15550102"),
        ("phone", "none", None),
    ],
)
def test_values_have_one_normal_form(kind, value, expected):
    assert identity.normalised(kind, value) == expected
