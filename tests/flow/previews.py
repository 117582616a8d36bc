"""What a preview foretold and what a run then changed, as texts that can be compared."""

from tests.world import KEY_FIELD

from crosswalk.store import tables

OBJECTS = ("Lead", "Contact", "CampaignMember")


async def known_ids(here):
    """Return the ids of the records that stand now."""
    found = [await here.records(f"SELECT Id FROM {name}") for name in OBJECTS]
    return {one["Id"] for records in found for one in records}


def shown(object_name, operation, record_id, fields, known):
    """Return a row as a text that does not depend on the ids of records that are made in between, nor on a key made of such an id."""
    told = {name: "new" if _new(value, known) else value for name, value in fields.items()}
    if "new" in told.values() and KEY_FIELD in told:
        told[KEY_FIELD] = "of a new person"
    named = "new" if record_id is None or _new(record_id, known) else record_id
    return f"{operation} {object_name} {named} {sorted(told.items())}"


def _new(value, known):
    return isinstance(value, str) and (value.startswith("new:") or (value[:3] in ("00Q", "003") and value not in known))


async def changes_made(here, known, before):
    """Return what was written beside the changes of the ids `before`."""
    rows = [one for one in await here.rows(tables.change, result="written") if one["id"] not in before]
    bodies = {one["id"]: here.vault.open(one["body_ct"])["fields"] for one in rows}
    return sorted(
        shown(one["object"], one["operation"], one["record_id"] if one["operation"] == "update" else None, bodies[one["id"]], known)
        for one in rows
    )
