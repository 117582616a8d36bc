import json
from datetime import timedelta

import pytest
import yaml
from sqlalchemy import select, update

from crosswalk import workspace
from crosswalk.sources import addresses
from crosswalk.store import configuration, tables
from crosswalk.store.database import Database
from crosswalk.workspace import Action, WorkspaceError, state

ENVIRONMENT = {
    "SF_PASSWORD": "sf-secret-1",
    "SF_TOKEN": "sf-secret-2",
    "LS_SECRET": "ls-secret-1",
    "RS_KEY": "rs-secret-1",
    "HOOK": "hook-secret-1",
}
ORG = "00D000000000001EAA"


@pytest.fixture
def data():
    """Return a workspace as plain data, to be changed at will."""
    return {
        "connections": [
            {
                "name": "production",
                "settings": {"login": "password", "username": "sync@northwind.example"},
                "secrets": {"password": "${SF_PASSWORD}", "security_token": "${SF_TOKEN}"},
                "org": ORG,
            }
        ],
        "sources": [
            {"name": "webinars", "kind": "livestorm", "secrets": {"signing_secret": "${LS_SECRET}"}},
            {"name": "site", "kind": "rudderstack", "secrets": {"write_key": "${RS_KEY}"}},
        ],
        "syncs": [
            {
                "name": "people",
                "connection": "production",
                "source": "webinars",
                "preset": "livestorm",
                "campaigns": {"*": "701000000000001AAA"},
            },
            {"name": "site people", "connection": "production", "source": "site", "preset": "rudderstack"},
        ],
    }


@pytest.fixture
def apply(database, vault, clock, ids):
    """Apply plain data, or a YAML text."""

    async def run(wanted, environment=ENVIRONMENT):
        text = wanted if isinstance(wanted, str) else yaml.safe_dump(wanted)
        async with database.write() as tx:
            return await workspace.apply(tx, vault, clock, ids, workspace.parse(text, environment), "test")

    return run


@pytest.fixture
def plan(database, vault):
    async def run(wanted):
        async with database.read() as tx:
            return workspace.diff(workspace.parse(yaml.safe_dump(wanted), ENVIRONMENT), await state.read(tx, vault))

    return run


@pytest.fixture
def stored(database, vault):
    async def run():
        async with database.read() as tx:
            return await configuration.load(tx, vault)

    return run


@pytest.fixture
def rows(database):
    async def read(table):
        async with database.read() as tx:
            return (await tx.execute(select(table))).all()

    return read


@pytest.fixture
def exported(database, vault):
    async def run():
        async with database.read() as tx:
            return await workspace.export(tx, vault)

    return run


async def test_applying_makes_everything_of_the_file(apply, data, stored):
    await apply(data)
    found = await stored()
    assert [sorted(one.name for one in group.values()) for group in (found.connections, found.sources, found.syncs)] == [
        ["production"],
        ["site", "webinars"],
        ["people", "site people"],
    ]


async def test_a_preset_sync_has_its_default_mapping_at_once(apply, data, stored):
    await apply(data)
    sync = next(sync for sync in (await stored()).syncs.values() if sync.name == "people")
    assert [step["object"] for step in sync.document["steps"]] == ["Lead", "Contact", "CampaignMember"]


async def test_the_order_of_the_file_is_the_order_of_syncs(apply, data, stored):
    await apply(data)
    assert [(sync.name, sync.position) for sync in (await stored()).syncs.values()] == [("people", 0), ("site people", 1)]


async def test_secrets_are_sealed_and_found_again(apply, data, stored):
    await apply(data)
    assert (await stored()).source_named("site").secrets == {"write_key": "rs-secret-1"}


async def test_a_source_is_found_by_its_write_key(apply, data, stored, vault):
    await apply(data)
    assert (await stored()).source_of_write_key(addresses.write_key_hmac(vault, "rs-secret-1")).name == "site"


async def test_a_source_without_a_token_gets_one(apply, data, stored, vault):
    applied = await apply(data)
    token = applied.hooks["webinars"].rpartition("/")[2]
    assert ((await stored()).source_of_hook(addresses.hook_hmac(vault, token)).name, len(token)) == ("webinars", 64)


async def test_a_made_up_token_is_kept(apply, data):
    first = await apply(data)
    second = await apply(data)
    assert first.hooks == second.hooks


async def test_an_old_token_is_valid_beside_the_new_one(apply, data, stored, vault):
    before = (await apply(data)).hooks["webinars"].rpartition("/")[2]
    data["sources"][0]["hook_token"] = "${HOOK}"
    await apply(data)
    found = await stored()
    assert [found.source_of_hook(addresses.hook_hmac(vault, token)).name for token in (before, "hook-secret-1")] == ["webinars"] * 2


async def test_applying_twice_changes_nothing(apply, data, rows):
    await apply(data)
    audits, versions = await rows(tables.audit), await rows(tables.mapping_version)
    second = await apply(data)
    assert ({difference.action for difference in second.differences}, await rows(tables.audit), await rows(tables.mapping_version)) == (
        {Action.KEEP},
        audits,
        versions,
    )


async def test_a_changed_document_is_a_new_version(apply, data, rows):
    await apply(data)
    data["syncs"][0]["override"] = {"person": {"create": "Contact"}}
    await apply(data)
    assert sorted((row.version, row.author) for row in await rows(tables.mapping_version)) == [(1, "test"), (1, "test"), (2, "test")]


async def test_a_paused_sync_keeps_its_version(apply, data, stored):
    await apply(data)
    data["syncs"][0]["state"] = "paused"
    await apply(data)
    sync = next(sync for sync in (await stored()).syncs.values() if sync.name == "people")
    assert (sync.state, sync.version) == ("paused", 1)


async def test_what_the_file_does_not_mention_stays(apply, data, stored):
    await apply(data)
    applied = await apply({"syncs": []})
    assert ({difference.action for difference in applied.differences}, len((await stored()).syncs)) == ({Action.LEAVE}, 2)


async def test_every_change_is_audited_with_before_and_after(apply, data, rows):
    await apply(data)
    data["sources"][0]["state"] = "off"
    await apply(data)
    last = (await rows(tables.audit))[-1]
    assert (last.actor, last.action, last.subject, last.before["state"], last.after["state"]) == (
        "test",
        "source.change",
        "webinars",
        "on",
        "off",
    )


async def test_no_secret_is_in_audit_or_export(apply, data, rows, exported):
    await apply(data)
    written = json.dumps([list(map(str, row)) for row in await rows(tables.audit)]) + await exported()
    assert [secret for secret in ENVIRONMENT.values() if secret in written] == []


async def test_a_changed_secret_is_told_by_its_name(apply, data, plan):
    await apply(data, {**ENVIRONMENT, "LS_SECRET": "older"})
    changed = next(difference for difference in (await plan(data)).differences if difference.action is Action.CHANGE)
    assert (changed.name, changed.changed) == ("webinars", ("signing_secret",))


async def test_secrets_may_be_left_out_once_they_are_stored(apply, data, plan):
    await apply(data)
    for part in (*data["connections"], *data["sources"]):
        del part["secrets"]
    assert (await plan(data)).is_empty


async def test_a_new_password_makes_the_stored_token_void(apply, data, database, vault, stored, rows):
    await apply(data)
    (connection_id,) = (await stored()).connections
    async with database.write() as tx:
        await tx.execute(tables.token.insert(), [{"connection_id": connection_id, "token_ct": vault.seal({}), "version": 3}])
    await apply(data, {**ENVIRONMENT, "SF_PASSWORD": "new"})
    assert [(row.token_ct, row.version) for row in await rows(tables.token)] == [(None, 4)]


# --- campaigns ----------------------------------------------------------------------------------------------------------------------


async def test_a_campaign_is_bound_for_source_and_connection(apply, data, rows):
    await apply(data)
    assert [(row.group_id, row.campaign_id) for row in await rows(tables.campaign_binding)] == [("*", "701000000000001AAA")]


async def test_a_binding_can_be_moved_and_taken_away(apply, data, rows):
    await apply(data)
    data["syncs"][0]["campaigns"] = {"*": None, "session-1": "701000000000002"}
    await apply(data)
    assert [(row.group_id, row.campaign_id) for row in await rows(tables.campaign_binding)] == [("session-1", "701000000000002AAA")]


async def test_the_org_a_login_found_is_kept(apply, data, database, stored):
    del data["connections"][0]["org"]
    await apply(data)
    async with database.write() as tx:
        await tx.execute(update(tables.connection).values(org=ORG))
    data["connections"][0]["reserve"] = 5
    await apply(data)
    assert [connection.org for connection in (await stored()).connections.values()] == [ORG]


# --- what cannot be applied ---------------------------------------------------------------------------------------------------------


def _set(path, value):
    def change(data):
        *way, last = path
        for step in way:
            data = data[step]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        (_set(("syncs", 0, "connection"), "elsewhere"), "syncs[0].connection", "unknown_connection"),
        (_set(("syncs", 0, "source"), "elsewhere"), "syncs[0].source", "unknown_source"),
        (_set(("syncs", 0, "source"), "site"), "syncs[0].source", "wrong_source"),
        (_set(("syncs", 0, "preset"), "zoomy"), "syncs[0].preset", "unknown_preset"),
        (_set(("syncs", 0, "options"), ["wide"]), "syncs[0].preset", "unknown_preset"),
        (_set(("syncs", 0, "override"), {"rows": {"case": []}}), "syncs[0].preset", "unknown_preset"),
        (_set(("syncs", 0, "override"), {"person": {"create": "Martian"}}), "syncs[0].preset.person.create", "no_person_step"),
        (_set(("syncs", 0, "override"), {"person": {"creat": "Lead"}}), "syncs[0].preset.person.creat", "unknown_key"),
        (_set(("sources", 0, "secrets"), {}), "sources[0].secrets.signing_secret", "missing"),
        (_set(("sources", 1, "secrets"), {}), "sources[1].secrets.write_key", "missing"),
        (_set(("connections", 0, "secrets"), {}), "connections[0].secrets.password", "missing"),
        (
            lambda data: data["sources"].append({**data["sources"][1], "name": "other"}),
            "sources[2].secrets.write_key",
            "write_key_twice",
        ),
        (
            lambda data: data["sources"].extend({**data["sources"][0], "name": name, "hook_token": "${HOOK}"} for name in ("one", "other")),
            "sources[3].hook_token",
            "hook_token_twice",
        ),
        (
            lambda data: data["syncs"].append({**data["syncs"][0], "name": "other", "campaigns": {"*": "701000000000009"}}),
            "syncs[2].campaigns.*",
            "bound_twice",
        ),
    ],
)
async def test_a_reason_not_to_apply_is_told_with_its_place(change, place, code, apply, data):
    change(data)
    with pytest.raises(WorkspaceError) as caught:
        await apply(data)
    assert {problem.place: problem.code for problem in caught.value.problems}.get(place) == code


async def test_nothing_is_written_when_something_is_wrong(apply, data, rows):
    data["syncs"][1]["preset"] = "zoomy"
    with pytest.raises(WorkspaceError):
        await apply(data)
    assert (await rows(tables.source), await rows(tables.audit)) == ([], [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set(("sources", 0), {"name": "webinars", "kind": "rudderstack", "secrets": {"write_key": "${HOOK}"}}), "other_kind"),
        (_set(("connections", 0, "org"), "00D000000000002"), "other_org"),
        (_set(("syncs", 0, "source"), "more"), "other_ends"),
    ],
)
async def test_what_history_hangs_on_cannot_be_changed(change, code, apply, data):
    data["sources"].append({**data["sources"][0], "name": "more"})
    await apply(data)
    change(data)
    with pytest.raises(WorkspaceError) as caught:
        await apply(data)
    assert code in {problem.code for problem in caught.value.problems}


@pytest.mark.shows("RS-04", "RS-26")
@pytest.mark.parametrize(("secret", "said"), [("password", "without the security token"), ("security_token", "Reset My Security Token")])
async def test_a_secret_that_a_login_lacks_is_named_with_where_to_find_it(apply, data, secret, said):
    del data["connections"][0]["secrets"][secret]
    with pytest.raises(WorkspaceError) as caught:
        await apply(data)
    assert [(f"connections[0].secrets.{secret}", True)] == [(problem.place, said in problem.sentence) for problem in caught.value.problems]


async def test_an_unsigned_source_needs_no_secret(apply, data, stored):
    data["sources"][0] |= {"settings": {"unsigned": True}, "secrets": {}}
    await apply(data)
    assert set((await stored()).source_named("webinars").secrets) == {"hook_token"}


# --- documents and export -----------------------------------------------------------------------------------------------------------


async def test_an_override_replaces_the_row_of_its_field(apply, data, stored):
    row = {"field": "Company", "entry": {"value": "Northwind"}, "update": "overwrite"}
    data["syncs"][1]["override"] = {"rows": {"lead": [row]}}
    await apply(data)
    lead = next(sync for sync in (await stored()).syncs.values() if sync.name == "site people").document["steps"][0]
    assert [found["entry"] for found in lead["rows"] if found.get("field") == "Company"] == [{"value": "Northwind"}]


async def test_an_override_changes_opt_in_and_events(apply, data, stored):
    data["syncs"][1]["override"] = {"opt_in": {"mode": "server"}, "events": ["identify", "track"]}
    await apply(data)
    sync = next(sync for sync in (await stored()).syncs.values() if sync.name == "site people")
    assert (sync.document["opt_in"], sync.events) == ({"mode": "server"}, {"identify", "track"})


async def test_a_mapping_that_is_a_preset_is_exported_as_one(apply, data, exported):
    await apply(data)
    assert [sync.get("preset") for sync in yaml.safe_load(await exported())["syncs"]] == ["livestorm", "rudderstack"]


async def test_another_mapping_is_exported_whole(apply, data, exported):
    data["syncs"][1]["override"] = {"opt_in": {"mode": "server"}}
    await apply(data)
    assert "document" in yaml.safe_load(await exported())["syncs"][1]


@pytest.fixture
async def elsewhere(sqlite_template, tmp_path, clock):
    path = tmp_path / "elsewhere.db"
    path.write_bytes(sqlite_template)
    database = await Database.open(f"sqlite+aiosqlite:///{path}", clock)
    yield database
    await database.close()


@pytest.mark.shows("BX-33")
async def test_export_applied_elsewhere_exports_the_same(apply, data, exported, elsewhere, vault, clock, ids):
    data["syncs"][1] |= {"options": ["present_tables"], "state": "paused"}
    data["syncs"].append({**data["syncs"][0], "name": "more", "override": {"person": {"create": "Contact"}}})
    await apply(data)
    text = await exported()
    variables = {
        "PRODUCTION_PASSWORD": "a",
        "PRODUCTION_SECURITY_TOKEN": "b",
        "WEBINARS_SIGNING_SECRET": "c",
        "WEBINARS_HOOK_TOKEN": "d",
        "SITE_WRITE_KEY": "e",
    }
    async with elsewhere.write() as tx:
        await workspace.apply(tx, vault, clock, ids, workspace.parse(text, variables), "test")
    async with elsewhere.read() as tx:
        assert await workspace.export(tx, vault) == text


async def test_resuming_a_sync_makes_what_waited_for_it_due(apply, data, database, stored, clock, ids):
    data["syncs"][0]["state"] = "paused"
    await apply(data)
    configuration = await stored()
    sync = next(one for one in configuration.syncs.values() if one.name == "people")
    later = clock.now() + timedelta(days=1)
    event = {"id": ids.new(), "source_id": sync.source_id, "message_key": "m:1", "type": "people.registered", "status": "routed"}
    lane = {"id": ids.new(), "org": sync.connection_id, "lane_key": "0" * 64, "due_at": later}
    waiting = {"id": ids.new(), "event_id": event["id"], "sync_id": sync.id, "lane_id": lane["id"], "state": "waiting"}
    async with database.write() as tx:
        await tx.execute(tables.event.insert(), [event | {"occurred_at": clock.now(), "received_at": clock.now()}])
        await tx.execute(tables.lane.insert(), [lane])
        dated = {"reason": "sync_paused", "due_at": later, "occurred_at": clock.now(), "updated_at": clock.now()}
        await tx.execute(tables.delivery.insert(), [waiting | dated])
    data["syncs"][0]["state"] = "on"
    await apply(data)
    async with database.read() as tx:
        assert await tx.scalar(select(tables.delivery.c.due_at)) == clock.now()
