"""No page reads a table that grows without an index: the plan of every statement of every page, on both databases.

The plans of the last run are kept in `build/plans`, to be read. SQLite plans by rules while nothing is analysed, so an empty table tells
as much as a full one; PostgreSQL reads small tables whole by choice, so that choice is taken from it.
"""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.alerts import channels, entered
from crosswalk.store import tables

# What holds a handful of rows, however much arrives: one for each source, sync, connection, person who logs in, or day.
SMALL = {
    *("connection", "source", "sync", "mapping_version", "suspended_row", "campaign_binding", "describe_cache", "key_check", "token"),
    *("user", "user_connection", "session", "invitation", "api_token", "login_throttle", "oauth_attempt"),
    *("schedule", "job", "cursor", "slot", "call_size", "api_block", "received_count"),
    "alert_channel",
}
GROWING = {name for name in tables.metadata.tables if name not in SMALL}
KEPT = Path("build") / "plans"


@pytest.fixture
async def told(here):
    """Return a world with a written and a held delivery, and the console beside it."""
    here.app = await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(row("Phone", "phone", update="overwrite")))
    for number, phone in enumerate(("1", "4" * 90)):
        await here.deliver(here.app, identify(f"p{number}@x.example", f"m{number}", phone=phone))
    await here.drain()
    await channels.add(here.engine, "test", entered.read({"kind": "chat", "name": "Chat", "url": "https://chat.example/hook"}))
    async with console.beside(here) as served:
        here.console = served
        yield here


async def addresses(told):
    """Return every page with a list or a story, with each filter it has."""
    [delivery] = await told.rows(tables.delivery, state="written")
    [link] = await told.rows(tables.link)
    log = (
        "",
        "?hours=0",
        "?hours=0&state=held",
        "?hours=0&reason=lossy_value",
        "?find=p1%40x.example",
        f"?find={delivery['id']}",
        "?find=m1",
    )
    log += (f"?hours=0&source={told.app}", f"?hours=0&sync={told.sync}", f"?hours=0&sync={told.sync}&state=held", "?run=none")
    log += (f"?find={link['record_id']}", f"?open={delivery['id']}")
    return [
        *("/", "/?hours=720", f"/?connection={told.connection_id}"),
        *(f"/event-log{query}" for query in log),
        *(f"/event-log/{delivery['id']}", "/callouts", "/runs", f"/runs?source={told.app}", "/drift", "/jobs", "/audit"),
        *(f"/audit?subject={told.sync}", "/sources", f"/sources/{told.app}", f"/sources/{told.app}/campaigns", "/connections", "/syncs"),
        *(
            f"/syncs/{told.sync}",
            f"/syncs/{told.sync}/versions",
            "/users",
            "/settings/health",
            "/settings/retention",
            "/settings/alerts",
            "/account",
        ),
    ]


@contextmanager
def heard():
    """Return a list that takes every reading statement with its values."""
    found = []

    def listen(_connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


async def plan(tx, database, statement, parameters):
    """Return how the database would answer a statement, as lines."""
    if not database.is_postgres:
        return [line.detail for line in await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return [line[0] for line in await tx.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", parameters)]


async def first_columns(tx, database):
    """Return the first column of each index of PostgreSQL: a condition on the others alone walks all of it."""
    if not database.is_postgres:
        return {}
    found = await tx.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return {one.indexname: re.search(r"\((\w+)", one.indexdef)[1] for one in found}


def walked(lines, first):
    """Return the growing tables that a plan reads whole, and those of which it walks along a whole index."""
    rows, indexes = set(), set()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if hit := re.match(r"\s*(?:->\s*)?(?:Parallel )?Seq Scan on (\w+)|SCAN (\w+)$", line):
            rows.add(hit[1] or hit[2])
        elif hit := re.match(r"SCAN (\w+) USING", line):
            indexes.add(hit[1])
        elif hit := re.match(r"\s*(?:->\s*)?Index (?:Only )?Scan (?:Backward )?using (\w+) on (\w+)", line):
            indexes |= set() if "Index Cond" in below and first[hit[1]] in below else {hit[2]}
    return rows & GROWING, indexes & GROWING


async def test_no_page_reads_a_growing_table_without_an_index(told):
    database, kept, wrong = told.database, [], []
    for address in await addresses(told):
        with heard() as statements:
            answer = await told.console.owner.get(address)
        assert answer.status_code == 200, address
        async with database.read() as tx:
            first = await first_columns(tx, database)
            if database.is_postgres:
                await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
            for statement, parameters in statements:
                lines = await plan(tx, database, statement, parameters)
                kept += [f"\n{address}: {statement}", *lines]
                rows, indexes = walked(lines, first)
                found = rows if "LIMIT" in statement else rows | indexes  # a list along an index ends with its page
                wrong += [(address, sorted(found), statement)] if found else []
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{'postgresql' if database.is_postgres else 'sqlite'}.txt").write_text("\n".join(kept), encoding="utf-8")
    assert wrong == []
