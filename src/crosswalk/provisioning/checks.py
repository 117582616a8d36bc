"""What the doctor looks at in an org: has it what the syncs need, may the user write it, and does anything hide what is there.

Reads only. Each finding names the smallest thing that mends it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crosswalk.errors import CrosswalkError
from crosswalk.findings import Finding, fail, ok, warn
from crosswalk.mapping import document
from crosswalk.mapping.document import Document, FieldRow
from crosswalk.model import OrgSchema
from crosswalk.presets import loader
from crosswalk.provisioning import access_checks, declare, row_checks, service, survey
from crosswalk.provisioning.declare import KEY_FIELD, Declaration, Status
from crosswalk.provisioning.plan import MEMBER_STATUS, Plan, plan, status_of
from crosswalk.provisioning.survey import State
from crosswalk.store.configuration import Configuration, SyncConfig, SyncState
from crosswalk.turn.context import Engine, Org

KEY_LENGTH = 67  # "v1:" and a SHA-256 in hexadecimal digits


@dataclass(frozen=True, slots=True)
class Parsed:
    """One sync with its mapping read."""

    sync: SyncConfig
    document: Document
    kind: str

    @property
    def fields(self) -> set[str]:
        """The fields it writes, as `Object.Field`."""
        return {
            f"{step.object}.{row.field}" for step in self.document.steps for row in step.rows if isinstance(row, FieldRow) and step.object
        }


async def examine(engine: Engine, org: Org, configuration: Configuration) -> AsyncIterator[Finding]:
    """Give every finding about an org that can be logged in to, and about the syncs into it; raises what its describes raise."""
    syncs = [sync for sync in configuration.syncs_into(org.connection.id) if sync.state is not SyncState.REMOVED]
    parsed = [Parsed(sync, document.parse(sync.document), configuration.sources[sync.source_id].kind) for sync in syncs]
    written = sorted({name for each in parsed for name in document.written(each.document)})
    needed = {name for each in parsed for name in document.objects(each.document)} | {"Lead", "Contact"}
    before = await org.describe.remembered(needed)
    for name in needed:
        org.describe.invalidate(name)  # as the org is now, not as it was an hour ago
    schema = await org.describe.schema(needed)
    for finding in [*_key_fields(org, schema, written), *access_checks.objects(org, [each.document for each in parsed], schema)]:
        yield finding
    wanted = _declared(parsed)
    statuses = await _statuses(engine, org, parsed)
    state, refused = await _state(org, wanted, statuses)
    if refused:
        yield warn(f"definitions of {org.connection.name}", refused)
    suspended = await row_checks.suspended(engine, [each.sync.id for each in parsed])
    for each in parsed:
        for finding in row_checks.examine(
            configuration, each.sync, each.document, row_checks.Look(before, schema, state, wanted, suspended)
        ):
            yield finding
    if state is not None:
        for finding in _needs(org, wanted, plan(wanted, state, statuses), parsed):
            yield finding
    for finding in await access_checks.hidden(org, written, schema):
        yield finding


def _declared(parsed: Sequence[Parsed]) -> Declaration:
    """Return what the presets of these syncs' kinds declare, as far as the syncs use it; the key field is looked at by itself."""
    kinds = {each.kind for each in parsed}
    names = [name for name in loader.names() if loader.load(name).kind in kinds]
    wanted = declare.declaration(names, key_field=None)
    paths = [path for each in parsed for path in each.fields]
    return wanted.renamed(wanted.names_in(path.partition(".")[0] for path in paths)).narrowed(paths)


async def _state(org: Org, wanted: Declaration, campaigns: Iterable[str]) -> tuple[State | None, str]:
    """Return the org's definitions, or None and why they cannot be read."""
    try:
        return await survey.survey(org, wanted, campaigns), ""
    except CrosswalkError as error:
        return None, error.sentence


async def _statuses(engine: Engine, org: Org, parsed: Sequence[Parsed]) -> dict[str, tuple[Status, ...]]:
    """Return the member statuses that have to be there; syncs that make them on the way need none."""
    waiting = [each.sync for each in parsed if each.document.member_statuses.missing != "create"]
    async with engine.database.read() as tx:
        return await service.bound_statuses(tx, org.connection, waiting)


def _needs(org: Org, wanted: Declaration, found: Plan, parsed: Sequence[Parsed]) -> Iterator[Finding]:
    """Say what the syncs need and the org lacks."""
    subject = f"needs of {org.connection.name}"
    remedy = f"crosswalk provision {' '.join(wanted.presets)}"
    missing: dict[str, list[str]] = {}
    for step in found.steps:
        if step.type == MEMBER_STATUS:
            campaign, status = status_of(step)
            missing.setdefault(campaign, []).append(status.label)
        else:
            yield warn(subject, f"Missing: {step.sentence.rstrip('.')}. `{remedy}` brings it.")
    for campaign, labels in missing.items():
        named = ", ".join(f'"{label}"' for label in labels)
        sentence = f"Campaign {campaign} lacks {named}; members with these are held. `{remedy}` adds them, or add them to the campaign."
        yield fail(f"member statuses of {org.connection.name}", sentence)
    for obstacle in found.obstacles:
        yield warn(subject, f"{obstacle.name}: {obstacle.sentence}")
    if not found.steps and not found.obstacles and parsed:
        yield ok(subject, "The org has every object, field, permission and member status that the syncs need.")


def _key_fields(org: Org, schema: OrgSchema, written: Iterable[str]) -> Iterator[Finding]:
    subject, name = f"key field of {org.connection.name}", org.connection.key_field
    if name is None:
        sentence = (
            f"None is set, so a send that is cut off may make a record twice; `crosswalk provision` makes {KEY_FIELD}, then set key_field."
        )
        yield warn(subject, sentence)
        return
    for object_name in written:
        yield _key_field_of(f"{subject} on {object_name}", name, object_name, schema)


def _key_field_of(subject: str, name: str, object_name: str, schema: OrgSchema) -> Finding:
    described = schema.object(object_name)
    if described is None:
        return fail(subject, f"The org has no object {object_name}, or the connection's user may not see it.")
    field = described.field(name)
    if field is None:
        how = f"create it: Text({KEY_LENGTH} or more), Unique, External ID, visible to the user"
        how += " (on Activity)" if object_name.lower() in declare.ACTIVITIES else "; `crosswalk provision PRESET` does"
        return fail(subject, f"There is no field {name}; {how}.")
    wrong = [
        text
        for text, broken in (
            ("it must be unique", not field.unique),
            ("it must be an External ID", not field.external_id),
            (f"it must hold {KEY_LENGTH} characters", field.length < KEY_LENGTH),
            ("the user must be allowed to write it", not field.createable),
        )
        if broken
    ]
    return fail(subject, f"{name}: {', '.join(wrong)}.") if wrong else ok(subject, f"{name} is unique and writable.")
