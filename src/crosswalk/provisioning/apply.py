"""A plan into the org: deploy, assign, make statuses; whoever is cut off anywhere begins again and finds less to do.

A deploy puts everything or nothing. When Salesforce refuses some of it, those parts are left out with what rests on them, the rest is
deployed, and what was left out is told with Salesforce's own words.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crosswalk import errors
from crosswalk.clock import Clock
from crosswalk.model import Priority
from crosswalk.provisioning import package, survey
from crosswalk.provisioning.declare import Declaration, Status
from crosswalk.provisioning.package import Component
from crosswalk.provisioning.plan import ASSIGNMENT, MEMBER_STATUS, Obstacle, Plan, Step, plan, status_of
from crosswalk.provisioning.survey import State
from crosswalk.salesforce import faults, member_statuses, soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.metadata_api import Deploy, Failure
from crosswalk.turn.context import Org

_MOST_DEPLOYS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
_PATIENCE = 1800.0
_TAKEN = "DUPLICATE_VALUE"
_RANKS = ({"CustomObject"}, {"CustomField"}, {"StandardValueSet", "CustomTab"}, {"Layout", "ReportType"}, {"PermissionSet"})
_INSTEAD = {
    "CustomTab": "Make the tab in Salesforce's set-up, or do without: records are found by search and reports all the same.",
    "Layout": "Put the fields on the page layout in Salesforce's set-up.",
    "ReportType": "Make the report type in Salesforce's set-up, or report on the object alone.",
    "PermissionSet": "Grant the user read and edit on the new objects and fields in a permission set of your own.",
    "StandardValueSet": "Add the values in Salesforce's set-up.",
}
_OTHERWISE = "Mend the cause and provision again; until then its rows are kept and not sent."


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and what could not be."""

    steps: tuple[Step, ...]
    obstacles: tuple[Obstacle, ...]
    hints: tuple[str, ...] = ()


async def apply(
    org: Org, clock: Clock, wanted: Declaration, state: State, statuses: Mapping[str, Iterable[Status]] | None = None
) -> Applied:
    """Bring the org to the declaration; raises what keeps it from working as a whole."""
    try:
        return await _applied(org, clock, wanted, state, statuses)
    except errors.ReplyLost as error:
        raise errors.ReplyLost("The line broke while the org was changed; provision again: what is there is not made twice.") from error


async def _applied(org: Org, clock: Clock, wanted: Declaration, state: State, statuses: Mapping[str, Iterable[Status]] | None) -> Applied:
    current, refused = await _deployed(org, clock, wanted, state, statuses)
    told = [*current.obstacles, *refused]
    done = list(current.deployed)
    for step in current.of_type(ASSIGNMENT):
        told += await _assigned(org, step)
        done.append(step)
    for campaign, labels in _by_campaign(current).items():
        made, problems = await _made(org, campaign, labels)
        done += [step for step in current.of_type(MEMBER_STATUS) if status_of(step)[0] == campaign and status_of(step)[1].label in made]
        told += problems
    if done:
        await survey.seen(org, wanted)
    return Applied(tuple(done), tuple(told), current.hints)


async def _deployed(
    org: Org, clock: Clock, wanted: Declaration, state: State, statuses: Mapping[str, Iterable[Status]] | None
) -> tuple[Plan, list[Obstacle]]:
    """Deploy as much of the plan as Salesforce takes, and return what was deployed and what was refused."""
    without: set[str] = set()
    refused: list[Obstacle] = []
    for _ in range(_MOST_DEPLOYS):
        current = plan(wanted, state, statuses, without)
        if not current.deployed:
            return current, refused
        result = await _deploy(org, clock, current.deployed)
        if result.succeeded:
            return current, refused
        found = [_refused(failure, current) for failure in _causes(result.failures)]
        new = {step.key for step, _ in found} - without
        if not new:
            break
        refused += [obstacle for _, obstacle in found]
        without |= new
    raise errors.ConfigurationError("Salesforce refuses the deploy as a whole; look at Deployment Status in its set-up for the cause.")


async def _deploy(org: Org, clock: Clock, steps: Iterable[Step]) -> Deploy:
    metadata = survey.api(org)
    deploy_id = await metadata.deploy(package.archive([Component(each.type, each.name, each.content) for each in steps]))
    pause, until = _FIRST_PAUSE, clock.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(errors.SalesforceBusyError):  # the deploy goes on whether we hear of it or not
            result = await metadata.status(deploy_id)
            if result.done:
                return result
        if clock.monotonic() > until:
            sentence = (
                f"Salesforce still works at the deploy {deploy_id}; wait until Deployment Status shows it done, then provision again."
            )
            raise errors.ConfigurationError(sentence)
        await clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _causes(failures: Iterable[Failure]) -> list[Failure]:
    """Return the failures on which the others may rest: a grant on a field fails because its field does."""
    ranks = {each: min((rank for rank, types in enumerate(_RANKS) if each.type in types), default=len(_RANKS)) for each in failures}
    return [each for each, rank in ranks.items() if rank == min(ranks.values())]


def _refused(failure: Failure, current: Plan) -> tuple[Step, Obstacle]:
    """Return the step that Salesforce refused and what is told of it; a failure may name a field without its object."""
    named = [each for each in current.deployed if each.name.lower() == failure.name.lower()]
    typed = [each for each in named if each.type == failure.type]
    inside = [each for each in current.deployed if failure.name and each.name.lower().endswith(f".{failure.name.lower()}")]
    step = next(iter([*typed, *named, *inside]), None)
    if step is None:
        raise errors.ConfigurationError(f"Salesforce refuses the deploy: {failure.name}: {failure.problem}")
    instead = _INSTEAD.get(step.type, _OTHERWISE)
    return step, Obstacle(step.name, f"Salesforce refuses it: {failure.problem.rstrip('.')}. {instead}")


async def _assigned(org: Org, step: Step) -> list[Obstacle]:
    """Give the permission set to the connection's own user; having it already is as good."""
    query = f"query?q=SELECT+Id+FROM+PermissionSet+WHERE+Name+=+{soql.literal(step.name)}"
    await org.budget.reserve(2, Priority.INTERACTIVE)
    found = (await org.client.get(query, purpose=Purpose.CHECK)).body["records"]
    user = await org.client.user_id()
    if not found:
        return [Obstacle(step.name, "The permission set is not there any more; provision again.")]
    row = {"attributes": {"type": "PermissionSetAssignment"}, "AssigneeId": user, "PermissionSetId": found[0]["Id"]}
    body = {"allOrNone": False, "records": [row]}
    (result,) = (await org.client.post("composite/sobjects", body, purpose=Purpose.PROVISION, rows=1)).body
    fault = None if result["success"] else faults.classify_refused_row(result["errors"])
    if fault is None or fault.code == _TAKEN:
        return []
    return [Obstacle(step.name, f"It cannot be given to the user ({faults.told(fault)}); let an administrator assign it.")]


def _by_campaign(current: Plan) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for step in current.of_type(MEMBER_STATUS):
        campaign, status = status_of(step)
        found.setdefault(campaign, {})[status.label] = status.responded
    return found


async def _made(org: Org, campaign: str, labels: Mapping[str, bool]) -> tuple[tuple[str, ...], list[Obstacle]]:
    try:
        return await member_statuses.create(org.client, campaign, labels, org.budget.spender(Priority.INTERACTIVE)), []
    except errors.SalesforceRefusedError as error:
        sentence = f"{error.sentence} Add {', '.join(labels)} under Advanced Setup of the campaign."
        return (), [Obstacle(f"Campaign {campaign}", sentence)]
